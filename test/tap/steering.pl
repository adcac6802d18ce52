# `pause`, `resume`, `cancel` and `retry` may be called at any moment, twice, and by
# many at once: nobody gets an error, nothing is lost, nothing is
# reserved for ever, nobody stays for the sake of a job that rests, and when all is
# said the graph is that of a calm run.

use strict;
use warnings;

use IPC::Run;
use JSON::PP ();
use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('steering', sim => [ '--batch-turnaround-s', 1 ], settings => {
	'fsync' => 'off',
	'deadlock_timeout' => '100ms',
	'kg_batch.num_pipelines' => 4,
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	# One size of chunks, whichever way they go.
	(map { ("kg_batch.$_" => 5) } qw(batch_chunk_size batch_chunk_max real_time_chunk_size)),
	'kg_batch.budget_per_day' => 1000 });
my $sim = $node->sim;
my $run = KgBatch::DemoRun->new($node, conversations => 5);
my @verbs = qw(pause resume cancel retry);

sub state_of { my ($graph) = @_; return $node->kg("SELECT state FROM kg_batch.progress WHERE graph = '$graph'"); }
sub at_rest { return $node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^kg_batch (?:coordinator|pipeline|batch manager)'}, 90); }

# ---- at every state, each verb twice ----

# How to bring a job there, and how to know that it is.
my %states = (
	'made paused' => { options => { paused => JSON::PP::true }, is => q{SELECT state = 'paused'} },
	'asked directly' => { options => { use_batch_api => JSON::PP::false }, sim => { latency_ms => 3_600_000 }, is => q{SELECT EXISTS (SELECT FROM kg_batch_internal.request r WHERE r.job_id = p.job_id AND r.state = 'asking')} },
	'out in a batch' => { sim => { batch_turnaround_s => 3600 }, is => q{SELECT EXISTS (SELECT FROM kg_batch.batches b JOIN kg_batch_internal.batch_job m USING (batch_id) WHERE m.job_id = p.job_id AND b.state = 'submitted')} },
	'done' => { is => q{SELECT state = 'done' AND chunks_done = chunks AND chunks > 0} },
	'failed' => { options => { use_batch_api => JSON::PP::false, max_attempts => 1 }, faults => [ { fault => 'bad_schema', path => 'chat/completions' } ], is => q{SELECT state = 'done' AND chunks_failed = chunks AND chunks > 0} });

for my $state (sort keys %states)
{
	my $how = $states{$state};
	# Where nothing is out, one after the other on the same job.
	for my $called ($how->{sim} || $how->{faults} ? @verbs : join ' and ', @verbs)
	{
		my $name = "$called twice when $state";
		$run->{options} = JSON::PP::encode_json($how->{options} // {});
		$sim->configure(latency_ms => 0, batch_turnaround_s => 1, %{ $how->{sim} // {} });
		# One conversation is enough to see it.
		local $run->{conversations} = [ $run->{conversations}[0] ];
		$run->begin($name, @{ $how->{faults} // [] });
		my ($job) = $run->job;
		ok($node->wait_until("$how->{is} FROM kg_batch.progress p WHERE job_id = $job"), "$name: there it is") or next;
		my ($out, $err) = ('', '');
		is($node->psql('kg', join('; ', map { ("SELECT kg_batch.$_($job, graph => '$name')") x 2 } split / and /, $called), stdout => \$out, stderr => \$err), 0, "$name: no error") or diag($err);
		# Whatever it is now, from here it can be finished.
		$sim->request('DELETE', '/_sim/faults');
		$sim->configure(latency_ms => 0, batch_turnaround_s => 1);
		$sim->advance(3600);
		finish($name, $job);
	}
}

sub finish
{
	my ($name, $job) = @_;
	$node->kg('SELECT pg_terminate_backend(pid, 60000) FROM kg_batch_internal.live_workers() WHERE in_flight > 0');    # who waits an hour for an answer
	my $done = "SELECT state = 'done' AND chunks_done = chunks AND chunks > 0 FROM kg_batch.progress WHERE job_id = $job";
	for (1 .. 300)
	{
		last if $node->kg($done) eq 't';
		$node->kg("SELECT kg_batch.resume($job, graph => '$name'); SELECT kg_batch.retry($job, graph => '$name')");
		$node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE job_id = $job", 60) or last;
	}
	is($node->kg($done), 't', "$name: resume and retry finish it");
	is($node->kg("SELECT reserved FROM kg_batch_internal.job WHERE job_id = $job") + 0, 0, "$name: nothing stays reserved");
	return;
}

# ---- a job that rests keeps nobody ----

for my $verbs ('pause, retry', 'cancel', 'cancel, resume')
{
	$run->{options} = '{"use_batch_api": false}';
	local $run->{conversations} = [ $run->{conversations}[0], $run->{conversations}[1] ];
	my $graph = "rests by $verbs";
	$sim->configure(latency_ms => 3_600_000);
	$run->begin($graph);
	my $job = $run->job;
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} > 0 }), "$graph: its questions are out");
	$node->kg(join ';', map { "SELECT kg_batch.$_($job, graph => '$graph')" } split /, /, $verbs);
	$node->kg('SELECT pg_terminate_backend(pid, 60000) FROM kg_batch_internal.live_workers() WHERE in_flight > 0');
	$sim->configure(latency_ms => 0);
	my $chats = $sim->chats;
	ok(at_rest(), "$graph: everybody leaves");
	is(scalar($sim->chats), $chats, "$graph: and nothing is asked");
	finish($graph, $job);
}

# ---- by many at once ----

for my $mode (qw(direct batch))
{
	$run->{options} = JSON::PP::encode_json({ use_batch_api => $mode eq 'batch' ? JSON::PP::true : JSON::PP::false });
	my $graph = "many at once, $mode";
	$sim->configure(latency_ms => 20);
	my $log = -s $node->logfile;
	$run->begin($graph);
	my $job = $run->job;
	my @files;
	for my $verb (@verbs)
	{
		my $file = $node->basedir . "/$verb.sql";
		unlink $file;
		append_to_file($file, "\\set pause random(1, 20)\nSELECT kg_batch.$verb($job, graph => '$graph');\n\\sleep :pause ms\n");
		push @files, '-f', $file;
	}
	my $said = '';
	ok(IPC::Run::run([ 'pgbench', '-n', '-c', 6, '-t', 60, @files, $node->connstr('kg') ], '>', \$said, '2>&1', IPC::Run::timeout(120)), "$graph: nobody gets an error") or diag($said);
	my $met = slurp_file($node->logfile, $log);
	unlike($met, qr/ERROR:|PANIC|terminated by signal/, "$graph: nor does a worker");
	$sim->configure(latency_ms => 0);
	finish($graph, $job);
	is($node->kg("SELECT kg_batch.graph_digest('$graph') = kg_batch.graph_digest('undisturbed')"), 't', "$graph: the same graph");
	is($node->kg('SELECT abs(sum(reserved)) < 1e-9 FROM kg_batch_internal.spending'), 't', "$graph: nothing stays reserved of the day");
}

ok(at_rest(), 'and then everybody leaves');
$node->stop('fast');
done_testing();
