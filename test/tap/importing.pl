# What was exported comes back as the same graph, a plain list becomes one, and
# both are evidence like any conversation: joined with it, folded by rounds. What
# is wrong is named by line and field, and nothing of it stays.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('importing', settings => { 'kg_batch.use_batch_api' => 'off' });

sub kg { my ($sql) = @_; utf8::encode($sql); my $out = $node->kg($sql); utf8::decode($out); return $out; }
sub export { return split /\n/, kg("SELECT kg_batch.export('jsonl', '$_[0]')"); }
sub taken_in { my ($data, $graph) = @_; return kg("SELECT * FROM kg_batch.import('jsonl', \$data\$$data\$data\$, '$graph')"); }
sub refused
{
	my ($data, $why, $name, $sql) = @_;
	my ($out, $err) = ('', '');
	$sql //= "SELECT * FROM kg_batch.import('jsonl', \$data\$$data\$data\$, 'wrong')";
	utf8::encode($sql);
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, 'and the error says where and why');
}
sub read_all { return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 120), "read: $_[0]"); }
sub links { return kg(qq{SELECT string_agg(concat_ws(' ', from_label, split_part(relation, ' (', 1), to_label, since, until), E'\\n' ORDER BY from_label, relation, to_label COLLATE "C")
	FROM kg_batch.links l JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$_[0]'}); }

# How an export looks apart from what the way in changes: where it was said, and
# how often.
sub content
{
	my @lines;
	for (@_)
	{
		my $object = JSON::PP->new->decode($_);
		next if $object->{kg_batch} eq 'evidence';
		delete @{$object}{qw(mentions id conversation)};
		push @lines, JSON::PP->new->canonical->encode($object);
	}
	return join "\n", sort @lines;
}

$node->kg("SELECT kg_batch.create_graph('$_')") for 'origin', 'copy', 'parts', 'list', 'wrong', 'both';

# ---- what was exported ----

my @talks = ([ 'Anna', 'I live in Zürich. I adopted a cat called Marmalade in May 2022.' ], [ 'Bob', 'I work at Calder Health. I do not like \"rain\".' ],
	[ 'Anna', 'I no longer work at Aire Bank. My sister Emma lives in Lisbon.' ], [ 'Tom', 'I want to visit Rome next year.' ]);
for my $n (0 .. $#talks)
{
	kg(qq{SELECT kg_batch.enqueue('[{"speaker": "$talks[$n][0]", "id": 1, "sent_at": "2024-05-0${\ ($n + 1)}T12:00Z", "content": "$talks[$n][1]"}]', key => 'talk $n', final => true, graph => 'origin')});
}
read_all('conversations');
my @origin = export('origin');
my ($nodes, $edges, $facts) = map { my $what = $_; scalar grep { /^\{"kg_batch":"$what"/ } @origin } qw(node edge fact);
cmp_ok($nodes, '>', 10, 'there is something to export');
is(taken_in(join("\n", @origin), 'copy'), "$nodes|$edges|$facts", 'what was exported is taken in');
read_all('the copy');
is(content(export('copy')), content(@origin), 'and is the same graph');
is(links('copy'), links('origin'), 'as people read it');
is(kg(q{SELECT count(*) FROM kg_batch.node n JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'copy' AND NOT EXISTS (SELECT FROM kg_batch.evidence e
	WHERE e.graph_id = n.graph_id AND e.node_id = n.node_id)}), 0, 'no node is without evidence');
is(kg(q{SELECT count(*) FROM kg_batch.evidence e JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'copy' AND (NOT e.matched OR e.quote <> e.fact OR e.conversation !~ '^import ')}),
	0, 'which is the fact in words');
is(kg(q{SELECT string_agg(DISTINCT said_by, ' ' ORDER BY said_by) FROM kg_batch.fact f JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'copy'}), 'Anna Bob Tom', 'who said it is kept');
my $digest = kg(q{SELECT kg_batch.graph_digest('copy')});
is(taken_in(join("\n", @origin), 'copy'), '0|0|0', 'the same again is nothing new');
read_all('the same again');
is(kg(q{SELECT kg_batch.graph_digest('copy')}), $digest, 'and changes nothing');
is(kg(q{SELECT count(*) FROM kg_batch.find('zurich', graph => 'copy') WHERE how = 'loose'}), 1, 'what was imported is found');

# Into a graph that knows some of it: no second Anna.
kg(q{SELECT kg_batch.enqueue('[{"speaker": "Anna", "id": 1, "sent_at": "2024-05-01T12:00Z", "content": "I live in Zürich."}]', key => 'talk 0', final => true, graph => 'both')});
read_all('a conversation');
taken_in(join("\n", @origin), 'both');
read_all('an import beside it');
is(kg(q{SELECT string_agg(label || ' ' || n, ' ' ORDER BY label COLLATE "C") FROM (SELECT label, count(*) AS n FROM kg_batch.node JOIN kg_batch.graph g USING (graph_id)
	WHERE g.name = 'both' AND label IN ('Anna', 'Zürich', 'Bob') GROUP BY 1) x}), 'Anna 1 Bob 1 Zürich 1', 'what is there already is met, not doubled');

# ---- a plain list ----

my $list = <<'END';
{"node": "Anna", "class": "person", "aliases": ["Annie"], "attributes": {"age": "41", "mail": ["a@example.org", "b@example.org"]}}

{"node": "Acme", "class": "organisation", "category": "company"}
{"node": "Quiet Valley", "class": "place"}
{"from": "Anna", "relation": "works at", "to": "Acme", "since": "2021"}
{"from": "Anna", "relation": "visited", "to": "Überlingen", "type": "Event", "since": "2023-05-08", "fact": "Anna went to see Überlingen."}
{"from": "Acme", "relation": "\"owns\" \\ `x`", "to": "Acme", "until": "2020-02"}
END
is(taken_in($list, 'list'), '4|3|4', 'a plain list is taken in');
read_all('the list');
is(links('list'), "Acme \"owns\" \\ `x`\nAnna visited Überlingen 2023-05-08\nAnna works at Acme 2021" =~ s/(`x`)/$1 Acme 2020-02/r, 'and is a graph')
  or diag(kg(q{TABLE kg_batch.links}));
is(kg(q{SELECT class || ' ' || aliases::text || ' ' || attributes::text FROM kg_batch.node WHERE label = 'Anna' AND graph_id = kg_batch.graph_id('list')}),
	'person {Annie} {"age": "41", "mail": ["a@example.org", "b@example.org"]}', 'with what is said of a node');
is(kg(q{SELECT string_agg(fact, '|' ORDER BY fact COLLATE "C") FROM kg_batch.facts('Quiet Valley', graph => 'list')}), 'Quiet Valley: place.', 'a node that nothing links is there');
is(kg(q{SELECT string_agg(fact, '|' ORDER BY fact COLLATE "C") FROM kg_batch.facts('Annie', graph => 'list')}), 'Anna went to see Überlingen.|Anna works at Acme since 2021.', 'edges are facts in words');
is(kg(q{SELECT string_agg(how, ' ') FROM kg_batch.find('Annie', 1, 'list')}), 'alias', 'and are found');

# It meets what conversations say of the same.
kg(q{SELECT kg_batch.enqueue('[{"speaker": "Anna", "id": 1, "sent_at": "2024-05-01T12:00Z", "content": "I live in Zürich."}]', key => 'talk', final => true, graph => 'list')});
read_all('a conversation beside it');
is(kg(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Anna' AND graph_id = kg_batch.graph_id('list')}), 1, 'an Anna of the list is the Anna who speaks');

# More than one chunk holds: statements keep what takes part in them.
my @many = map { qq({"from": "hub", "relation": "knows", "to": "n$_"}) } 1 .. 1000;
taken_in(join("\n", @many), 'parts');
read_all('a long list');
is(kg(q{SELECT count(*) FROM kg_batch.links WHERE graph_id = kg_batch.graph_id('parts') AND from_label = 'hub' AND to_label ~ '^n[0-9]+$'}), 1000, 'a long list is all there');
is(kg(q{SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('parts') AND NOT is_statement}), 1001, 'each thing once');

# ---- what is wrong ----

my $good = '{"from": "Anna", "relation": "knows", "to": "Bob"}' . "\n";
refused($good . '{"from": "Anna", "relation": "knows"}', qr/line 2, field "to": it is missing/, 'an edge to nobody');
refused($good . '{"from": "Anna", "relation": "knows", "to": ""}', qr/line 2, field "to": it must not be empty/, 'an empty name');
refused($good . "\n" . '{"node": "Anna", "class": "pirate"}', qr/line 3, field "class": "pirate" is none of person, animal/, 'an unknown class');
refused($good . '{"node": "Anna", "clas": "person"}', qr/line 2, field "clas": there is no such field here/, 'a misspelt field');
refused($good . '{"node": ["Anna"]}', qr/line 2, field "node": it must be a text/, 'a name that is none');
refused($good . '{"node": "Anna"} x', qr/line 2: this is no JSON object/, 'what is no JSON');
refused($good . '[1]', qr/line 2: this is no JSON object/, 'what is no object');
refused($good . '{"name": "Anna"}', qr/line 2, field "node": a line has "node", or "from"/, 'a line of nothing');
refused($good . '{"from": "a", "relation": "b", "to": "c", "since": "2021-02-30"}', qr/line 2, field "since": "2021-02-30" is no date/, 'a day that is none');
refused($good . '{"node": "Anna"}' . "\n" . '{"node": "Anna"}', qr/line 3, field "node": "Anna" is listed twice/, 'a node twice');
refused($good . '{"node": "a\u0000b"}', qr/line 2, field "node": it must not hold U\+0000/, 'U+0000');
refused($good . '{"node": "' . 'a' x 1001 . '"}', qr/line 2, field "node": it has over 1000 bytes/, 'a long name');
refused($good . '{"node": "a\ud800"}', qr/line 2: this is no JSON object/, 'half a character');
refused($good . '{"kg_batch": "edge", "source": "cbd3c7af-d88f-8fbc-4241-81dfda896fd5", "predicate": "p", "target": "cbd3c7af-d88f-8fbc-4241-81dfda896fd5"}',
	qr/line 2, field "source": no line before this one has the statement cbd3c7af/, 'an edge of nothing');
refused($good . '{"kg_batch": "fact", "id": "cbd3c7af-d88f-8fbc-4241-81dfda896fd5", "text": "x", "modality": "asserted", "nodes": ["x"]}', qr/line 2, field "nodes": no line before this one has the node x/, 'a fact of nothing');
refused($good . '{"kg_batch": "node", "key": "1", "type": "Entity", "label": "x"}', qr/line 2, field "key": "1" is no key of an export/, 'a key that is none');
refused($good . '{"kg_batch": "node", "key": "cbd3c7af-d88f-8fbc-4241-81dfda896fd5", "type": "Entity", "class": "person", "label": ""}', qr/line 2, field "label": it must not be empty/, 'a thing without a name');
refused('', qr/format "csv" cannot be imported/, 'another format', q{SELECT * FROM kg_batch.import('csv', 'a,b', 'wrong')});
refused('', qr/argument "data" must not be null/, 'no data', q{SELECT * FROM kg_batch.import('jsonl', NULL, 'wrong')});
is(kg(q{SELECT count(*) FROM kg_batch_internal.conversation WHERE graph_id = kg_batch.graph_id('wrong')}), 0, 'nothing of all this was stored');
is(taken_in("\n \n", 'wrong'), '0|0|0', 'no line is nothing');

done_testing();
