# Whatever happens to it, and in whatever order: faults at a tenth of all calls, workers
# that are ended, servers that crash, an API that goes away and comes back, jobs that are
# paused and go on. In the end the graph is that of a calm run, nothing is lost, nothing of a
# batch is paid twice, the two sides' books agree, and where there is a budget, it held.
#
# Faults are those that leave the answers as they are in the end; what a model says wrong
# has tests of its own. What happens when is drawn from a seed, which is printed:
#
#   KG_BATCH_TORTURE=100        so many seeds (3; 20 s each on 2 cores)
#   KG_BATCH_TORTURE_SEED=17    this one alone; with KG_BATCH_TORTURE so many from it on

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../worlds";

use Difference;
use JSON::PP ();
use KgBatch::Books;
use KgBatch::Cluster;
use List::Util qw(max min shuffle);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use World;

my $first = $ENV{KG_BATCH_TORTURE_SEED} // 1;
my $count = $ENV{KG_BATCH_TORTURE} // (defined $ENV{KG_BATCH_TORTURE_SEED} ? 1 : 3);
my %world = map { ($_ => World->new($_)) } $first .. $first + $count - 1;
my $json = JSON::PP->new->ascii->canonical;
my $gold = PostgreSQL::Test::Utils::tempdir('torture') . '/gold.json';
append_to_file($gold, $json->encode(World::merged_gold(values %world)));

my ($pipelines, $in_flight) = (2, 3);
# By what is entered ahead of time (ARCHITECTURE, what a pipeline waits for).
my $most_out = $in_flight + max(2, int($in_flight / 4));
my $node = KgBatch::Cluster->with_stand_in('torture',
	sim => [ '--mode', 'oracle', '--gold', $gold, '--batch-turnaround-s', 1, '--latency-ms', 250, '--latency-jitter-ms', 250 ],
	settings => {
		fsync => 'off',
		'kg_batch.num_pipelines' => $pipelines,
		'kg_batch.requests_in_flight' => $in_flight,
		'kg_batch.commit_frequency' => 3,
		'kg_batch.batch_min_requests' => 1,
		'kg_batch.batch_max_requests' => 12,
		'kg_batch.batch_linger' => '100ms',
		'kg_batch.batch_poll_interval' => '200ms',
		'kg_batch.budget' => 10000,
		'kg_batch.budget_per_day' => 100000,
		# What is reserved for a question is of the size of its cost.
		'kg_batch.max_output_tokens' => 3000,
		# What cannot be read counts; nothing here is to fail for it.
		'kg_batch.max_attempts' => 20,
		# One size of chunks, whichever way they go.
		map { ("kg_batch.$_" => 3) } qw(batch_chunk_size batch_chunk_max real_time_chunk_size) });
my $sim = $node->sim;

for my $seed ($first .. $first + $count - 1)
{
	my $began = time;
	# The second of three has less money than it takes.
	torture($seed, $seed % 3 == 2);
	note(sprintf 'seed %d: %.1f s', $seed, time - $began);
}
$node->stop('fast');
done_testing();

# ---- one seed ----

