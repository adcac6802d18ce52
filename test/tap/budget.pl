# It never spends more than it was told: with a budget of half of what the work
# takes a job stops there, says so in progress, by NOTIFY and in the log, and goes
# on with a higher one. The same for the budget of a day. By batch and directly.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::BackgroundPsql;
use PostgreSQL::Test::Utils;
use Test::More;

# Short answers at most, so that what is reserved for a question is of the size of its cost.
my $node = KgBatch::Cluster->with_stand_in('budget', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms',
		'kg_batch.max_output_tokens' => 3000, 'kg_batch.requests_in_flight' => 2, 'kg_batch.num_pipelines' => 2 });
my @conversations = map { JSON::PP->new->utf8->decode(slurp_file($_)) } sort glob 'demo/conversations/*.json';

for my $mode (qw(batch direct))
{
	my $whole = cost_of_the_whole($mode);
	my $half = sprintf '%.6f', $whole / 2;

	my $log_from = -s $node->logfile;
	my $listener = listen_there();
	my $job = begin("$mode, half", $mode, "\"budget\":$half,");
	ok($node->wait_for_job($job, 'paused'), "$mode: with half of the money it stops");
	is(progress($job, 'reason'), 'budget', "$mode: progress says why");
	stopped_within($mode, $job, $half, $log_from, $listener);
	my ($spent, $stays) = (progress($job, 'cost'), progress($job, 'chunks_done'));
	cmp_ok($stays, '>', 0, "$mode: it got somewhere");
	cmp_ok($stays, '<', progress($job, 'chunks'), "$mode: and not to the end");

	# A budget that does not reach for one more question changes nothing.
	$node->kg("SELECT kg_batch.resume($job, budget => $spent, graph => '$mode, half')");
	ok($node->wait_for_job($job, 'paused'), "$mode: with no more money it stops again");
	is(progress($job, 'cost'), $spent, "$mode: and spends nothing");

	# Enough, but not for all at once: it waits for its own answers on the way.
	my $enough = sprintf '%.6f', $whole * 1.25;
	$node->kg("SELECT kg_batch.resume($job, budget => $enough, graph => '$mode, half')");
	ok($node->wait_for_job($job, 'done'), "$mode: with more money it goes on");
	cmp_ok(abs(progress($job, 'cost') - $whole), '<', $whole / 20, "$mode: to what all of it costs");
	is(progress($job, 'chunks_done'), progress($job, 'chunks'), "$mode: every chunk is done");
	cmp_ok(progress($job, 'reserved'), '==', 0, "$mode: nothing stays reserved");
	is($node->kg("SELECT kg_batch.graph_digest('$mode, half') = kg_batch.graph_digest('$mode, whole')"), 't', "$mode: the graph is the same");
	is($node->sim->stats->{repeated_answers}, 0, "$mode: no question was asked twice");
}

# Asked before midnight, answered after it: what was reserved of the day before is given back there.
{
	my $name = 'over midnight';
	$node->sim->configure(batch_turnaround_s => 3600);
	my $job = begin($name, 'batch', '');
	ok($node->wait_until("SELECT bool_and(state = 'asking') AND (SELECT bool_and(state = 'submitted') FROM kg_batch.batches WHERE $job = ANY (job_ids)) FROM kg_batch_internal.chunk WHERE job_id = $job"),
		"$name: all is out");
	$node->kg(<<"END");
BEGIN;
LOCK TABLE kg_batch_internal.request, kg_batch_internal.spending;
WITH moved AS (UPDATE kg_batch_internal.request SET reserved_day = reserved_day - 1 WHERE reserved > 0 RETURNING reserved_day, reserved),
	sums AS MATERIALIZED (SELECT reserved_day, sum(reserved) AS total FROM moved GROUP BY reserved_day),
	today AS (UPDATE kg_batch_internal.spending s SET reserved = s.reserved - u.total FROM sums u WHERE s.day = u.reserved_day + 1)
INSERT INTO kg_batch_internal.spending (day, reserved) SELECT reserved_day, total FROM sums;
COMMIT;
END
	is($node->kg('SELECT count(*) FROM kg_batch_internal.spending WHERE reserved > 0'), 1, "$name: it is reserved of the day before");
	$node->sim->configure(batch_turnaround_s => 1);
	$node->sim->advance(3600);
	ok($node->wait_for_job($job, 'done'), "$name: it is answered");
	is($node->kg('SELECT count(*) FROM kg_batch_internal.spending WHERE abs(reserved) > 1e-9'), 0, "$name: and nothing stays reserved of any day");
}

# What was perhaps paid for and never came is spent as well, and asked again only if there is money for it.
{
	my ($name, $job) = ('direct, lost');
	my $half = sprintf '%.6f', progress($node->kg("SELECT job_id FROM kg_batch.progress WHERE graph = 'direct, whole'"), 'cost') / 2;
	$job = begin($name, 'direct', "\"paused\":true,\"budget\":$half,");
	$node->sim->fault({ fault => 'drop_after_read', accepted => JSON::PP::true, path => '/chat/completions$', probability => 0.5, seed => 1 });
	$node->kg("SELECT kg_batch.resume($job, graph => '$name')");
	ok($node->wait_until("SELECT reason = 'budget' FROM kg_batch.progress WHERE job_id = $job"), "$name: it stops");
	cmp_ok(progress($job, 'lost_cost'), '>', 0, "$name: something was lost");
	cmp_ok(progress($job, 'cost + lost_cost'), '<=', $half, "$name: with that it spent no more than its budget");
	cmp_ok($node->sim->stats->{all}{usd}, '<=', $half + 1e-9, "$name: and the bill is no higher");
	$node->sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.resume($job, budget => 4, graph => '$name')");
	ok($node->wait_for_job($job, 'done'), "$name: with more money it goes on");
	cmp_ok(progress($job, 'reserved'), '==', 0, "$name: nothing stays reserved");
	is($node->kg("SELECT kg_batch.graph_digest('$name') = kg_batch.graph_digest('direct, whole')"), 't', "$name: the graph is the same");
}

