# Thousands of requests in flight from 8 pipelines: how much of what latency and
# number allow gets through, and what a request costs the pipelines' processors.
# By the stand-in's journal, between the first and the last answer less one latency.
use strict;
use warnings;

use Bench::Sandbox;
use List::Util qw(max min);

my $pipelines = 8;

sub measure_flight
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => "--mode rules --latency-ms $option->{latency_ms}",
		settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => $pipelines, 'kg_batch.requests_in_flight' => $option->{in_flight} / $pipelines });
	my (@share, @cost, @most);
	for my $time (0 .. $option->{repeats})
	{
		$server->sql(<<"END");
SELECT kg_batch.create_graph('time_$time'); SELECT kg_batch.create_job('read', '{"paused":true}', graph => 'time_$time');
SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I adopted a cat called Cat ${time} '' || n || ''.'' AS content
	FROM generate_series(1, $option->{requests}) n', job => 'read', graph => 'time_$time')
END
		$server->sim('POST', '/_sim/reset');
		my $before = $server->processor_seconds;
		$server->sql("SELECT kg_batch.resume('read', graph => 'time_$time')");
		$server->wait_until_done;
		my $processor = $server->processor_seconds - $before;
		my @chats = chats($server);
		my $seconds = (max(map { $_->{ended_ms} } @chats) - min(map { $_->{ended_ms} } @chats)) / 1000 + $option->{latency_ms} / 1000;
		next if $time == 0;
		push @share, @chats / $seconds / ($option->{in_flight} / ($option->{latency_ms} / 1000));
		push @cost, 1000 * $processor / @chats;
		push @most, $server->stats->{max_in_flight};
	}
	return [
		{ figure => 'throughput, share of the ideal', values => \@share, target => [ 'at least', 0.9 ] },
		{ figure => 'ms of processor time of the server a request', values => \@cost, digits => 1 },
		{ figure => 'most in flight', values => \@most, digits => 0 } ];
}

sub chats
{
	my ($server) = @_;
	my ($after, @all) = (0);
	while (1)
	{
		my @entries = @{ $server->sim('GET', "/_sim/journal?limit=10000&path=chat&after=$after")->{entries} };
		last unless @entries;
		push @all, @entries;
		$after = $entries[-1]{seq};
	}
	return @all;
}

{ measure => \&measure_flight, scale => { tiny => { requests => 40, in_flight => 40, latency_ms => 100 },
	small => { requests => 1000, in_flight => 200, latency_ms => 2000 }, full => { requests => 20_000, in_flight => 5_000, latency_ms => 2000 } } };
