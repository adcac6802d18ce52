# Nobody waits for OpenAI: in the middle of a hundred slow requests databases are
# dropped, renamed and copied, the extension is dropped and the server stops, and
# each of these has ended while not one of the requests is answered. And a copy of
# a database spends nothing before somebody says that it is to live.

use strict;
use warnings;

use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $hour_ms = 3_600_000;
my $node = KgBatch::Cluster->with_stand_in('stop_and_drop',
	sim => [ '--latency-ms', $hour_ms ],
	settings => {
		'log_min_messages' => 'debug1',    # says when a worker leaves
		'kg_batch.use_batch_api' => 'off',
		'kg_batch.num_pipelines' => 4,
		'kg_batch.requests_in_flight' => 25,
		'kg_batch.budget_per_day' => 1000 });
my $sim = $node->sim;

sub all_out { return $_[0]{in_flight} == 100; }
sub answered { return scalar grep { $_->{delivered} } $sim->chats; }

sub workers_in
{
	my ($database) = @_;
	return $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch' AND datname = '$database'");
}

# Runs SQL while a hundred requests are out; it has to end before one is answered.
sub ends_meanwhile
{
	my ($name, $database, $sql) = @_;
	my ($out, $err, $timed_out) = ('', '', 0);
	my $code = $node->psql($database, $sql, stdout => \$out, stderr => \$err, timeout => 120, timed_out => \$timed_out);
	is($timed_out ? 'still running after two minutes' : $code, 0, "$name succeeds") or diag($err);
	is(answered(), 0, '… while no request is answered yet');
	return;
}

$node->enqueue_many('cat', 200);
ok($node->wait_for_stand_in(\&all_out), 'a hundred requests are out');

my @workers = $node->worker_pids('');
$node->safe_psql('postgres', 'CREATE DATABASE other');
ends_meanwhile('DROP DATABASE of another database', 'postgres', 'DROP DATABASE other');
is(scalar(grep { !defined $_->{ended_ms} } $sim->chats), 100, '… and the same hundred stay out');
is_deeply([ $node->worker_pids('') ], \@workers, '… of the same workers');

# ---- a copy ----

ends_meanwhile('CREATE DATABASE … TEMPLATE', 'postgres', 'CREATE DATABASE copy TEMPLATE kg');
ok($node->wait_for_stand_in(\&all_out), 'the original asks again by itself');
# With those that were entered ahead of time: a quarter of the slots at most.
my $lost = $node->kg(q{SELECT count(*) FROM kg_batch_internal.answer WHERE outcome = 'lost'});
ok($lost >= 100 && $lost <= 4 * (25 + 6), '… and its ledger shows a hundred lost, and few more') or diag($lost);

my $asked = $sim->chats;
my $log = -s $node->logfile;
$node->safe_psql('copy', q{SELECT kg_batch.start(); SELECT kg_batch.enqueue('[{"speaker":"Dana","content":"I moved to Graz."}]')});
my $left = qr/background worker "kg_batch coordinator" \(PID \d+\) exited with exit code 0/;
ok($node->wait_until(sub { slurp_file($node->logfile, $log) =~ $left }), 'a copy: its coordinator looks at it and leaves');
# Two calls that ask for it can make it come twice.
ok($node->wait_until(sub { workers_in('copy') == 0 }), '… each time');
unlike(slurp_file($node->logfile, $log), qr/starting background worker process "kg_batch (?:pipeline|batch manager)"/, '… and nobody else comes');
is(scalar($sim->chats), $asked, '… and nothing is asked');
like($node->safe_psql('copy', q{SELECT ok, detail FROM kg_batch.health() WHERE name = 'home'}), qr/^f\|this database is a copy/,
	'… which health() says');

$sim->configure(latency_ms => 0);
$node->safe_psql('copy', 'SELECT kg_batch.resume()');
ok($node->wait_until(q{SELECT bool_and(state = 'done') AND sum(conversations_done) = 201 FROM kg_batch.progress}, 120, 'copy'),
	'resume() makes it work: all that was copied is done');
is($sim->stats->{in_flight}, 100, '… while the original waits as before');
my $answered_to_copy = answered();
cmp_ok($answered_to_copy, '>=', 201, '… and the questions were its own');
$sim->configure(latency_ms => $hour_ms);
{
	no warnings 'redefine';
	*answered = sub { return scalar(grep { $_->{delivered} } $sim->chats) - $answered_to_copy; };
}

# ---- the very database, and the server ----

ends_meanwhile('ALTER DATABASE … RENAME', 'postgres', 'ALTER DATABASE kg RENAME TO renamed');
ok($node->wait_for_stand_in(\&all_out), '… and under its new name it goes on by itself');
ends_meanwhile('RENAME back', 'postgres', 'ALTER DATABASE renamed RENAME TO kg');
ok($node->wait_for_stand_in(\&all_out), '… and goes on');

my $stopped = run_log([ 'pg_ctl', '-D', $node->data_dir, '-m', 'fast', '-t', '120', '-w', 'stop' ]);
ok($stopped, 'pg_ctl stop -m fast ends');
is(answered(), 0, '… while no request is answered yet');
$node->_update_pid(0);
$node->start;
ok($node->wait_for_stand_in(\&all_out), 'after the start work goes on by itself');

# As any role may call it: somebody who may not drop it ends nobody's work by trying.
@workers = $node->worker_pids('pipeline');
$node->safe_psql('postgres', 'CREATE ROLE passer_by LOGIN CREATEDB');
my (undef, undef, $err) = $node->psql('postgres', 'SET ROLE passer_by; DROP DATABASE kg');
like($err, qr/must be owner/, 'who may not drop a database cannot');
is_deeply([ $node->worker_pids('pipeline') ], \@workers, '… and ends no worker by trying');

ends_meanwhile('DROP EXTENSION', 'kg', 'DROP EXTENSION kg_batch CASCADE');
ok($node->wait_until(sub { workers_in('kg') == 0 }), '… and its workers leave');
ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 0 }), '… and hang up');
is(answered(), 0, '… without any answer');

$node->enqueue_many('dog', 200, database => 'copy');
ok($node->wait_for_stand_in(\&all_out), 'a hundred requests of another database are out');
ends_meanwhile('DROP DATABASE of the very database', 'postgres', 'DROP DATABASE copy');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch' AND datname IS NOT NULL}), '0',
	'no worker is left');

$node->stop('fast');
done_testing();
