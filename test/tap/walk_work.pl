# A work channel with a job left and taken up again: one State with two periods, held
# between by another job; a plan that is given up, a loss that would be, hearsay; a
# firm by two names and a date that contradicts another wait for a person.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../walks";

use Test::More;
use Walk;

my $walk = Walk->new('work');
$walk->read('team 2023-01');
my ($priya, $marek, $joan) = ($walk->id('Priya', 'Halden'), $walk->id('Marek', 'joined'), $walk->id('Joan', 'operations'));
is($walk->known('2023-01-10', $priya), 'Priya Employment Halden: holds, since 2021-02-01', 'to begin with, Priya works at Halden');
is($walk->known('2023-06-01', $priya), 'Priya Employment Halden: last known, since 2021-02-01', '… as far as one knows later on');
is($walk->statements($joan), 'State Membership as member with organisation operations team: asserted, not', 'Joan is not on the team');
is($walk->statements($marek), join("\n", 'Goal Release as agent with object Heron 2: planned, until 2023-06, active',
	'State Employment as employee with employer Halden: asserted, from 2019-05', 'State Management as manager with organisation operations team: asserted'),
	'Marek runs it, and has a plan with its day');
unlike($walk->known('2024-01-01'), qr/Release|Heron/, 'a plan is no State');

# ---- she leaves ----

$walk->read('team 2023-04');
is($walk->known('2021-01-31', $priya), '', 'before, nothing is known');
is($walk->known('2023-03-31', $priya), 'Priya Employment Halden: holds, since 2021-02-01, until 2023-04-01', 'to the end of March she is at Halden');
is($walk->known('2023-04-12', $priya), "Priya Employment Halden: ended, since 2021-02-01, until 2023-04-01\nPriya Employment Norvik: holds", '… then at Norvik');
like($walk->statements($joan), qr/^Event Resignation as agent with organisation Halden: possible$/m, 'that Joan may leave is possible');
unlike($walk->known('2024-01-01'), qr/Joan Employment|Resignation/, '… and no State that ended');
is($walk->lines(q{SELECT n.label || ' ' || n.modality || COALESCE(' ' || e.predicate || ' ' || e.target_label, '') FROM kg_batch.node n LEFT JOIN kg_batch.edge e ON e.source_id = n.node_id
	WHERE n.label IN ('Failure', 'Loss of a client')}),
	"Failure hypothetical subject audit\nLoss of a client hypothetical cause Failure\nLoss of a client hypothetical object Calder Bank", 'what would be lost, and why, is hypothetical, a statement on a statement');

# ---- she comes back ----

$walk->read('team 2024-02');
my $job = $walk->number("SELECT DISTINCT s.source_id FROM kg_batch.edge s JOIN kg_batch.edge o USING (source_id) WHERE s.target_id = $priya AND s.predicate = 'employee' AND o.target_label = 'Halden'");
like($job, qr/^\d+$/, 'the job at Halden is one State');
is($walk->lines("SELECT concat_ws(' ', status, since, until, first_said, last_said) FROM kg_batch.validity('{$job}', '2024-02-05')"),
	"ended 2021-02-01 2023-04-01 2023-01-10 2023-01-10\nholds 2024-02-01 2024-02-05 2024-02-05", '… of two periods');
is($walk->known('2023-12-24', $priya), "Priya Employment Halden: ended, since 2021-02-01, until 2023-04-01\nPriya Employment Norvik: holds, until 2024-02-01", 'between, she was at Norvik');
is($walk->known('2024-02-01', $priya), "Priya Employment Halden: holds, since 2024-02-01\nPriya Employment Norvik: ended, until 2024-02-01", 'again at Halden');
is($walk->known('2025-01-01', $priya), "Priya Employment Halden: last known, since 2024-02-01\nPriya Employment Norvik: ended, until 2024-02-01", '… as far as one knows');
is($walk->lines("SELECT message_id || ': ' || quote FROM kg_batch.evidence WHERE node_id = $job AND matched"),
	"a1: worked at Halden since February 2021\nb1: I left Halden in March.\nc1: I have been back at Halden since February 1.", 'three messages speak for it');
