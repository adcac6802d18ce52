# What a merge costs follows from the smaller side: that the other is spoken of in a
# hundred thousand conversations adds next to nothing. Those are copies of one row. In
# pages touched; nothing is timed.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('hub', settings => { 'kg_batch.graph' => 'hubs', autovacuum => 'off' });
my $conversations = 100_000;

$node->kg(q{SELECT kg_batch.create_graph('hubs')});
for my $name (qw(Warmup Before Magnolia Juniper Oleander Hawthorn))
{
	my $lines = join "\n", map { qq({"from": "$name", "relation": "grows near", "to": "$name neighbour $_"}) } 1 .. 10;
	$node->kg("SELECT kg_batch.import('jsonl', \$m\$$lines\$m\$, 'hubs')");
}
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'plants are in the graph');

# Of no conversation that there is: only where it occurs is looked at.
my $magnolia = q{SELECT i.graph_id, i.identity_id FROM kg_batch_internal.identity i JOIN kg_batch.node n USING (graph_id, node_id) WHERE n.label = 'Magnolia'};
$node->kg($_) for "INSERT INTO kg_batch_internal.occurrence (graph_id, identity_id, conversation_id) SELECT m.*, -n FROM ($magnolia) m, generate_series(1, $conversations) n",
	"UPDATE kg_batch_internal.identity i SET mentions = mentions + $conversations FROM ($magnolia) m WHERE i.graph_id = m.graph_id AND i.identity_id = m.identity_id", 'VACUUM ANALYZE';

# A session's first merge plans.
my (undef, $of_two, $into_hub) = merges([qw(Warmup Before)], [qw(Oleander Hawthorn)], [qw(Magnolia Juniper)]);
cmp_ok($into_hub, '<=', 1.2 * $of_two, "merging a node into one of $conversations conversations: at most 1.2 times the pages of merging two of ten");
note("$into_hub pages, $of_two");
is($node->kg(q{SELECT string_agg(label || ' ' || aliases[1], ', ' ORDER BY label) FROM kg_batch.node WHERE label IN ('Magnolia', 'Oleander', 'Hawthorn', 'Juniper') AND aliases <> '{}'}),
	'Hawthorn Oleander, Magnolia Juniper', 'each is one now');
$node->stop('fast');
done_testing();

# Pages that each merge of a pair touches, all in one session.
sub merges
{
	my $of = sub { "(SELECT node_id FROM kg_batch.node WHERE label = '$_[0]')" };
	my $plans = $node->kg(join '', map { "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) SELECT kg_batch.merge(" . $of->($_->[0]) . ', ' . $of->($_->[1]) . ");" } @_);
	my @pages;
	for my $plan (split /^(?=Result)/m, $plans)
	{
		my ($buffers) = $plan =~ /Buffers: ([^\n]*)/ or die "no buffers in the plan: $plan\n";
		my $sum = 0;
		$sum += $_ for $buffers =~ /(?:hit|read)=(\d+)/g;
		push @pages, $sum;
	}
	return @pages;
}
