# Few background worker slots make kg_batch slow, never stuck: with three everything
# is done, directly and by batch. With fewer it says at once, to the caller, in the
# log and in health(), what to set; what was taken waits and is done when it is set.

use strict;
use warnings;

use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The launcher, when preloaded, and the one of logical replication have a slot each beside these.
sub node_with
{
	my ($name, $free, $preload) = @_;
	return KgBatch::Cluster->with_stand_in($name,
		slots => $free + ($preload ? 2 : 1),
		preload => $preload,
		sim => [ '--batch-turnaround-s', 1 ],
		settings => {
			'kg_batch.use_batch_api' => 'off',
			'kg_batch.batch_linger' => '100ms',
			'kg_batch.batch_poll_interval' => '1s' });
}

my $health = q{SELECT ok, hint FROM kg_batch.health() WHERE name = 'slots'};
my $what_to_set = qr/^f\|Raise max_worker_processes to 16 or more/;

# ---- three: all that is needed at once ----

my $node = node_with('three', 3, 1);
$node->kg(q{SELECT kg_batch.create_job('by batch', '{"use_batch_api": true, "batch_min_requests": 2}')});
$node->enqueue_many('cat', 40);
$node->enqueue_many('dog', 5, job => 'by batch');
ok($node->wait_until(q{SELECT sum(conversations_done) = 45 AND bool_and(state = 'done') FROM kg_batch.progress}, 120),
	'with three slots everything is done');
is($node->kg(q{SELECT string_agg(DISTINCT mode || ' ' || state, ', ') FROM kg_batch_internal.request}), 'batch answered, direct answered',
	'… directly and by batch');
is($node->kg(q{SELECT string_agg(DISTINCT kind, ', ') FROM kg_batch_internal.worker}), 'batch manager, coordinator, pipeline',
	'… by a worker of each kind');
is($node->kg(q{SELECT count(*) FROM kg_batch_internal.worker WHERE kind = 'pipeline'
		AND ended_at < (SELECT min(started_at) FROM kg_batch_internal.worker WHERE kind = 'batch manager')}), '0',
	'… without the batch manager having to wait until a pipeline left');
like($node->kg($health), $what_to_set, '… and health() says what to set');
$node->stop('fast');

# ---- one: the coordinator has nobody to work ----

$node = node_with('one', 1, 1);
my $log = -s $node->logfile;
$node->enqueue_many('cat', 3);
ok($node->wait_until(sub { slurp_file($node->logfile, $log) =~
	/WARNING:  kg_batch found no free background worker slot\n.*HINT:  max_worker_processes might need to be increased/ }),
	'with one slot the log says that there is none for a pipeline, and what to set');
like($node->kg($health), $what_to_set, '… and health() does');
is($node->kg('SELECT count(*) FROM kg_batch_internal.ready'), '3', '… and the work waits');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
ok($node->wait_until(q{SELECT conversations_done = 3 AND state = 'done' FROM kg_batch.progress}, 120), '… until it is set');
$node->stop('fast');

# ---- none, and no launcher: enqueue itself cannot start anybody ----

$node = node_with('none', 0, 0);
my $err = '';
$node->psql('kg', q{SELECT kg_batch.enqueue('[{"speaker":"Alice","content":"I adopted a cat called Tom."}]')}, stderr => \$err);
like($err, qr/WARNING:  no background worker slot is free, so nothing runs until one is\nHINT:  max_worker_processes might need to be increased/,
	'with no slot at all enqueue says so');
like($node->kg($health), $what_to_set, '… and health() does');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
$node->kg('SELECT kg_batch.start()');
ok($node->wait_until(q{SELECT conversations_done = 1 AND state = 'done' FROM kg_batch.progress}, 120), '… and what was taken is done when one is');
$node->stop('fast');

done_testing();
