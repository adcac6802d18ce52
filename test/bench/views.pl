# All monitoring views, read while conversations are read: processor time of the session
# that looks, against that of all other processes of the server meanwhile. Once by a session
# that has just begun and has all to look up of tables and views, and once more by the same,
# as one does that stays, like psql's \watch or an exporter.
use strict;
use warnings;

use Bench::Sandbox;
use Bench::Talk;
use List::Util qw(max);
use Time::HiRes qw(sleep time);

my @views = qw(progress pipelines batches errors error_groups performance throughput cost summary history answers);

sub measure_views
{
	my ($option) = @_;
	my $portions = Bench::Talk::portions(($option->{conversations}) x (1 + $option->{repeats}));
	my $server = Bench::Talk::server($option, $portions, settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 8 });
	my (@percent, @every_second, @first, @again);
	for my $time (0 .. $option->{repeats})
	{
		Bench::Talk::hand_in($server, "time_$time", $time, '{"paused":true}');
		my $before = $server->processor_seconds;
		my $began = time;
		$server->sql("SELECT kg_batch.resume('read', graph => 'time_$time')");
		my ($looks, $first, $again) = (0, 0, 0);
		do
		{
			my @took = look_at_views($server);
			$first += $took[0];
			$again += $took[1];
			++$looks;
			sleep max(0, $began + $looks * $option->{every_s} - time);
		} until is_done($server);
		my $working = $server->processor_seconds - $before - $first - $again;
		my $seconds = time - $began;
		next if $time == 0;
		push @first, 1000 * $first / $looks;
		push @again, 1000 * $again / $looks;
		# As often as that is in the time that this took.
		push @percent, 100 * ($first / $looks * $seconds / 5) / $working;
		push @every_second, 100 * ($again / $looks * $seconds) / $working;
	}
	return [
		{ figure => 'percent of the server\'s processor time, a look every second in a session that stays', values => \@every_second, target => [ 'at most', 2 ], digits => 2 },
		{ figure => 'percent of the server\'s processor time, a new session every five seconds', values => \@percent, target => [ 'at most', 2 ], digits => 2 },
		{ figure => 'ms of processor time of one look at all views in a session that stays', values => \@again, digits => 0 },
		{ figure => 'ms of processor time of the first look of a session', values => \@first, digits => 0 } ];
}

sub is_done { my ($server) = @_; return $server->value(q{SELECT bool_and(state = 'done') FROM kg_batch_internal.job}) eq 't'; }

# The session reads its own processor time from the kernel, before it looks, after, and
# when it has looked again. As text, since a column that nobody asks for is not computed.
sub look_at_views
{
	my ($server) = @_;
	my $time = q{SELECT 'ns', split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1);};
	my $look = join "\n", map { "SELECT count(v::text) FROM kg_batch.$_ v;" } @views;
	my @ns = map { $_->[0] eq 'ns' ? $_->[1] : () } $server->sql(join "\n", $time, $look, $time, $look, $time);
	return (($ns[1] - $ns[0]) / 1e9, ($ns[2] - $ns[1]) / 1e9);
}

{ measure => \&measure_views, scale => { tiny => { conversations => 20, every_s => 1 }, small => { conversations => 300, every_s => 1 }, full => { conversations => 10_000, every_s => 5 } } };