# The day's: what was spent today and half of another run.
for my $mode (qw(batch direct))
{
	my $today = $node->kg('SELECT sum(spent) FROM kg_batch_internal.spending');
	my $whole = progress($node->kg("SELECT job_id FROM kg_batch.progress WHERE graph = '$mode, whole'"), 'cost');
	set_budget_of_the_day(my $most = sprintf '%.6f', $today + $whole / 2);
	my $log_from = -s $node->logfile;
	my $listener = listen_there();
	my $job = begin("$mode, day", $mode, '"budget":1,');
	ok($node->wait_for_job($job, 'paused'), "$mode: when the day's money is spent it stops");
	is(progress($job, 'reason'), 'budget_per_day', "$mode: progress says why");
	stopped_within("$mode, day", $job, 1, $log_from, $listener);
	cmp_ok($node->kg('SELECT sum(cost) FROM kg_batch.cost'), '<=', $most, "$mode: all jobs together have spent no more than the day's");
	cmp_ok(progress($job, 'chunks_done'), '>', 0, "$mode: it got somewhere");
	set_budget_of_the_day(5);
	$node->kg("SELECT kg_batch.resume($job, graph => '$mode, day')");
	ok($node->wait_for_job($job, 'done'), "$mode: on another day's money it goes on");
	is($node->kg("SELECT kg_batch.graph_digest('$mode, day') = kg_batch.graph_digest('$mode, whole')"), 't', "$mode: the graph is the same");
}

is($node->kg('SELECT abs(sum(spent) - (SELECT sum(cost + lost_cost) FROM kg_batch.cost)) < 1e-9 AND abs(sum(reserved)) < 1e-9 FROM kg_batch_internal.spending'),
	't', 'the days have what the ledger has, and nothing stays reserved');
$node->stop('fast');
done_testing();

sub progress { return $node->kg("SELECT $_[1] FROM kg_batch.progress WHERE job_id = $_[0]"); }

sub begin
{
	my ($graph, $mode, $options) = @_;
	$node->sim->request('POST', '/_sim/reset');
	$options .= $mode eq 'batch' ? '"use_batch_api":true' : '"use_batch_api":false';
	my @sql = ("SELECT kg_batch.create_graph('$graph')", "SELECT kg_batch.create_job('read', '{$options}', graph => '$graph')");
	for my $conversation (@conversations)
	{
		my $messages = JSON::PP->new->ascii->encode($conversation->{messages});
		push @sql, "SELECT kg_batch.enqueue(\$json\$$messages\$json\$::jsonb, key => '$conversation->{key}', job => 'read', final => true, graph => '$graph')";
	}
	return (split /\n/, $node->kg(join ';', 'BEGIN', @sql, 'COMMIT'))[-1];
}

sub cost_of_the_whole
{
	my ($mode) = @_;
	my $job = begin("$mode, whole", $mode, '');
	$node->wait_for_job($job, 'done') or BAIL_OUT("$mode: it does not get through at all");
	return progress($job, 'cost');
}

sub set_budget_of_the_day
{
	my ($most) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.budget_per_day = $most");
	$node->reload;
	$node->wait_until("SELECT current_setting('kg_batch.budget_per_day')::float8 = $most");
	return;
}

sub listen_there
{
	my $listener = $node->background_psql('kg', on_error_stop => 1);
	$listener->query_safe('LISTEN kg_batch');
	return $listener;
}

# What was spent is within the budget, also by the bill; everybody is told.
sub stopped_within
{
	my ($name, $job, $budget, $log_from, $listener) = @_;
	cmp_ok(progress($job, 'cost'), '<=', $budget, "$name: it spent no more than its budget");
	cmp_ok($node->sim->stats->{all}{usd}, '<=', $budget + 1e-9, "$name: and the bill is no higher");
	cmp_ok(abs($node->sim->stats->{all}{usd} - progress($job, 'cost')), '<', 1e-9, "$name: but what it spent");
	cmp_ok(progress($job, 'reserved'), '==', 0, "$name: nothing stays reserved");
	my $told = '';
	for (1 .. 50)
	{
		$told .= $listener->query('SELECT 1') . "\n";
		last if $told =~ /paused/;
		select undef, undef, undef, 0.1;
	}
	$listener->quit;
	my @states = grep { $_->{state} ne 'running' } map { JSON::PP->new->decode($_) } $told =~ /notification "kg_batch" with payload "(.*)" received/g;
	is_deeply(\@states, [ { job => $job, state => 'paused' } ], "$name: a NOTIFY says that it stopped, and no more");
	like(slurp_file($node->logfile, $log_from), qr/kg_batch job .*paused.*budget/, "$name: the log says so");
	return;
}
