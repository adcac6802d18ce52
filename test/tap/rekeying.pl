# Options on which keys depend can be changed once something was read: the graph is
# then the one that had them from the start, for no request; what a person said holds,
# and what could not hold is refused.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('rekeying', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });

sub number { return $node->kg(@_); }
sub done { return $node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}); }
sub digest { return $node->kg("SELECT kg_batch.graph_digest('$_[0]')"); }
sub asked { my @all = grep { $_->{stage} eq 'kg_extract' } $node->sim->chats; return scalar @all; }
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '... and the error says why');
}
my @said = (
	work => '[{"speaker":"Anna","id":"1","content":"I adopted a dog called Rex."},{"speaker":"Ben","content":"I live in Oslo."},{"speaker":"Anna","content":"My mother lives in Porto."}]',
	club => '[{"speaker":"Anna","content":"I adopted a cat called Mia."},{"speaker":"Anna","content":"I live in Oslo."},{"speaker":"Anna","content":"My mother lives in Rome."}]',
	mine => '[{"role":"user","content":"I adopted a dog called Rex."},{"role":"assistant","content":"How nice."},{"role":"user","content":"I live in Bergen."}]',
	kin => '[{"speaker":"Mum","content":"I visited Paris."},{"speaker":"Speaker 1","content":"I visited Paris with Anna."}]');
sub hand_in
{
	my ($graph, $options) = @_;
	# In one go: what a model is shown of a pair depends on what is there when it is asked.
	my @calls = ("SELECT kg_batch.create_graph('$graph', '$options')");
	for (my $i = 0; $i < @said; $i += 2)
	{
		push @calls, "SELECT kg_batch.enqueue('$said[$i + 1]', key => '$said[$i]', final => true, graph => '$graph')";
	}
	$node->kg(join '; ', 'BEGIN', @calls, 'COMMIT');
	return ok(done(), "$graph: read");
}
sub altered
{
	my ($graph, $options) = @_;
	number("SELECT kg_batch.alter_graph('$graph', '$options')");
	return ok(done(), "$graph: $options");
}
sub same
{
	my ($graph, $other, $name) = @_;
	is(number("SELECT string_agg(graph || ' ' || content, E'\\n') FROM kg_batch.compare('$graph', '$other')"), '', "$name: nothing differs");
	return is(digest($graph), digest($other), '... and the digest is the same');
}
sub sound
{
	my ($name) = @_;
	return is(number(q{SELECT (SELECT count(*) FROM kg_batch_internal.node n WHERE NOT EXISTS (SELECT FROM kg_batch_internal.identity i
			WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.identity i WHERE i.node_id IS NULL OR i.mentions = 0)
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node_redirect r WHERE EXISTS (SELECT FROM kg_batch_internal.node n
			WHERE n.graph_id = r.graph_id AND n.node_id = r.old_node_id) OR NOT EXISTS (SELECT FROM kg_batch_internal.node n
			WHERE n.graph_id = r.graph_id AND n.node_id = r.node_id))}), '0 0 0', "$name: the graph is sound");
}
sub ids { return number(qq{SELECT string_agg(i.key || ' ' || i.identity_id || ' ' || i.node_id, E'\\n' ORDER BY i.key) FROM kg_batch_internal.identity i JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = '$_[0]'}); }

# ---- names: there and back ----

hand_in('personal', '{}');
hand_in('shared', '{"names": "shared"}');
isnt(digest('personal'), digest('shared'), 'the two differ');
hand_in('g', '{}');
my ($ids, $questions) = (ids('g'), asked());
my $old_anna = number(q{SELECT min(node_id) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('g') AND label = 'Anna'});
altered('g', '{"names": "shared"}');
same('g', 'shared', 'names shared');
cmp_ok(number(q{SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('g') AND label = 'Anna'}), '>', 1, 'one name is several things now');
sound('names shared');
my $others = number(q{SELECT string_agg(node_id::text, ',') FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('g') AND label = 'Anna'});
number(q{SELECT kg_batch.rebuild('g')});
same('g', 'shared', 'rebuilt');
altered('g', '{"names": null}');
same('g', 'personal', 'and back');
sound('and back');
is(ids('g'), $ids, '... with the ids they had');
is(number(qq{SELECT count(*) FROM unnest('{$others}'::bigint[]) AS o (id) WHERE NOT EXISTS (SELECT FROM kg_batch.explain(o.id, 'g') WHERE label = 'Anna')}), 0, 'ids that it had in between lead to it');
is(number("SELECT count(*) FROM kg_batch.node WHERE node_id = $old_anna"), 1, 'the id of one who fell apart and is one again is a node');
is(asked(), $questions, 'nothing was read again');

