# A user and an assistant, with a move of house and a pasted letter: what the letter
# says of "I" is its writer's, what the assistant alone says is no fact, even where a
# model takes it for one, and the move ends the home before it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../walks";

use Test::More;
use Walk;

my $walk = Walk->new('assistant');
$walk->read('flat hunt');

# ---- the assistant's words ----

my $nora = $walk->id('Nora', 'Leeds');
my $sam = $walk->id('Sam', 'partner');
is($walk->statements($nora), join("\n", 'Goal Relocation as agent with destination York: planned, from 2024-01-15, active',
	'State Partnership as partner with partner Sam: asserted', 'State Residence as resident with place Leeds, resident Sam: asserted'),
	'the user has the name that the graph gives, and what she said of herself');
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Minster'}), 0, 'what the assistant alone says is in no node');
is($walk->lines('SELECT item || q.reason FROM (SELECT item, \': \' || reason AS reason FROM kg_batch.rejected WHERE item LIKE \'fact%\') q'),
	"fact 4: cites the assistant alone\nfact 5: cites the assistant alone", '… though the model gave it: it stands in rejected');
is($walk->statements($sam), join("\n", 'State Employment as employee with employer railway museum: asserted', 'State Partnership as partner with partner Nora: asserted',
	'State Residence as resident with place Leeds, resident Nora: asserted'), 'what the user confirms is a fact');
is($walk->lines(q{SELECT v.speaker || ': ' || v.quote FROM kg_batch.evidence v JOIN kg_batch.node n USING (node_id) WHERE n.label = 'Employment'}), 'Nora: Right, Sam does', '… by her words');
is($walk->lines('SELECT DISTINCT speaker FROM kg_batch.evidence'), 'Nora', 'all evidence is words of the user');
is($walk->known('2024-01-15', $nora), join("\n", 'Nora Partnership Sam: holds', 'Nora Residence Leeds: holds', 'Nora Residence Sam: holds', 'Sam Residence Leeds: holds'), 'she lives in Leeds');

# ---- a pasted letter ----

my $statements = $walk->statements($nora);
$walk->read('letter');
my $gerald = $walk->id('Gerald Finch', 'Bath');
is($walk->statements($gerald), join("\n", 'State Employment as employee with employer harbour office: asserted', 'State Residence as resident with place Bath: asserted, from 2014'), 'the first person of the letter is its writer');
is($walk->statements($nora), $statements, '… and nothing of it is the user\'s');
is($walk->lines("SELECT speaker || ' ' || message_id || ': ' || quote || ' ' || matched FROM kg_batch.evidence WHERE node_id = $gerald"), join("\n",
	'Nora l1: I have lived in Bath for ten years. true', 'Nora l1: I work at the harbour office. true', 'Nora l1: My wife is ill. true'),
	'… by the words of the letter, which the user handed in');
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'wife'}), 1, 'the wife of the letter is one');
is($walk->statements($walk->id('wife', 'ill')), 'State Illness as experiencer: asserted', '… and nobody\'s partner but his');
is($walk->number(q{SELECT count(*) FROM kg_batch.rejected WHERE reason = 'cites the assistant alone'}), 3, 'the letter as the assistant made it is no fact');
is($walk->known('2024-03-20', $nora), join("\n", 'Nora Partnership Sam: last known', 'Nora Residence Leeds: last known', 'Nora Residence Sam: last known', 'Sam Residence Leeds: last known'),
	'his home in Bath ends nothing of hers');

# ---- the move ----

$walk->read('moved', 'autumn');
sub homes { my ($day) = @_; return join "\n", grep { /^Nora Residence (?!Sam)/ } split /\n/, $walk->known($day, $nora); }
is(homes('2024-01-14'), '', 'before anybody said so, no home is known');
is(homes('2024-03-20'), 'Nora Residence Leeds: holds, until 2024-05-04', 'before the move she lives in Leeds');
is(homes('2024-05-03'), 'Nora Residence Leeds: holds, until 2024-05-04', '… to its eve');
is(homes('2024-05-04'), "Nora Residence Leeds: ended, until 2024-05-04\nNora Residence York: holds, since 2024-05-04", '… then in York');
is(homes('2024-05-10'), "Nora Residence Leeds: ended, until 2024-05-04\nNora Residence York: holds, since 2024-05-04", '… as she says a week later');
is(homes('2024-10-01'), "Nora Residence Leeds: ended, until 2024-05-04\nNora Residence York: last known, since 2024-05-04", '… and that is the last one knows');
my ($leeds, $york) = map { $walk->number("SELECT source_id FROM kg_batch.edge e JOIN kg_batch.node n ON n.node_id = e.source_id WHERE n.label = 'Residence' AND e.target_label = '$_'") } 'Leeds', 'York';
is($walk->lines("SELECT node_id, status, since, until, first_said, last_said, ended_by FROM kg_batch.validity('{$leeds,$york}', '2024-05-10')"),
	join("\n", sort "$leeds|ended||2024-05-04|2024-01-15|2024-01-15|$york", "$york|holds|2024-05-04||2024-05-10|2024-05-10|"), 'the one home ended by the other');
like($walk->statements($nora), qr/^Goal Relocation as agent with destination York: asserted, from 2024-01-15, completed$/m, 'the plan of January is fulfilled');
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Relocation' AND type = 'Goal'}), 1, '… and the advice to move back is no other');
like($walk->statements($nora), qr/^Event Relocation as agent with agent Sam, destination York: asserted, from 2024-05-04$/m, 'the move itself is an Event on its day');
like($walk->known('2024-10-01', $nora), qr/^Nora not Ownership car: holds$/m, 'a car she has not');
unlike($walk->known('2024-10-01'), qr/Nora Ownership/, '… in no other way');
is($walk->number(q{SELECT count(*) FROM kg_batch.fact WHERE text ~ 'permit|doctor|letter'}), 0, 'requests are no facts');
is($walk->id('Gerald Finch', 'landlord'), $gerald, 'he of the letter is her landlord, as far as one knows');
is($walk->review, '', 'nothing waits for a person');

# ---- a person's word ----

my $digest = $walk->digest;
my $correct = $walk->number("SELECT kg_batch.correct($york, 'start_date', '2024-05-11', reason => 'the Saturday after')");
is(homes('2024-05-10'), 'Nora Residence Leeds: holds, until 2024-05-11', 'a week later they moved, a person says');
$walk->undo($correct, $digest, 'a date');

my $moved = $walk->number(q{SELECT fact_id FROM kg_batch.fact WHERE text ~ 'moved to York'});
my $retract = $walk->number("SELECT kg_batch.retract($moved, 'it fell through')");
is(homes('2024-10-01'), 'Nora Residence Leeds: last known', 'had they not moved, Leeds would be open again');
like($walk->statements($nora), qr/^Goal Relocation as agent with destination York: planned, from 2024-01-15, active$/m, '… and the plan a plan');
$walk->undo($retract, $digest, 'a retraction');

my $split = $walk->number("SELECT kg_batch.split($gerald, fact_ids => ARRAY(SELECT fact_id FROM kg_batch.fact WHERE text ~ 'landlord'), reason => 'her landlord is another Gerald')");
is($walk->statements($gerald), join("\n", 'State Employment as employee with employer harbour office: asserted', 'State Residence as resident with place Bath: asserted, from 2014'),
	'split by a fact, the writer of the letter is not her landlord');
is($walk->statements($walk->id('Gerald Finch', 'landlord')), 'State Tenancy as owner with holder Nora: asserted', '… who is another one');
$walk->undo($split, $digest, 'a split');

$walk->rebuilt;
$walk->node->stop('fast');
done_testing();