sub torture
{
	my ($seed, $has_budget) = @_;
	srand $seed;
	my $name = "seed $seed" . ($has_budget ? ', with a budget' : '');
	note("$name: KG_BATCH_TORTURE_SEED=$seed");
	my $world = $world{$seed};
	my $staged = rand() < 0.3 ? { extraction => 'staged' } : {};

	$sim->request('POST', '/_sim/reset');
	$sim->configure(latency_ms => 10, latency_jitter_ms => 0);
	begin("calm $seed", { use_batch_api => JSON::PP::false, %$staged });
	hand_in($world, "calm $seed", 1);
	ok($node->wait_until(all_cut("calm $seed"), 60), "$name: calm, all is cut");
	hand_in($world, "calm $seed", 2);
	ok($node->wait_until(all_done("calm $seed"), 120), "$name: calm, all is done") or return stuck();
	my $calm = $sim->stats->{all}{usd};
	KgBatch::Books::agree($node, "$name: calm", graph => "calm $seed", lost => 0);

	my $graph = "torture $seed";
	$sim->request('POST', '/_sim/reset');
	$sim->configure(latency_ms => 250, latency_jitter_ms => 250);
	my %budget = $has_budget ? (budget => 0 + sprintf('%.6f', $calm * (0.2 + rand 0.3))) : ();
	begin($graph, { use_batch_api => JSON::PP::false, %$staged, %budget }, { use_batch_api => JSON::PP::true, %$staged, %budget });
	my $torture = { seed => $seed, graph => $graph, name => $name, faults => [ faults($seed) ], may_be_lost => 0, after => 0, seen => 0 };
	$sim->fault($torture->{faults});
	hand_in($world, $graph, 1);
	happen($torture, shuffle(('a pipeline ends') x 2, 'the batch manager ends', 'the server crashes', 'the API goes away', 'pause and resume'));
	make_it_calm($torture);
	ok($node->wait_until(all_cut($graph), 60), "$name: all is cut");
	hand_in($world, $graph, 2);
	$sim->fault($torture->{faults});
	happen($torture, shuffle('a pipeline ends', 'the coordinator ends', 'the server crashes', 'the API goes away', 'pause and resume', 'pause and resume'));
	if ($has_budget)
	{
		ok($node->wait_until(sub { go_on($torture, ['budget']) }, 180), "$name: all is done, or its money is gone") or return stuck();
		KgBatch::Books::agree($node, "$name, half way", graph => $graph, budget => 2 * $budget{budget}, done => 0, lost => $torture->{may_be_lost});
		is($node->kg("SELECT count(*) FROM kg_batch_internal.job j JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$graph' AND spent > budget"), 0, "$name: neither job has spent more than it may");
		cmp_ok($node->kg("SELECT count(*) FROM kg_batch.progress WHERE graph = '$graph' AND reason = 'budget'"), '>', 0, "$name: and one is out of it");
		$node->kg("SELECT kg_batch.resume(job_id::text, budget => 1000, graph => graph) FROM kg_batch.progress WHERE graph = '$graph'");
	}
	ok($node->wait_until(sub { go_on($torture, []) }, 180), "$name: all is done") or return stuck();

	count_faults($torture);
	note("$name: ", join ', ', map { "$torture->{taken}{$_} $_" } grep { $torture->{taken}{$_} } sort keys %{ $torture->{taken} });
	is($node->kg("SELECT kg_batch.graph_digest('$graph') = kg_batch.graph_digest('calm $seed')"), 't', "$name: the graph is that of the calm run")
	  or diag(join "\n", Difference::between(sub { $node->kg($_[0]) }, "calm $seed", $graph));
	is($node->kg("SELECT count(*) FROM kg_batch_internal.conversation WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$graph')"),
		scalar(keys %{ { map { ($_->{key} => 1) } @{ $world->deliveries } } }), "$name: each conversation is there");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE graph = '$graph' AND what <> 'batch'"), 0, "$name: nothing failed");
	KgBatch::Books::agree($node, $name, graph => $graph, lost => $torture->{may_be_lost});
	note("$name: ", KgBatch::Books::lost($node, $graph), ' lost, ', $sim->stats->{repeated_answers}, ' answered twice, ', $sim->stats->{all}{answers}, ' answers');
	$node->counts_are_right("$name: what is counted of jobs is what a plain count gives");
	# Nothing of it is left to do for the next one, and what was asked is not looked up.
	$node->kg("SELECT kg_batch.drop_graph('$_')") for "calm $seed", $graph;
	$node->counts_are_right("$name: and once the graphs are gone");
	is($node->kg('SELECT count(*) FROM kg_batch_internal.job_count c WHERE NOT EXISTS (SELECT FROM kg_batch_internal.job j WHERE j.job_id = c.job_id)'), 0, "$name: nothing is counted of what is gone");
	return;
}

sub all_cut { return "SELECT count(*) = 0 FROM kg_batch_internal.conversation JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$_[0]' AND cut_deliveries < deliveries"; }
sub all_done { return "SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$_[0]'"; }