# What comes later is keyed by the option that holds.
altered('g', '{"names": "shared"}');
for my $graph ('g', 'shared')
{
	number(qq{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I visited Rome."}]', key => 'later', final => true, graph => '$graph')});
}
ok(done(), 'something came later');
same('g', 'shared', 'later');

# ---- what a person said ----

hand_in('words', '{}');
sub node_of { return "(SELECT min(node_id) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('$_[0]') AND label = '$_[1]')"; }
sub say_words
{
	my ($graph) = @_;
	number("SELECT kg_batch.merge(@{[node_of($graph, 'Mia')]}, @{[node_of($graph, 'Porto')]}, graph => '$graph')");
	number("SELECT kg_batch.keep_apart(@{[node_of($graph, 'Ben')]}, @{[node_of($graph, 'Bergen')]}, graph => '$graph')");
	number("SELECT kg_batch.correct(@{[node_of($graph, 'Rome')]}, 'category', 'capital', graph => '$graph')");
	return number("SELECT kg_batch.retract(fact_id, graph => '$graph') FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('$graph') AND conversation = 'work' AND text ~ 'Oslo'");
}
say_words('words');
hand_in('words shared', '{"names": "shared"}');
say_words('words shared');
altered('words', '{"names": "shared"}');
same('words', 'words shared', 'words');
altered('words', '{"names": "personal"}');
is(number(q{SELECT category FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('words') AND label = 'Rome'}), 'capital', 'a correction holds there and back');
is(number(q{SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('words') AND label IN ('Mia', 'Porto')}), 1, '... and a merge');

# A correction of what falls apart is one of all its parts; anything else is not dropped silently.
my $anna = number('SELECT ' . node_of('words', 'Anna'));
number("SELECT kg_batch.correct($anna, 'add_alias', 'Annie', graph => 'words')");
my $merge = number("SELECT kg_batch.merge($anna, @{[node_of('words', 'Paris')]}, graph => 'words')");
my $before = digest('words');
refused(q{SELECT kg_batch.alter_graph('words', '{"names": "shared"}')}, qr/while decision $merge counts.*HINT:.*undo\($merge, 'words'\)/s, 'to let what was merged fall apart');
is(digest('words'), $before, '... and nothing has changed');
number("SELECT kg_batch.undo($merge, 'words')");
my $split = number("SELECT kg_batch.split($anna, 'club', graph => 'words')");
refused(q{SELECT kg_batch.alter_graph('words', '{"names": "shared"}')}, qr/while split $split counts/, 'with a split');
number("SELECT kg_batch.undo($split, 'words')");
altered('words', '{"names": "shared"}');
is(number(q{SELECT bool_and('Annie' = ANY (aliases)) AND count(*) > 1 FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('words') AND label = 'Anna'}), 't', 'a correction holds for all parts');
my ($one, $two) = split /\n/, number(q{SELECT node_id FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('words') AND label = 'Anna' ORDER BY 1 LIMIT 2});
my $apart = number("SELECT kg_batch.keep_apart($one, $two, graph => 'words')");
refused(q{SELECT kg_batch.alter_graph('words', '{"names": "personal"}')}, qr/while decision $apart counts/, 'to make one of what is kept apart');

# ---- answers that are gone ----

my $read = digest('shared');
number(q{UPDATE kg_batch_internal.answer a SET body = NULL FROM kg_batch_internal.graph g WHERE g.graph_id = a.graph_id AND g.name = 'shared'});
refused(q{SELECT kg_batch.alter_graph('shared', '{"names": "personal"}')}, qr/answers of 5 chunks of graph "shared" are not stored any more.*HINT:.*kg_batch.reread\(graph => 'shared'\)/s, 'without answers');
is(digest('shared'), $read, '... and nothing has changed');
number(q{SELECT kg_batch.reread(options => '{"model": "gpt-5.6-luna"}', graph => 'shared')});
ok(done(), 'read again');
altered('shared', '{"names": "personal"}');
number(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I visited Rome."}]', key => 'later', final => true, graph => 'personal')});
ok(done(), 'read');
same('shared', 'personal', 'after a second reading it can be changed');
number(q{SELECT kg_batch.create_graph('taken')});
number(q{SELECT kg_batch.import('jsonl', (SELECT string_agg(line, E'\n') FROM kg_batch.export('jsonl', graph => 'personal') AS line), graph => 'taken')});
ok(done(), 'imported');
refused(q{SELECT kg_batch.alter_graph('taken', '{"names": "shared"}')}, qr/into which something was imported/, 'what was imported');

# ---- self ----

hand_in('me', '{}');
hand_in('nora', '{"self": "Nora"}');
$questions = asked();
my $err = '';
$node->psql('kg', q{SELECT kg_batch.alter_graph('me', '{"self": "Nora"}')}, stderr => \$err);
like($err, qr/NOTICE:  1 chunks were asked about under the name.*HINT:.*kg_batch.reread\(graph => 'me'\)/s, 'what was asked under another name is said');
is(number(q{SELECT options ->> 'self' FROM kg_batch.graph WHERE name = 'me'}), 'Nora', '... and the option is set');
number(q{SELECT kg_batch.reread(graph => 'me')});
ok(done(), 'read again');
is(asked(), $questions + 1, 'only what nameless users said is asked again');
same('me', 'nora', 'self');

$node->stop('fast');
done_testing();