like($walk->statements($marek), qr/^Goal Release as agent with object Heron 2: asserted, until 2023-06, abandoned$/m, 'the plan was given up');
is($walk->number(q{SELECT count(*) FROM kg_batch.facts('Heron 2', current => true)}), 0, '… and is nothing current');
like($walk->statements($walk->id('Norvik', 'heard')), qr/^Event Sale as object: reported$/m, 'that Norvik was sold is hearsay');
is($walk->number(q{SELECT count(*) FROM kg_batch.fact WHERE text ~ 'still'}), 0, 'a question says nothing');
is($walk->review, '', 'until here nothing waits for a person');

# ---- contracts: other names, other dates, and one who may be somebody else ----

$walk->read('contracts');
my ($halden, $gmbh, $chair) = ($walk->id('Halden', 'since February'), $walk->id('Halden GmbH', ''), $walk->id('Priya', 'council'));
isnt($chair, $priya, 'whom others call Priya elsewhere is not she who speaks, by rule');
$walk->call('Priya of the council' => $chair);
is($walk->review, "Employment, start: 2019-05 and 2020-06\nHalden and Halden GmbH\nPriya and Priya of the council",
	'two dates of one job, a firm by two names, and one of her name wait for a person');
my $digest = $walk->digest;

my $jobs = "SELECT count(DISTINCT e.source_id) FROM kg_batch.edge e JOIN kg_batch.node s ON s.node_id = e.source_id WHERE s.label = 'Employment' AND e.target_id = $priya";
is($walk->number($jobs), 3, 'Priya has three jobs: at Halden, Halden GmbH and Norvik');
my $firms = $walk->number("SELECT kg_batch.merge($halden, $gmbh, 'one firm')");
is($walk->number($jobs), 2, 'merged, the firm is one, and so is the job there');
is($walk->number(q{SELECT aliases FROM kg_batch.node WHERE label = 'Halden'}), '{"Halden GmbH"}', '… under either name');
is($walk->known('2024-03-01', $priya), "Priya Employment Halden: holds, since 2024-02-01\nPriya Employment Norvik: ended, until 2024-02-01", '… and the contract says that it holds in March');
$walk->undo($firms, $digest, 'one firm');
is($walk->known('2024-03-01', $priya), join("\n", 'Priya Employment Halden GmbH: holds', 'Priya Employment Halden: last known, since 2024-02-01', 'Priya Employment Norvik: ended, until 2024-02-01'),
	'… and two jobs are known again');

my $persons = $walk->number("SELECT kg_batch.merge($priya, $chair)");
like($walk->statements($priya), qr/^State Chair as member with organisation works council: asserted$/m, 'merged, it is Priya who has the chair');
$walk->undo($persons, $digest, 'one Priya');
is($walk->statements($chair), 'State Chair as member with organisation works council: asserted', '… and the other one has it again');

my $job_of_marek = $walk->number("SELECT DISTINCT e.source_id FROM kg_batch.edge e JOIN kg_batch.node s ON s.node_id = e.source_id WHERE s.label = 'Employment' AND e.target_id = $marek");
my $correct = $walk->number("SELECT kg_batch.correct($job_of_marek, 'start_date', '2019-05', reason => 'by his contract')");
unlike($walk->review, qr/Employment/, 'dates contradict each other until a person says which it is');
is($walk->known('2019-06-01', $marek), 'Marek Employment Halden: holds, since 2019-05-01', '… from when on it holds');
$walk->undo($correct, $digest, 'a date');

# ---- what was said in error ----

my $left = $walk->number(q{SELECT fact_id FROM kg_batch.fact WHERE text = 'Priya left Halden in March 2023.'});
my $retract = $walk->number("SELECT kg_batch.retract($left, 'she was on leave')");
is($walk->number("SELECT string_agg(concat_ws('..', since, until), ' ') FROM kg_batch.validity('{$job}')"), '2021-02-01', 'retracted, she never left: one period');
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Resignation' AND modality = 'asserted'}), 0, '… and there is no resignation');
$walk->undo($retract, $digest, 'a retraction');

$walk->rebuilt;
$walk->node->stop('fast');
done_testing();
