# Things are found by any form of their name and by the words of what was said of
# them, and lead to each other over what was said. The order in which
# conversations come changes nothing of it.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('finding', settings => { 'kg_batch.use_batch_api' => 'off' });

sub told
{
	my ($graph, $key, $words, $speaker) = @_;
	$speaker //= 'Anna';
	utf8::encode(my $sql = qq{SELECT kg_batch.enqueue('[{"speaker": "$speaker", "id": 1, "sent_at": "2024-05-03T12:00Z", "content": "$words"}]', key => '$key', final => true, graph => '$graph')});
	$node->kg($sql);
	return;
}
sub shown { my ($sql) = @_; utf8::encode($sql); my $out = $node->kg($sql); utf8::decode($out); return $out; }
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, 'and the error says why');
}
sub id_of { return shown(qq{SELECT node_id FROM kg_batch.node n JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '${\ ($_[1] // 'one')}' AND n.label = '$_[0]'}); }
sub found
{
	my ($text, $graph, $most) = @_;
	$most //= 20;
	return shown(qq{SELECT string_agg(concat_ws(' ', label, how, trim_scale(score)), ', ') FROM kg_batch.find('$text', $most, '${\ ($graph // 'one')}')});
}

my @talks = ([ 'home', 'I live in Zürich.' ], [ 'work', 'I work at Calder Health.' ], [ 'cat', 'I adopted a cat called Marmalade.' ],
	[ 'sister', 'My sister Emma lives in Lisbon.' ], [ 'bob', 'I work at Calder Health.', 'Bob' ], [ 'tom', 'My brother Tom works at Aire Bank.', 'Bob' ]);
$node->kg("SELECT kg_batch.create_graph('$_')") for 'one', 'other way', 'empty';
told('one', @$_) for @talks;
told('other way', @$_) for reverse @talks;
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'all is read');

# ---- find ----

is(found('Anna', 'one', 1), 'Anna exact 1', 'a label finds its node first');
like(found('Calder Health'), qr/^Calder Health exact 1(,|$)/, 'of several words too');
like(found('calder  HEALTH'), qr/^Calder Health loose 0\.9(,|$)/, 'in another case');
like(found('zurich'), qr/^Zürich loose 0\.8(,|$)/, 'without its accents');
like(found('Health Calder'), qr/^Calder Health loose 0\.8(,|$)/, 'in another order');
like(found('Marmelade'), qr/^Marmalade loose 0\.6(,|$)/, 'with a slip');
like(found('adopted cat'), qr/\bMarmalade fact 0\.\d+/, 'words of a fact find what it speaks of');
is(shown(q{SELECT bool_and(f.fact ~* 'adopted.*cat') FROM kg_batch.find('adopted cat', graph => 'one') f WHERE f.how = 'fact'}), 't', 'with the fact');
is(shown(q{SELECT type FROM kg_batch.find('adopted cat', graph => 'one') WHERE how = 'fact' LIMIT 1}), 'Event', 'the statement first');
is(found('Marmelada Torpedo'), '', 'what nobody spoke of is not found');
is(found('Anna', 'empty'), '', 'in an empty graph nothing is');
is(shown(q{SELECT count(*) FROM kg_batch.find('Calder Health', 2, 'one')}), 2, 'most bounds it');
is(shown(q{SELECT count(*) - count(DISTINCT node_id) FROM kg_batch.find('Calder Health', graph => 'one')}), 0, 'each node comes once');
is(found($_, 'other way'), found($_), "the order of conversations changes nothing: $_") for 'Anna', 'Calder Health', 'zurich', 'adopted cat', 'lives';

is(found('Marmlde'), '', 'without pg_trgm a mangled name is not found');
$node->kg('CREATE SCHEMA elsewhere; CREATE EXTENSION pg_trgm SCHEMA elsewhere');
like(found('Marmlde'), qr/^Marmalade trigram 0\.\d+/, 'with pg_trgm it is, wherever that is installed');
$node->kg('DROP EXTENSION pg_trgm');
is(found('Marmlde'), '', 'and not when it is gone');
my $named = $node->kg(qq{SELECT kg_batch.correct(${\ id_of('Marmalade')}, 'add_alias', 'Mister Paws', graph => 'one')});
is(found('Mister Paws', 'one', 1), 'Marmalade alias 0.95', 'an alias that a person gave is one');
is(found('mister PAWS', 'one', 1), 'Marmalade loose 0.9', 'in any case');
$node->kg("SELECT kg_batch.undo($named, 'one')");
unlike(found('Mister Paws', 'one', 1), qr/alias|0\.9/, 'until it is undone');
refused(q{SELECT kg_batch.find(NULL)}, qr/argument "text" must not be null/, 'no text');
refused(q{SELECT kg_batch.find('x', 0)}, qr/0 is outside the valid range for argument "most" \(1 to 10000\)/, 'nothing at most');
is(shown(q{SELECT count(*) FROM kg_batch.find('', graph => 'one')}), 0, 'an empty text finds nothing');
is(shown(q{SELECT count(*) FROM kg_batch.find(E'\\\\ '' " ( & | ! :* <-> %', graph => 'one')}), 0, 'no text is an error of syntax');

