# While workers wait for the network they hold nothing: no transaction, no
# snapshot, and no lock but their own advisory ones, which SQL cannot take. So
# vacuum, DDL and everybody else in the database never wait for OpenAI.
#
# Eight pipelines wait for answers that do not come, the batch manager for a batch
# that does not end, the coordinator for either.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;
use Time::HiRes qw(sleep);

my $hour = 3600;
my $node = KgBatch::Cluster->with_stand_in('waiting',
	sim => [ '--latency-ms', $hour * 1000, '--batch-turnaround-s', $hour ],
	settings => {
		'kg_batch.num_pipelines' => 8,
		'kg_batch.requests_in_flight' => 5,
		'kg_batch.batch_min_requests' => 5,
		'kg_batch.batch_linger' => '100ms',
		'kg_batch.batch_poll_interval' => '1s' });

$node->kg(q{SELECT kg_batch.create_job('by batch', '{"use_batch_api": true}'), kg_batch.create_job('directly', '{"use_batch_api": false}')});
$node->enqueue_many('cat', 20, job => 'by batch');
ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch.batches WHERE remote_status = 'validating' OR remote_status = 'in_progress')}), 'a batch is out');

# A pipeline has five in flight and five more ready to be sent: these are all.
$node->enqueue_many('dog', 80, job => 'directly');
ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 40 }), 'forty requests are out, five of each pipeline');
is($node->kg(q{SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM kg_batch_internal.live_workers() GROUP BY kind) w}),
	'batch manager 1, coordinator 1, pipeline 8', 'all workers live');

# Every worker has a life beside its waiting, in short transactions: what counts is
# that moments without any come again and again, and that none was begun before a
# worker said that it waits. One sample that finds all ten bare proves little, ten
# do: whoever waits inside a transaction is in one nearly always.
my $look = <<'END';
SELECT a.backend_type, a.state, a.query, a.xact_start IS NOT NULL AND a.xact_start < a.state_change AS waits_inside,
  concat_ws(', ', 'transaction ' || a.xact_start, 'xid ' || a.backend_xid, 'xmin ' || a.backend_xmin,
    (SELECT string_agg(concat_ws(' ', l.locktype, l.relation::regclass, l.objsubid, l.mode), ', ') FROM pg_locks l
     WHERE l.pid = a.pid AND NOT (l.locktype = 'advisory' AND l.objsubid >= 11))) AS held
FROM pg_stat_activity a WHERE a.backend_type ~ '^kg_batch' AND a.backend_type !~ 'launcher'
END
my ($bare, $inside, @held) = (0, '');
for (1 .. 600)
{
	my @workers = map { [ split /\|/, $_, 5 ] } split /\n/, $node->kg($look);
	$inside ||= join "\n", map { "@$_" } grep { $_->[3] eq 't' } @workers;
	@held = grep { $_->[4] ne '' } @workers;
	$bare++ if @workers == 10 && !@held;
	last if $bare == 10 || $inside;
	sleep 0.05;
}
is($bare, 10, 'again and again no worker has a transaction, a snapshot or a lock of the ordinary kind')
  or diag("the last sample:\n", map { "  @$_\n" } @held);
is($inside, '', 'no worker has said that it waits while a transaction was open');
is($node->kg(q{SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 13}), '10',
	'each holds the lock that shows that it lives');
is($node->kg(q{SELECT bool_or(query = 'waiting for answers') AND bool_or(query ~ '^polling 1 batch') FROM pg_stat_activity WHERE backend_type ~ '^kg_batch'}),
	't', 'pg_stat_activity says what they wait for');

# It was the waiting that was looked at: nothing came back meanwhile.
my $stats = $node->sim->stats;
is($stats->{in_flight}, 40, 'the same forty requests are still out');
is($node->kg('SELECT count(*) FROM kg_batch_internal.answer'), '0', 'and no answer has come');

$node->stop('fast');
done_testing();
