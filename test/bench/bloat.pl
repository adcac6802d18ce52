# Tables of the queue while a backlog is worked through with autovacuum on: how large
# they have become at the end, with their indexes, against what they were when all of
# the backlog stood in them, written at once.
use strict;
use warnings;

use Bench::Sandbox;

my $tables = q{unnest(ARRAY['ready', 'claimed', 'turn']) t(name)};
my $size = "SELECT sum(pg_total_relation_size(('kg_batch_internal.' || t.name)::regclass)) FROM $tables";

sub measure_bloat
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => '--mode rules',
		settings => { 'kg_batch.use_batch_api' => 'off', autovacuum => 'on', autovacuum_naptime => '1s' });
	$server->sql(<<"END");
SELECT kg_batch.create_graph('many'); SELECT kg_batch.create_job('read', '{"paused":true}', graph => 'many');
SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I adopted a cat called Cat '' || n || ''.'' AS content
	FROM generate_series(1, $option->{chunks}) n', job => 'read', graph => 'many')
END
	my $live = $server->value($size);
	$server->sql("SELECT kg_batch.resume('read', graph => 'many')");
	my $most = $live;
	until ($server->value(q{SELECT bool_and(state = 'done') FROM kg_batch_internal.job}) eq 't')
	{
		my $now = $server->value($size);
		$most = $now if $now > $most;
		sleep 1;
	}
	my $end = $server->value($size);
	return [
		{ figure => 'size of the queue\'s tables at the end, times what the whole backlog takes', values => [ $end / $live ], target => [ 'at most', 3 ] },
		{ figure => 'most, times what the whole backlog takes', values => [ $most / $live ] },
		{ figure => 'MB that the whole backlog takes', values => [ $live / 1e6 ], digits => 1 } ];
}

{ measure => \&measure_bloat, scale => { tiny => { chunks => 50 }, small => { chunks => 2_000 }, full => { chunks => 1_000_000 } } };
