# The view review asks a person what a person can answer: each two nodes once, and
# nothing of two that something keeps apart anyway.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('review', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });
my $n = 0;

sub hand_in
{
	my ($graph, @people) = @_;
	$node->kg(join ";\n", map { ++$n; qq{SELECT kg_batch.enqueue('[{"speaker": "$_", "content": "I live in Oslo."}]', key => 'k$n', final => true, graph => '$graph')} } @people);
	return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 120), scalar(@people) . ' have spoken');
}
sub id { return "(SELECT node_id FROM kg_batch.identity WHERE graph_id = kg_batch.graph_id('$_[0]') AND label = '$_[1]')"; }
sub say { my ($graph, $verb, $one, $other) = @_; return $node->kg("SELECT kg_batch.$verb(@{[id($graph, $one)]}, @{[id($graph, $other)]}, graph => '$graph')"); }
# Pairs of names, those of one node together.
sub review
{
	my ($graph) = @_;
	return $node->kg(qq{SELECT string_agg(pair, ', ' ORDER BY pair COLLATE "C") FROM (SELECT least(a, b) || ' or ' || greatest(a, b) AS pair FROM kg_batch.review r
		CROSS JOIN LATERAL (SELECT string_agg(label, '+' ORDER BY label COLLATE "C") COLLATE "C" AS a FROM kg_batch.identity i WHERE i.graph_id = r.graph_id AND i.node_id = r.node_a) x
		CROSS JOIN LATERAL (SELECT string_agg(label, '+' ORDER BY label COLLATE "C") COLLATE "C" AS b FROM kg_batch.identity i WHERE i.graph_id = r.graph_id AND i.node_id = r.node_b) y
		WHERE r.graph_id = kg_batch.graph_id('$graph') AND r.verdict = 'unsure') s});
}

# Whether a "B. Zimmermann" is a Bob the model does not know.
my $both = 'B. Quintero or Robert Quintero, B. Zimmermann or Robert Zimmermann';
sub begin
{
	my ($graph) = @_;
	$node->kg("SELECT kg_batch.create_graph('$graph')");
	hand_in($graph, 'Robert Zimmermann', 'B. Zimmermann', 'Robert Quintero', 'B. Quintero');
	return is(review($graph), $both, "$graph: what the model is unsure of");
}

begin('merged');
say('merged', 'merge', 'Robert Zimmermann', 'Robert Quintero');
my $word = say('merged', 'merge', 'B. Zimmermann', 'B. Quintero');
is(review('merged'), 'B. Quintero+B. Zimmermann or Robert Quintero+Robert Zimmermann', 'two nodes that two pairs are unsure of are one question');
$node->kg("SELECT kg_batch.undo($word, graph => 'merged')");
is(review('merged'), 'B. Quintero or Robert Quintero+Robert Zimmermann, B. Zimmermann or Robert Quintero+Robert Zimmermann', '… undone they are two again');

# Robert and Benjamin cannot be one: "full names" forbids it.
begin('vetoed');
hand_in('vetoed', 'Benjamin Zimmermann');
is($node->kg("SELECT @{[id('vetoed', 'B. Zimmermann')]} = @{[id('vetoed', 'Benjamin Zimmermann')]}"), 't', 'the B. is a Benjamin, the model says');
is(review('vetoed'), 'B. Quintero or Robert Quintero', 'whom a veto keeps from one of a node nobody is asked about');
$node->kg("SELECT kg_batch.unmerge(@{[id('vetoed', 'B. Zimmermann')]}, ARRAY(SELECT identity_id FROM kg_batch.identity WHERE graph_id = kg_batch.graph_id('vetoed') AND label = 'B. Zimmermann'), graph => 'vetoed')");
is(review('vetoed'), $both, '… taken from it, it is a question again');

begin('kept apart');
hand_in('kept apart', 'Elsa');
say('kept apart', 'keep_apart', 'B. Quintero', 'Elsa');
is(review('kept apart'), $both, 'a word on others changes nothing');
say('kept apart', 'merge', 'Robert Quintero', 'Elsa');
is(review('kept apart'), 'B. Zimmermann or Robert Zimmermann', 'whom a person keeps from one of a node nobody is asked about');
my $before = review('kept apart');
$node->kg("SELECT kg_batch.rebuild('kept apart')");
is(review('kept apart'), $before, 'computed again it is the same');
say('kept apart', 'keep_apart', 'B. Zimmermann', 'Robert Zimmermann');
is(review('kept apart'), '', '… and of two whom a person keeps apart nothing is asked');

$node->stop('fast');
done_testing();
