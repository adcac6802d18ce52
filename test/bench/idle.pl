# What a server does with nothing to do, and with one batch that the API works on,
# once workers that have nothing to do have left: transactions by the database's
# statistics, by the kernel wake-ups (voluntary switches) of all processes of kg_batch,
# the launcher with them, and processor time of all that the server has.
use strict;
use warnings;

use Bench::Sandbox;
use List::Util qw(sum0);
use Time::HiRes qw(sleep);

sub measure_idle
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => '--mode rules --batch-turnaround-s 50000', settings => { autovacuum => 'off' });
	$server->sql(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I adopted a cat called Clyde."}]')});
	$server->wait_until_done;
	$server->wait_until_workers_left if $option->{workers_leave};
	my %nothing = in_a_window($server, $option);
	$server->sql(q{SELECT kg_batch.create_graph('waits'); SELECT kg_batch.create_job('read', '{"batch_min_requests":1}', graph => 'waits');
		SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I adopted a dog called Rex."}]', job => 'read', graph => 'waits')});
	$server->wait_until(q{SELECT bool_and(state = 'submitted') FROM kg_batch_internal.batch});
	$server->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%pipeline%'}) if $option->{workers_leave};
	# At first a batch is asked for often.
	$server->wait_until("SELECT polls >= $option->{polls} FROM kg_batch_internal.batch");
	my $polls = $server->value('SELECT polls FROM kg_batch_internal.batch');
	my %waiting = in_a_window($server, $option);
	my $polled = ($server->value('SELECT polls FROM kg_batch_internal.batch') - $polls) * 60 / $option->{window_s};
	return [
		{ figure => 'nothing to do: transactions a minute', values => [ $nothing{transactions} ], target => [ 'at most', 0 ], digits => 1 },
		{ figure => 'nothing to do: wake-ups a minute', values => [ $nothing{wake_ups} ], target => [ 'at most', 0 ], digits => 1 },
		{ figure => 'nothing to do: ms of processor time a minute', values => [ $nothing{processor_ms} ], digits => 1 },
		{ figure => 'a batch at the API: transactions a minute', values => [ $waiting{transactions} ], target => [ 'at most', 2 ], digits => 1 },
		{ figure => 'a batch at the API: wake-ups a minute', values => [ $waiting{wake_ups} ], target => [ 'at most', 2 ], digits => 1 },
		{ figure => 'a batch at the API: ms of processor time a minute', values => [ $waiting{processor_ms} ], digits => 1 },
		{ figure => 'a batch at the API: questions to the API a minute', values => [$polled], digits => 1 } ];
}

sub in_a_window
{
	my ($server, $option) = @_;
	my @pids = $server->worker_pids('');
	my $look = sub { (transactions => transactions($server), wake_ups => sum0(map { switches($_) } @pids), processor_ms => 1000 * $server->processor_seconds) };
	my %before = $look->();
	sleep $option->{window_s};
	my %after = $look->();
	# One look is a session with a few transactions of its own.
	my %again = $look->();
	my @there_then = $server->worker_pids('');
	die "workers came or left meanwhile: @pids, then @there_then\n" if "@pids" ne "@there_then";
	for my $figure (qw(transactions processor_ms))
	{
		$after{$figure} -= $again{$figure} - $after{$figure};
		$after{$figure} = $before{$figure} if $after{$figure} < $before{$figure};    # statistics may come late
	}
	return map { $_ => ($after{$_} - $before{$_}) * 60 / $option->{window_s} } keys %before;
}

sub transactions { my ($server) = @_; return $server->value('SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()'); }

sub switches
{
	my ($pid) = @_;
	open my $status, '<', "/proc/$pid/status" or return 0;
	my ($count) = map { /^voluntary_ctxt_switches:\s+(\d+)/ ? $1 : () } <$status>;
	return $count // 0;
}

{ measure => \&measure_idle, scale => { tiny => { window_s => 1, polls => 0, workers_leave => 0 },
	small => { window_s => 30, polls => 4, workers_leave => 1 }, full => { window_s => 300, polls => 30, workers_leave => 1 } } };