# ---- neighbors ----

sub around
{
	my ($label, $depth, $graph) = @_;
	$graph //= 'one';
	return shown(qq{SELECT string_agg(concat_ws(' ', distance, from_label, direction, split_part(relation, ' (', 1), label), E'\\n' ORDER BY distance, label COLLATE "C")
		FROM kg_batch.neighbors(${\ id_of($label, $graph)}, $depth, graph => '$graph')});
}
is(around('Zürich', 1), '1 Zürich in Residence Anna', 'a place leads to who lives there');
like(around('Anna', 1), qr/^1 Anna out Residence Zürich$/m, 'and back');
my $bob = around('Zürich', 3);
like($bob, qr/^1 Zürich in Residence Anna\n/, 'three steps: home');
like($bob, qr/^2 Anna out Employment Calder Health$/m, 'then work');
like($bob, qr/^3 Calder Health in Employment Bob$/m, 'and who works there too');
unlike($bob, qr/Zürich$/m, 'the way does not lead back to where it began');
is(shown(qq{SELECT count(*) - count(DISTINCT node_id) FROM kg_batch.neighbors(${\ id_of('Zürich')}, 5, graph => 'one')}), 0, 'each node comes once');
is(shown(qq{SELECT count(*) FROM kg_batch.neighbors(${\ id_of('Zürich')}, 5, most => 3, graph => 'one')}), 3, 'most bounds it');
is(around('Zürich', 4, 'other way'), around('Zürich', 4), 'the order of conversations changes nothing');
is(shown(qq{SELECT string_agg(relation || ' ' || label, ', ' ORDER BY label COLLATE "C") FROM kg_batch.neighbors((SELECT statement_id FROM
	kg_batch.neighbors(${\ id_of('Zürich')}, graph => 'one')), graph => 'one')}), 'resident Anna, place Zürich', 'a statement leads to what takes part in it');
my ($emma, $marmalade) = map { id_of($_) } 'Tom', 'Marmalade';
my ($kept, $gone) = sort { $a <=> $b } $emma, $marmalade;
$node->kg("SELECT kg_batch.merge($emma, $marmalade, graph => 'one')");
is(shown("SELECT string_agg(n::text, E'\\n') FROM kg_batch.neighbors($gone, graph => 'one') n"), shown("SELECT string_agg(n::text, E'\\n') FROM kg_batch.neighbors($kept, graph => 'one') n"),
	'an id from before a merge leads on');
refused(q{SELECT kg_batch.neighbors(4711, graph => 'one')}, qr/node 4711 does not exist/, 'an unknown node');
refused("SELECT kg_batch.neighbors($kept, graph => 'empty')", qr/node $kept does not exist/, "another graph's node");
refused(q{SELECT kg_batch.neighbors(NULL)}, qr/argument "node" must not be null/, 'no node');
refused("SELECT kg_batch.neighbors($kept, 0, graph => 'one')", qr/0 is outside the valid range for argument "depth"/, 'no step');

# ---- by index ----

$node->kg(q{SELECT kg_batch.create_graph('large')});
$node->kg(q{INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, label) SELECT g.graph_id, gen_random_uuid(), i > 50000, 'n' || i
	FROM kg_batch_internal.graph g, generate_series(1, 100000) i WHERE g.name = 'large'});
$node->kg(q{INSERT INTO kg_batch_internal.identity (graph_id, key, node_id, is_statement, class, type, kind, label_key, negated, named, scope, roles, role_keys)
	SELECT graph_id, key, node_id, false, 'other', 'Entity', 'thing', label, false, true, '', '{}', '{}' FROM kg_batch_internal.node WHERE label ~ '^n[0-9]+$'});
$node->kg(q{INSERT INTO kg_batch_internal.edge (graph_id, source_id, target_id, predicate, negated, mentions)
	SELECT s.graph_id, s.node_id, t.node_id, role, false, 1 FROM (VALUES ('agent', 50000), ('object', 49999)) AS r (role, less)
	JOIN kg_batch_internal.node s ON s.label ~ '^n[0-9]+$' AND s.is_statement
	JOIN kg_batch_internal.node t ON t.graph_id = s.graph_id AND t.label = 'n' || substr(s.label, 2)::int - less AND NOT t.is_statement});
$node->kg(q{ANALYZE kg_batch_internal.node; ANALYZE kg_batch_internal.identity; ANALYZE kg_batch_internal.edge});
sub rows_read { return $node->kg(q{SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables WHERE schemaname = 'kg_batch_internal' AND relname IN ('node', 'identity', 'edge')}); }
my $before = rows_read();
is(found('n77', 'large', 1), 'n77 exact 1', 'in a large graph a name is found');
is(shown(qq{SELECT string_agg(label, ' ' ORDER BY distance, label) FROM kg_batch.neighbors(${\ id_of('n77', 'large')}, 2, graph => 'large')}), 'n76 n78 n75 n79', 'and leads on');
cmp_ok(rows_read() - $before, '<', 1000, 'without reading a table as a whole');

done_testing();
