# What the pipelines hold for themselves while chunks go through them by the
# thousand: the private memory of the largest of them, at the end against what it was
# after a tenth of the way, when caches and plans are filled.
use strict;
use warnings;

use Bench::Sandbox;
use List::Util qw(max);
use Time::HiRes qw(sleep);

sub measure_memory
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => '--mode rules',
		settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 4 });
	$server->sql(<<"END");
SELECT kg_batch.create_graph('many'); SELECT kg_batch.create_job('read', '{}', graph => 'many');
SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I adopted a cat called Cat '' || n || ''.'' AS content
	FROM generate_series(1, $option->{chunks}) n', job => 'read', graph => 'many')
END
	my ($early, $late, $most) = (0, 0, 0);
	for (;;)
	{
		my ($done, $state) = @{ ($server->sql(q{SELECT chunks_done, state FROM kg_batch.progress WHERE graph = 'many'}))[0] };
		my $now = max(0, map { Bench::Sandbox::memory_mb($_) } $server->worker_pids('pipeline'));
		# The first look, if none falls into the first tenth.
		$early = $now if $now && (!$early || $done <= $option->{chunks} / 10);
		$late = $now if $now;
		$most = max($most, $now);
		last if $state eq 'done';
		sleep 0.1;
	}
	die "no pipeline was seen\n" unless $early;
	return [
		{ figure => 'private memory of a pipeline at the end, times that after a tenth of the way', values => [ $late / $early ], target => [ 'at most', 1.2 ] },
		{ figure => 'MB of private memory of a pipeline at the end', values => [$late], digits => 1 },
		{ figure => 'MB at most', values => [$most], digits => 1 } ];
}

{ measure => \&measure_memory, scale => { tiny => { chunks => 50 }, small => { chunks => 5_000 }, full => { chunks => 100_000 } } };
