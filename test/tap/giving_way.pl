# Between a person and a worker it is the worker who gives way: a transaction of several
# calls locks rows call by call, in no common order, and fails because of no worker.
#
# Each case makes a deadlock for certain: the person's transaction has a row that a
# worker waits for, and then wants one that the worker has. The person's session looks
# for deadlocks after 10 ms, everybody else after a minute, so it is the one whom
# PostgreSQL picks, and the count of deadlocks says that there was one.

use strict;
use warnings;

use JSON::PP ();
use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('giving_way', sim => [ '--batch-turnaround-s', 3600 ], settings => { fsync => 'off', deadlock_timeout => '60s',
	'kg_batch.num_pipelines' => 1, 'kg_batch.batch_min_requests' => 2, 'kg_batch.batch_linger' => '1s', 'kg_batch.batch_poll_interval' => '100ms', 'kg_batch.boundaries' => 'rules' });
my $sim = $node->sim;

sub enqueue { my ($job, $key, @said) = @_; return enqueue_call($job, $key, @said) =~ s/^/SELECT /r; }
sub enqueue_call
{
	my ($job, $key, @said) = @_;
	my $messages = JSON::PP::encode_json([ map { { speaker => 'Anna', content => $_ } } @said ]);
	return "kg_batch.enqueue('$messages', key => '$key', job => '$job', final => true)";
}
sub deadlocks { return $node->kg(q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'kg'}); }
sub done { my ($jobs) = @_; return $node->wait_until("SELECT bool_and(state = 'done' AND chunks_done = chunks) FROM kg_batch.progress WHERE job IN ($jobs)", 180); }
sub make_jobs { my ($options, @jobs) = @_; $node->kg(join ';', map { "SELECT kg_batch.create_job('$_', '$options')" } @jobs); return; }

# In the person's session, so that nothing comes between the wait and what follows it.
my $some_worker_waits = q{DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM kg_batch_internal.live_workers() w WHERE pg_backend_pid() = ANY (pg_blocking_pids(w.pid)))
	LOOP PERFORM pg_sleep(0.01); END LOOP; END $$};

# `first` takes the row, `meanwhile` brings a worker that wants it, `then` is what the
# person calls next.
sub meet
{
	my ($name, $first, $meanwhile, $then) = @_;
	my $before = deadlocks();
	my $person = $node->background_psql('kg', on_error_stop => 0);
	$person->query_safe(q{SET deadlock_timeout = '10ms'; SET statement_timeout = '120s'});
	$person->query_safe("BEGIN; $first");
	$meanwhile->();
	$person->query_safe($some_worker_waits);
	is($person->query("SELECT 'done' FROM $then x"), 'done', "$name: no error");
	$person->query('COMMIT');
	is($person->query('SELECT pg_stat_force_next_flush()'), '', "$name: it is committed");
	$person->quit;
	ok($node->wait_until("SELECT deadlocks > $before FROM pg_stat_database WHERE datname = 'kg'", 60), "$name: there was a deadlock");
	return;
}

# ---- the ledger: who stores an answer has it, and waits for the answer's job ----

make_jobs('{"use_batch_api": false}', 'direct a', 'direct b');
$sim->configure(hold_after => 0);
$node->kg(enqueue('direct a', 'a', 'I live in Oslo.'));
$node->kg(enqueue('direct b', 'b', 'I live in Bergen.'));
ok($node->wait_until(q{SELECT count(*) = 2 FROM kg_batch_internal.request WHERE state = 'asking'}), 'two questions are out');
meet('resume of one job and cancel of another', "SELECT kg_batch.resume('direct b')", sub { $sim->configure(hold_after => undef) }, "kg_batch.cancel('direct a')");
ok(done(q{'direct b'}), '… and the other one is read to its end');
is($node->kg(q{SELECT state FROM kg_batch.progress WHERE job = 'direct a'}), 'cancelled', '… while the one is cancelled');

# ---- jobs: who stores the answers of a batch has the first one, and waits for the second ----

make_jobs('{"use_batch_api": true}', 'batch a', 'batch b');
$node->kg(enqueue('batch a', 'batch a', 'I live in Turku.') . ';' . enqueue('batch b', 'batch b', 'I live in Tampere.'));
ok($node->wait_until(q{SELECT count(*) = 2 FROM kg_batch_internal.batch_job JOIN kg_batch_internal.batch USING (batch_id) WHERE state = 'submitted'}), 'a batch of two jobs is out');
meet('resume of the second job and pause of the first', "SELECT kg_batch.resume('batch b')", sub { $sim->advance(3600) }, "kg_batch.pause('batch a')");
$node->kg(q{SELECT kg_batch.resume('batch a')});
ok(done(q{'batch a', 'batch b'}), '… and both are read to their end');

# ---- conversations: who cuts one has it, and waits for the job that pays for the question where to cut ----

make_jobs('{"use_batch_api": false, "boundaries": "model"}', 'cut');
$sim->configure(hold_after => 0);
my @long = map { "I have been to the lake number $_ this summer." } 1 .. 60;
$node->kg(enqueue('cut', 'first', @long));
ok($node->wait_until(q{SELECT count(*) > 0 FROM kg_batch_internal.request WHERE state = 'asking'}), 'it is asked where to cut');
meet('resume of a job and more of a conversation', "SELECT kg_batch.resume('cut')", sub { $node->kg(enqueue('cut', 'second', map { "$_ Really." } @long)) },
	enqueue_call('cut', 'second', 'And I have been to the sea.'));
$sim->configure(hold_after => undef);
ok(done(q{'cut'}), '… and all is read to its end');
is($node->kg(q{SELECT count(*) FROM kg_batch_internal.message JOIN kg_batch_internal.conversation USING (graph_id, conversation_id) WHERE key = 'second' AND segment_id IS NOT NULL}), 61,
	'… each message once');

# ---- persons alone ----
# Nobody gives way for them: one is told.

my @persons = map { $node->background_psql('kg', on_error_stop => 0) } 0 .. 1;
my @jobs = ("'direct a'", "'direct b'");
$persons[$_]->query_safe("SET deadlock_timeout = '10ms'; BEGIN; SELECT kg_batch.pause($jobs[$_])") for 0, 1;
$persons[0]->query_until(qr/begins/, "\\echo begins\nSELECT kg_batch.pause($jobs[1]);\n");
ok($node->wait_until(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'pause'}), 'one person waits for another');
$persons[1]->query("SELECT kg_batch.pause($jobs[0])");
like($persons[1]->{stderr}, qr/deadlock detected/, '… who is told when he waits for the one');
$persons[1]->query('ROLLBACK');
$persons[0]->query('COMMIT');
$_->quit for @persons;

unlike($node->kg(q{SELECT COALESCE(string_agg(what, ' '), '') FROM kg_batch.errors}), qr/chunk|conversation|request/, 'nothing failed for it');
is($node->kg(q{SELECT COALESCE(sum(reserved), 0) FROM kg_batch_internal.job}) + 0, 0, 'nothing stays reserved');
$node->stop('fast');
done_testing();