sub begin
{
	my ($graph, @jobs) = @_;
	my $n = 0;
	$node->kg(join ';', "SELECT kg_batch.create_graph('$graph')",
		map { sprintf "SELECT kg_batch.create_job('job %d', '%s', graph => '$graph')", $n++, $json->encode($_) } @jobs);
	return;
}

# Each conversation by the job that its key draws: some by batch, others directly.
sub hand_in
{
	my ($world, $graph, $wave) = @_;
	my $jobs = $node->kg("SELECT count(*) FROM kg_batch.progress WHERE graph = '$graph'");
	my @deliveries = grep { $_->{wave} == $wave } @{ $world->deliveries };
	my %of;
	push @{ $of{ $_->{key} } }, $_ for @deliveries;
	$node->kg(join ";\n", 'SET client_min_messages = warning', map {
		my $delivery = shift @{ $of{ $_->{key} } };
		sprintf q{SELECT kg_batch.enqueue($json$%s$json$::jsonb, key => '%s', job => 'job %d', final => %s, graph => '%s')},
		  $json->encode($delivery->{messages}), $delivery->{key}, unpack('%32C*', $delivery->{key}) % $jobs, $delivery->{final}, $graph
	} shuffle @deliveries);
	return;
}

# ---- what goes wrong at the API ----

# Together a tenth of all calls of each sort.
sub faults
{
	my ($seed) = @_;
	my $accepted = JSON::PP::true;
	my %of = (
		# An answer that broke off was perhaps paid for; one that says 500 was not.
		'/chat/completions$' => [ { fault => 'rate_limited', retry_after_ms => 30 }, { fault => 'internal_error' }, { fault => 'bad_gateway' }, { fault => 'unavailable', retry_after_ms => 50 },
			{ fault => 'drop_after_read' }, { fault => 'drop_after_read', accepted => $accepted }, { fault => 'reset_in_body' }, { fault => 'cut_body' }, { fault => 'truncated_body' },
			{ fault => 'wrong_length' }, { fault => 'chunked_without_end' }, { fault => 'delay', ms => 400 } ],
		'/v1/files$' => [ { fault => 'accepted_but_500' }, { fault => 'drop_after_read', accepted => $accepted }, { fault => 'reset_before_response' }, { fault => 'reset_in_body' },
			{ fault => 'unavailable', retry_after_ms => 30 } ],
		'/content$' => [ { fault => 'truncated_body' }, { fault => 'truncated_lines' }, { fault => 'reset_in_body' }, { fault => 'not_found' }, { fault => 'forbidden' },
			{ fault => 'bad_gateway' }, { fault => 'drip', bytes => 997, ms => 1 } ],
		# One that may not have been made is a person's to decide, after a minute.
		'/v1/batches$' => [ { fault => 'accepted_but_500' }, { fault => 'drop_after_read', accepted => $accepted }, { fault => 'reset_in_body' }, { fault => 'rate_limited', retry_after_ms => 30 } ],
		'/v1/batches/[^/]+$' => [ { fault => 'status_regression' }, { fault => 'unknown_status' }, { fault => 'internal_error' }, { fault => 'not_found' }, { fault => 'clock_skew' },
			{ fault => 'no_batch_usage' } ],
		'' => [ map { { fault => $_ } } qw(duplicated_line unknown_line conflicting_line line_in_both_files) ],
	);
	my @faults = map { my $path = $_; map { { %$_, ($path ? (path => $path) : ()), probability => 0.1 / @{ $of{$path} } } } @{ $of{$path} } } sort keys %of;
	push @faults, { fault => 'shuffled' }, map { { fault => $_, done => 0.5, probability => 0.1 } } qw(expires cancelled);
	# Of one seed two would draw the same.
	my $n = 0;
	return map { { %$_, seed => 1000 * $seed + $n++ } } @faults;
}

# ---- what happens meanwhile ----

