# What the pipelines hold for themselves while chunks go through them by the
# thousand: the private memory of the largest of them, at the end against what it was
# after a tenth of the way, when caches and plans are filled.
use strict;
use warnings;

use Bench::Sandbox;

sub measure_memory
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => '--mode rules',
		settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 4, fsync => 'off' });
	$server->sql(<<"END");
SELECT kg_batch.create_graph('many'); SELECT kg_batch.create_job('read', '{}', graph => 'many');
SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I adopted a cat called Cat '' || n || ''.'' AS content
	FROM generate_series(1, $option->{chunks}) n', job => 'read', graph => 'many')
END
	my ($early, $late, $most) = (0, 0, 0);
	for (;;)
	{
		my ($done, $state) = @{ ($server->sql(q{SELECT chunks_done, state FROM kg_batch.progress WHERE graph = 'many'}))[0] };
		my $now = largest($server->sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'kg_batch pipeline'}));
		$early = $now if $now && $done <= $option->{chunks} / 10;
		$late = $now if $now;
		$most = $now if $now > $most;
		last if $state eq 'done';
		sleep 1;
	}
	return [
		{ figure => 'private memory of a pipeline at the end, times that after a tenth of the way', values => [ $late / $early ], target => [ 'at most', 1.2 ] },
		{ figure => 'MB of private memory of a pipeline at the end', values => [ $late / 1024 ], digits => 1 },
		{ figure => 'MB at most', values => [ $most / 1024 ], digits => 1 } ];
}

# In kB, of those that are there still.
sub largest
{
	my ($most) = 0;
	for my $pid (map { $_->[0] } @_)
	{
		open my $status, '<', "/proc/$pid/status" or next;
		while (<$status>) { $most = $1 if /^RssAnon:\s+(\d+) kB/ && $1 > $most; }
	}
	return $most;
}

{ measure => \&measure_memory, scale => { tiny => { chunks => 50 }, small => { chunks => 5_000 }, full => { chunks => 100_000 } } };
