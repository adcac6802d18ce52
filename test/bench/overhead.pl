# What batch mode adds to the API's time: from the call that hands conversations in
# until everything is out, and from the moment in which the last result is there until
# the job is done, against plain SQL that writes the rows it ends with.
use strict;
use warnings;

use Bench::Rows;
use Bench::Sandbox;
use Bench::Talk;
use Time::HiRes qw(time);

my $turnaround_s = 50_000;

sub measure_overhead
{
	my ($option) = @_;
	my $portions = Bench::Talk::portions(($option->{conversations}) x (1 + $option->{repeats}));
	my $server = Bench::Talk::server($option, $portions, sim => "--batch-turnaround-s $turnaround_s",
		settings => { 'kg_batch.batch_linger' => '10ms', 'kg_batch.batch_poll_interval' => '10ms', 'kg_batch.batch_enqueued_tokens' => 0 });
	my (@times, @submit, @done);
	for my $time (0 .. $option->{repeats})
	{
		my $graph = "time_$time";
		my $began = time;
		Bench::Talk::hand_in($server, $graph, $time, '{"batch_min_requests":1}');
		$server->wait_until($Bench::Sandbox::everything_is_out);
		my $submit = time - $began;
		$began = time;
		$server->sim('POST', '/_sim/clock', { advance_s => $turnaround_s });
		$server->wait_until_done;
		my $done = time - $began;
		my $chunks = Bench::Talk::rows($server, $graph, 'chunk');
		my $plain = Bench::Rows::written_plainly($server, $graph);
		next if $time == 0;
		push @times, ($submit + $done) / $plain;
		push @submit, 1000 * $submit / $chunks;
		push @done, 1000 * $done / $chunks;
	}
	return [
		{ figure => 'times as long as plain SQL that writes the same rows', values => \@times, target => [ 'at most', 3 ], digits => 1 },
		{ figure => 'seconds from enqueue to submit, per 1,000 chunks', values => \@submit, digits => 1 },
		{ figure => 'seconds from the last result to done, per 1,000 chunks', values => \@done, digits => 1 } ];
}

{ measure => \&measure_overhead, scale => { tiny => { conversations => 20 }, small => { conversations => 300 }, full => { conversations => 5_000 } } };
