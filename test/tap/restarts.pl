# Whatever ends - one worker or another, the server in an orderly way or not, the
# postmaster alone - work that is out in a batch goes on by itself when the library
# is preloaded, and otherwise by what health() says to type. The batch is found
# again, nothing is asked twice, and the graph is that of a run without any of it.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my %settings = (
	'fsync' => 'off',
	'restart_after_crash' => 'on',
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	'kg_batch.budget_per_day' => 1000);

sub polls { my ($node) = @_; my $routes = $node->sim->stats->{routes}; my $n = 0; $n += $routes->{$_}{requests} for grep { m{^GET /v1/batches/} } keys %$routes; return $n; }

# A batch is out that the API takes an hour for.
sub work_out
{
	my ($node, $run, $graph) = @_;
	$node->sim->configure(batch_turnaround_s => 3600);
	$run->begin($graph);
	return ok($node->wait_until(q{SELECT state = 'submitted' FROM kg_batch.batches ORDER BY batch_id DESC LIMIT 1}), "$graph: a batch is out");
}

sub is_polled_again
{
	my ($node, $name) = @_;
	my $polls = polls($node);
	return ok($node->wait_until(sub { polls($node) > $polls + 1 }, 60), "$name: its batch is asked for again");
}

sub finished
{
	my ($node, $run, $graph) = @_;
	$node->sim->configure(batch_turnaround_s => 1);
	$node->sim->advance(3600);
	$run->whole($graph);
	is(scalar(my @batches = $run->batches('state')), 1, "$graph: by the one batch");
	return;
}

sub killed
{
	my ($node, $pid) = @_;
	my $log = -s $node->logfile;
	ok($pid && kill('KILL', $pid), "pid $pid is killed");
	return $node->wait_until(sub { slurp_file($node->logfile, $log) =~ /database system is ready to accept connections/ });
}

# The postmaster alone: whoever waits for the network, too, sees that it is gone.
sub postmaster_killed
{
	my ($node, $name) = @_;
	my @left = $node->worker_pids('');
	ok(scalar @left, "$name: there are workers");
	$node->kill9;
	ok($node->wait_until(sub { !grep { kill 0, $_ } @left }, 30), "$name: none outlives the postmaster");
	$node->start;
	return;
}

{
	my $node = KgBatch::Cluster->with_stand_in('preloaded', sim => [ '--batch-turnaround-s', 1 ], settings => \%settings);
	my $run = KgBatch::DemoRun->new($node, conversations => 6);
	work_out($node, $run, 'preloaded');
	for my $kind ('launcher', 'coordinator', 'batch manager')
	{
		my ($pid) = $node->worker_pids($kind);
		ok(killed($node, $pid), "$kind killed: the server starts again");
		is_polled_again($node, "$kind killed") or last;
	}
	# Ended with SIGTERM instead the others stay, and only it comes again.
	for my $kind ('launcher', 'coordinator', 'batch manager')
	{
		my ($pid) = $node->worker_pids($kind);
		is($node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 60000)"), 't', "$kind ended");
		ok($node->wait_until(sub { my ($new) = $node->worker_pids($kind); $new && $new != $pid }), '… another comes');
		is_polled_again($node, "$kind ended") or last;
	}
	for my $mode (qw(fast immediate))
	{
		$node->stop($mode);
		$node->start;
		is_polled_again($node, "stopped, $mode") or last;
	}
	postmaster_killed($node, 'postmaster killed');
	is_polled_again($node, 'postmaster killed');
	finished($node, $run, 'preloaded');
	$node->stop('fast');
}

{
	my $node = KgBatch::Cluster->with_stand_in('loaded', preload => 0, sim => [ '--batch-turnaround-s', 1 ], settings => \%settings);
	my $run = KgBatch::DemoRun->new($node, conversations => 6);
	work_out($node, $run, 'not preloaded');
	for my $kind ('coordinator', 'batch manager')
	{
		my ($pid) = $node->worker_pids($kind);
		ok(killed($node, $pid), "without preload, $kind killed: the server starts again");
		is_polled_again($node, "without preload, $kind killed") or last;
	}
	for my $how ([ 'stopped, fast', sub { $node->stop('fast'); $node->start } ], [ 'stopped, immediate', sub { $node->stop('immediate'); $node->start } ],
		[ 'postmaster killed', sub { postmaster_killed($node, 'without preload, postmaster killed') } ])
	{
		my ($name, $end) = @$how;
		$end->();
		is(scalar($node->worker_pids('')), 0, "without preload, $name: nobody comes by himself");
		my $said = $node->kg(q{SELECT hint FROM kg_batch.health() WHERE name = 'coordinator' AND NOT ok});
		my ($call) = $said =~ /(SELECT \S+\(\))/;
		is($call, 'SELECT kg_batch.start()', '… health() says what to type') or last;
		$node->kg($call);
		is_polled_again($node, "… typed after $name") or last;
	}
	finished($node, $run, 'not preloaded');
	$node->stop('fast');
}

done_testing();
