# How far the progress view's ETA is off: runs by batch whose batches take from 2 to
# 60 minutes, drawn anew for each, on a clock on which a second stands for two minutes. At 25, 50 and 75 percent of what a run took in the end: what the view said
# was left against what was.
use strict;
use warnings;

use Bench::Sandbox;
use Time::HiRes qw(sleep time);

my @shares = (0.25, 0.5, 0.75);

sub measure_eta
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => '--mode rules',
		settings => { 'kg_batch.batch_min_requests' => 1, 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '250ms',
			'kg_batch.batch_max_requests' => $option->{requests_a_batch}, 'kg_batch.batch_enqueued_tokens' => $option->{enqueued_tokens} });
	srand 1;
	my %off;
	my ($backwards, $early) = (0, 0);
	# The first run has nothing to go by: how long batches take is learned from it.
	for my $n (0 .. $option->{runs})
	{
		my $said = one_run($server, $n, $option);
		next unless $n;
		my $took = $said->[-1]{at};
		for my $share (@shares)
		{
			my ($then) = grep { $_->{at} >= $share * $took } @$said;
			push @{ $off{$share} }, 100 * (defined $then->{eta} ? abs($then->{eta} - ($took - $then->{at})) / $took : 1);
		}
		$backwards += grep { $said->[$_]{percent} < $said->[ $_ - 1 ]{percent} } 1 .. $#$said;
		$early += grep { $_->{percent} >= 100 && $_->{state} ne 'done' } @$said;
	}
	return [
		(map { { figure => sprintf('percent of the run that the ETA was off at %.0f percent of it', 100 * $_), values => $off{$_}, digits => 1,
			$_ == 0.5 ? (target => [ 'at most', 15 ]) : () } } @shares),
		{ figure => 'times that the percentage went back', values => [$backwards], digits => 0, target => [ 'at most', 0 ] },
		{ figure => 'times that it was 100 before the end', values => [$early], digits => 0, target => [ 'at most', 0 ] } ];
}

# What the view said, with the seconds since the run began; the last is the end.
sub one_run
{
	my ($server, $n, $option) = @_;
	$server->sql(<<"END");
SELECT kg_batch.create_graph('run $n'); SELECT kg_batch.create_job('read', '{"paused":true}', graph => 'run $n');
SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I adopted a cat called Cat '' || n || '' of run $n.'' AS content
	FROM generate_series(1, $option->{chunks}) n', job => 'read', graph => 'run $n')
END
	my $began = time;
	$server->sql("SELECT kg_batch.resume('read', graph => 'run $n')");
	my @said;
	do
	{
		# Whatever batch is made next takes that long: between shortest and longest, evenly in the logarithm.
		$server->sim('POST', '/_sim/config', { batch_turnaround_s => $option->{shortest_s} * ($option->{longest_s} / $option->{shortest_s})**rand });
		sleep 0.3;
		my ($state, $percent, $eta) = @{ ($server->sql("SELECT state, percent, EXTRACT(epoch FROM eta) FROM kg_batch.progress WHERE graph = 'run $n'"))[0] };
		push @said, { at => time - $began, state => $state, percent => $percent, eta => length $eta ? $eta : undef };
	} until $said[-1]{state} eq 'done';
	return \@said;
}

{ measure => \&measure_eta, scale => {
	tiny => { runs => 1, chunks => 12, requests_a_batch => 4, enqueued_tokens => 0, shortest_s => 0.2, longest_s => 1 },
	small => { runs => 3, chunks => 100, requests_a_batch => 10, enqueued_tokens => 60_000, shortest_s => 0.5, longest_s => 8 },
	full => { runs => 15, chunks => 300, requests_a_batch => 20, enqueued_tokens => 150_000, shortest_s => 1, longest_s => 30 } } };
