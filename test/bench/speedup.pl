# The LoCoMo dialogues, read with 8 pipelines directly and in the original way: one
# pipeline, chunks of 5 sentences, one request at a time. Chunks of 5 sentences and
# default prompts in both, so that they ask the same questions.
#
# Where one request waits for the other, time is that of the work and the latency as
# often as something was asked. So the original way is measured at a latency that is
# scaled down, and the rest of each request's second is added. What it is divided by
# is measured at the whole latency.
use strict;
use warnings;

use Bench::Dialogues;
use Bench::Sandbox;

sub server_with
{
	my ($option, $latency_ms, %settings) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => "--mode rules --latency-ms $latency_ms",
		settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.real_time_chunk_size' => 5, %settings });
	Bench::Dialogues::load($server, $option);
	return $server;
}

sub original_way
{
	my ($option) = @_;
	my $server = server_with($option, $option->{scaled_ms}, 'kg_batch.num_pipelines' => 1, 'kg_batch.requests_in_flight' => 1);
	my $seconds = Bench::Dialogues::read_all($server, 'original', '{}');
	my $stats = $server->stats;
	die "$stats->{max_in_flight} requests were in flight at once\n" if $stats->{max_in_flight} != 1;
	my $requests = $stats->{all}{answers};
	return ($seconds + $requests * ($option->{latency_ms} - $option->{scaled_ms}) / 1000, $requests);
}

sub measure_speedup
{
	my ($option) = @_;
	my ($original, $requests) = original_way($option);
	my $server = server_with($option, $option->{latency_ms}, 'kg_batch.num_pipelines' => 8, 'kg_batch.requests_in_flight' => $option->{in_flight});
	my (@times, @seconds);
	for my $time (0 .. $option->{repeats})
	{
		my $seconds = Bench::Dialogues::read_all($server, "time_$time", '{}');
		next if $time == 0;
		push @seconds, $seconds;
		push @times, $original / $seconds;
	}
	return [
		{ figure => "times as fast as the original way ($requests requests, one after the other)", values => \@times, target => [ 'at least', 100 ], digits => 0 },
		{ figure => 'seconds with 8 pipelines', values => \@seconds, digits => 1 },
		{ figure => 'seconds in the original way', values => [$original], digits => 1 } ];
}

{ needs => \&Bench::Dialogues::missing, measure => \&measure_speedup, scale => {
	tiny => { dialogues => 1, sessions => 1, latency_ms => 100, scaled_ms => 10, in_flight => 64 },
	small => { dialogues => 1, sessions => 4, latency_ms => 1000, scaled_ms => 20, in_flight => 64 },
	full => { dialogues => 5, sessions => 0, latency_ms => 1000, scaled_ms => 20, in_flight => 64 } } };
