# The graph is a function of its evidence: the same digest with one pipeline and
# with eight, by batch and directly, after a pipeline was killed and after the
# whole server crashed in the middle. Nothing is lost on the way, no question of
# a batch is paid for twice, and the bill is between the ledger and the ledger
# with what it shows as lost.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('digest', sim => [ '--batch-turnaround-s', 1 ],
	settings => {
		fsync => 'off',
		# One size of chunks, whichever way they go.
		map { ("kg_batch.$_" => 5) } qw(batch_chunk_size batch_chunk_max real_time_chunk_size) },
);
$node->append_conf('postgresql.conf', join '', map { "kg_batch.$_\n" } 'num_pipelines = 1', 'requests_in_flight = 4',
	'batch_min_requests = 1', "batch_linger = '200ms'", "batch_poll_interval = '200ms'", 'commit_frequency = 2');
$node->reload;
my @conversations = map { JSON::PP->new->utf8->decode(slurp_file($_)) } sort glob 'demo/conversations/*.json';
my $keys = keys %{ { map { ($_->{key} => 1) } @conversations } };
cmp_ok($keys, '>', 10, 'the conversations of the demo are there');
my $sim = $node->sim;
my $expected;

for my $pipelines (1, 8)
{
	$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.num_pipelines = $pipelines");
	$node->reload;
	for my $mode (qw(batch direct))
	{
		my $name = "$mode, $pipelines pipelines";
		$sim->configure(latency_ms => 50);
		my $workers_before = $node->kg('SELECT COALESCE(max(worker_id), 0) FROM kg_batch_internal.worker');
		my $job = begin($name, $mode);
		finish($name, $job, $mode);
		my $worked = $node->kg("SELECT count(*) FROM kg_batch_internal.worker WHERE worker_id > $workers_before AND kind = 'pipeline' AND chunks_done > 0");
		$pipelines == 1 ? is($worked, 1, "$name: one did it all") : cmp_ok($worked, '>', 1, "$name: several did it");
	}
}

# A pipeline that ends while it waits for answers: they are asked again.
{
	my $name = 'direct, a pipeline killed';
	$sim->configure(latency_ms => 1500);
	my $job = begin($name, 'direct');
	in_the_middle($name, $job);
	my $killed = $node->kg("SELECT pid FROM kg_batch.pipelines WHERE kind = 'pipeline' AND in_flight > 0 ORDER BY in_flight DESC LIMIT 1");
	is($node->kg("SELECT pg_terminate_backend($killed) FROM pg_stat_activity WHERE pid = $killed AND backend_type = 'kg_batch pipeline'"),
		't', "$name: it was one");
	$sim->configure(latency_ms => 50);
	finish($name, $job, 'direct', lost => 1);
}

{
	my $name = 'direct, the server crashed';
	$sim->configure(latency_ms => 1500);
	my $job = begin($name, 'direct');
	in_the_middle($name, $job);
	crash();
	$sim->configure(latency_ms => 50);
	finish($name, $job, 'direct', lost => 1);
}