# One after the other, each some requests after the one before.
sub happen
{
	my ($torture, @events) = @_;
	my %does = (
		'a pipeline ends' => sub { end_worker($torture, 'pipeline', $most_out) },
		'the batch manager ends' => sub { end_worker($torture, 'batch manager', 0) },
		# Its children leave with it.
		'the coordinator ends' => sub { end_worker($torture, 'coordinator', $pipelines * $most_out) },
		'the server crashes' => sub {
			$torture->{may_be_lost} += $pipelines * $most_out;
			$node->stop('immediate');
			$node->start;
		},
		'the API goes away' => sub {
			count_faults($torture);
			$sim->kill;
			until_nothing_is_out($torture) if rand() < 0.5;
			$sim->restart;
			$sim->fault($torture->{faults});
		},
		'pause and resume' => sub {
			# All in one transaction, in an order that is not the workers'.
			my @jobs = shuffle split /\n/, $node->kg("SELECT job_id FROM kg_batch.progress WHERE graph = '$torture->{graph}'");
			my $all = sub { my ($verb) = @_; return $node->kg(join ';', 'BEGIN', (map { "SELECT kg_batch.$verb($_, graph => '$torture->{graph}')" } @jobs), 'COMMIT'); };
			$all->('pause');
			until_nothing_is_out($torture) if rand() < 0.5;
			$all->('resume');
		});
	for my $event (@events)
	{
		wait_for_requests(3 + int rand 15);
		note("$torture->{name}: $event");
		$does{$event}->();
	}
	return;
}

# When to strike is counted in requests that the other side saw, and not in seconds.
# When all is done, or nothing moves, it is time as well.
sub wait_for_requests
{
	my ($more) = @_;
	my $from = $sim->stats->{requests};
	my $until = time + 1.5;
	while (time < $until)
	{
		return if $sim->stats->{requests} >= $from + $more;
		sleep 0.02;
	}
	return;
}

# Until those who had questions out know what became of them.
sub until_nothing_is_out
{
	my ($torture) = @_;
	return $node->wait_until('SELECT COALESCE(sum(in_flight), 0) = 0 FROM kg_batch_internal.live_workers()', 30) || fail("$torture->{name}: what was out is back");
}

sub end_worker
{
	my ($torture, $kind, $most) = @_;
	my ($pid, $until) = (undef, time + 3);
	sleep 0.05 until ($pid) = shuffle $node->worker_pids($kind) or time > $until;
	return note("$torture->{name}: there is none") unless $pid;
	$torture->{may_be_lost} += $most;
	kill 'TERM', $pid;
	return;
}

sub make_it_calm
{
	my ($torture) = @_;
	count_faults($torture);
	$sim->request('DELETE', '/_sim/faults');
	return;
}

# The stand-in forgets them when it ends.
sub count_faults
{
	my ($torture) = @_;
	$torture->{taken}{ $_->{fault} } += $_->{taken} for @{ $sim->request('GET', '/_sim/faults') };
	return;
}

# True when each job is done, or paused for one of these reasons. What only a person
# can decide is decided: a batch of which the API may or may not know.
sub go_on
{
	my ($torture, $reasons) = @_;
	my $of = "WHERE graph = '$torture->{graph}'";
	$node->kg("SELECT kg_batch.retry(job_id::text, graph => graph) FROM kg_batch.progress $of AND EXISTS (SELECT FROM kg_batch_internal.batch WHERE state = 'unclear' AND ended_at IS NULL)");
	my $reason = join ', ', map { "'$_'" } '', @$reasons;
	return $node->kg("SELECT bool_and(state = 'done' OR state = 'paused' AND reason IN ($reason)) FROM kg_batch.progress $of") eq 't';
}

sub stuck
{
	diag("$_\n" . $node->kg($_)) for 'TABLE kg_batch_internal.ready', 'TABLE kg_batch_internal.claimed',
	  "SELECT graph_id, chunk_id, state, stage, folded FROM kg_batch_internal.chunk WHERE state <> 'done' OR NOT folded LIMIT 10",
	  "SELECT request_id, stage, state, mode, attempt, batch_id FROM kg_batch_internal.request WHERE state <> 'answered' LIMIT 10",
	  'SELECT batch_id, state, remote_status, error, next_poll_at - now(), attempts FROM kg_batch_internal.batch WHERE ended_at IS NULL';
	$node->describe_work;
	BAIL_OUT('it does not go on');
	return;
}