{
	my $name = 'batch, workers killed while it is out';
	$sim->request('POST', '/_sim/clock', { scale => 0 });    # it does not end before the clock goes on
	my $job = begin($name, 'batch');
	ok($node->wait_until("SELECT count(*) > 0 AND bool_and(state = 'submitted') AND sum(requests) = (SELECT chunks FROM kg_batch.progress WHERE job_id = $job)
		FROM kg_batch.batches WHERE ended_at IS NULL"), "$name: all of it is out");
	for my $kind ('batch manager', 'pipeline')
	{
		my ($pid) = $node->worker_pids($kind);
		$node->kg("SELECT pg_terminate_backend($pid)");
	}
	crash();
	$sim->request('POST', '/_sim/clock', { scale => 1 });
	finish($name, $job, 'batch');
}

# The results come half, then not at all: some chunks are done, most are not.
{
	my $name = 'batch, the server crashed while it read';
	my $job = begin($name, 'batch', sub {
		$sim->fault([ { fault => 'cut_body', path => '/content$', count => 1 }, { fault => 'unavailable', path => '/content$' } ]);
	});
	ok($node->wait_until("SELECT chunks_done > 0 AND chunks_done < chunks FROM kg_batch.progress WHERE job_id = $job"), "$name: in the middle");
	my ($pid) = $node->worker_pids('pipeline');
	$node->kg("SELECT pg_terminate_backend($pid)");
	crash();
	cmp_ok($node->kg("SELECT chunks - chunks_done FROM kg_batch.progress WHERE job_id = $job"), '>', 0, "$name: it was not done");
	$sim->request('DELETE', '/_sim/faults');
	finish($name, $job, 'batch');
}

$node->stop('fast');
done_testing();

sub crash
{
	$node->stop('immediate');
	$node->start;
	return;
}

# All conversations into a graph of their own; gives the job.
sub begin
{
	my ($name, $mode, $before) = @_;
	$sim->request('POST', '/_sim/reset');
	$before->() if $before;
	my $options = $mode eq 'batch' ? '{"use_batch_api":true}' : '{"use_batch_api":false}';
	my @sql = ("SELECT kg_batch.create_graph('$name')", "SELECT kg_batch.create_job('read', '$options', graph => '$name')");
	for my $conversation (@conversations)
	{
		my $messages = JSON::PP->new->ascii->encode($conversation->{messages});
		push @sql, "SELECT kg_batch.enqueue(\$json\$$messages\$json\$::jsonb, key => '$conversation->{key}', job => 'read', final => true, graph => '$name')";
	}
	my @ids = split /\n/, $node->kg(join ';', 'BEGIN', @sql, 'COMMIT');
	return $ids[-1];
}

sub in_the_middle
{
	my ($name, $job) = @_;
	ok($node->wait_until("SELECT chunks_done > 0 AND chunks_done < chunks - 20 AND EXISTS (SELECT FROM kg_batch.pipelines WHERE kind = 'pipeline' AND in_flight > 0)
		FROM kg_batch.progress WHERE job_id = $job"), "$name: in the middle");
	return;
}

sub finish
{
	my ($name, $job, $mode, %expect) = @_;
	ok($node->wait_for_job($job, 'done', 120), "$name: done");
	is($node->kg("SELECT conversations_done || ' ' || chunks_done - chunks || ' ' || chunks_failed FROM kg_batch.progress WHERE job_id = $job"),
		"$keys 0 0", "$name: every conversation and chunk is done");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE graph = '$name'"), 0, "$name: no errors");
	my $digest = $node->kg("SELECT kg_batch.graph_digest('$name')");
	$expected //= $digest;
	is($digest, $expected, "$name: the same graph");

	my $stats = $sim->stats;
	my ($requests, $cost, $lost, $lost_cost) = split /\|/,
	  $node->kg("SELECT sum(requests), sum(cost), sum(lost), sum(lost_cost) FROM kg_batch.cost WHERE job_id = $job");
	# Questions about the graph go directly (merge_by_batch).
	my $about_graph = $node->kg("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE job_id = $job AND stage <> 'kg_extract'");
	is($stats->{ $mode eq 'batch' ? 'direct' : 'batch' }{answers}, $mode eq 'batch' ? $about_graph : 0, "$name: nothing else went the other way");
	is($requests - $about_graph, $node->kg("SELECT chunks FROM kg_batch.progress WHERE job_id = $job"), "$name: an answer a chunk is in the ledger");
	$expect{lost} ? cmp_ok($lost, '>', 0, "$name: what was in flight is in the ledger as lost") : is($lost, 0, "$name: nothing was lost");
	cmp_ok($stats->{repeated_answers}, '<=', $lost, "$name: no other question was asked twice");
	cmp_ok($cost, '<=', $stats->{all}{usd} + 1e-9, "$name: the ledger is at most the bill");
	cmp_ok($stats->{all}{usd}, '<=', $cost + $lost_cost + 1e-9, "$name: the bill is at most the ledger with what was lost");
	return;
}
