# What a person says of two things holds, and can be taken back without a trace:
# the graph is a function of what was said and decided, not of the way to it.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('one_node', settings => { 'kg_batch.use_batch_api' => 'off' });

# Two conversations: one animal under two names, with the same owner.
sub told
{
	my ($words, $key) = @_;
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Alice", "content": "$words"}]', key => '$key', final => true)});
	return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), "read: $words");
}
sub number { return $node->kg(@_); }
sub digest { return $node->kg('SELECT kg_batch.graph_digest()'); }
sub node_of { return number("SELECT node_id FROM kg_batch.node WHERE label = '$_[0]'"); }
sub statements { return number("SELECT count(DISTINCT e.source_id) FROM kg_batch.edge e WHERE e.target_id = $_[0]"); }
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '… and the error says why');
}

told('I adopted a cat called Clyde.', 'one');
told('I adopted a cat called Marmalade.', 'two');
my ($clyde, $marmalade, $alice) = map { node_of($_) } 'Clyde', 'Marmalade', 'Alice';
ok($clyde && $marmalade && $clyde != $marmalade, 'two names are two nodes');
my $before = digest();
my $of_alice = statements($alice);

# ---- merge and undo ----

my $decision = number("SELECT kg_batch.merge($marmalade, $clyde, 'a nickname')");
is(number("SELECT count(*) FROM kg_batch.node WHERE node_id IN ($clyde, $marmalade)"), 1, 'after merge they are one node');
my ($kept, $gone) = sort { $a <=> $b } $clyde, $marmalade;
is(number("SELECT node_id FROM kg_batch.node WHERE node_id IN ($clyde, $marmalade)"), $kept, '… with the lower id');
is(number("SELECT node_id FROM kg_batch.node_redirect WHERE old_node_id = $gone"), $kept, '… to which the other one leads');
is(number("SELECT count(*) FROM kg_batch.explain($gone)"), 2, 'explain takes the old id and shows two identities');
is(number("SELECT string_agg(DISTINCT made_by || ' ' || verdict || ' ' || reason, ', ') FROM kg_batch.explain($kept)"), 'person same a nickname',
	'… and who said so');
is(number("SELECT count(*) FROM kg_batch.edge e LEFT JOIN kg_batch.node n ON n.node_id = e.target_id WHERE n.node_id IS NULL"), 0, 'no edge leads nowhere');
is(number("SELECT count(*) FROM kg_batch.node n WHERE NOT EXISTS (SELECT FROM kg_batch.identity i WHERE i.node_id = n.node_id)"), 0, 'no node is empty');
cmp_ok(statements($alice), '<', $of_alice, 'statements that are equal now are one');
isnt(digest(), $before, 'the digest knows of it');
my $merged = digest();
refused("SELECT kg_batch.merge($clyde, $marmalade)", qr/are one already/, 'merging what is one');
refused("SELECT kg_batch.keep_apart($clyde, $marmalade)", qr/are one.*HINT.*unmerge/s, 'keeping apart what is one');

number("SELECT kg_batch.undo($decision)");
is(digest(), $before, 'after undo the digest is what it was before');
is(statements(node_of('Alice')), $of_alice, 'and so are the statements');
is(join(' ', map { node_of($_) } 'Clyde', 'Marmalade'), "$clyde $marmalade", '… and the ids');
is(number('SELECT count(*) FROM kg_batch.node_redirect WHERE old_node_id = ' . node_of('Marmalade')), 0, '… which lead nowhere else');
refused("SELECT kg_batch.undo($decision)", qr/is undone already/, 'undoing twice');

# ---- what comes later finds it so ----

number("SELECT kg_batch.merge($clyde, $marmalade)");
is(digest(), $merged, 'merging again gives the same graph again');
told('I adopted a cat called Marmalade in Oslo.', 'three');
is(number(q{SELECT count(DISTINCT node_id) FROM kg_batch.identity WHERE label IN ('Clyde', 'Marmalade') AND node_id IN (SELECT node_id FROM kg_batch.node)}), 1,
	'a later mention is of the joined node');

# ---- unmerge ----

my $whole = number(q{SELECT DISTINCT node_id FROM kg_batch.identity WHERE label IN ('Clyde', 'Marmalade')});
refused("SELECT kg_batch.unmerge($whole, '{}')", qr/no identity was named/, 'taking out nothing');
refused("SELECT kg_batch.unmerge($whole, (SELECT array_agg(identity_id) FROM kg_batch.identity WHERE node_id = $whole))", qr/nothing to part/, 'taking out all');
refused("SELECT kg_batch.unmerge($whole, '{987654}')", qr/identity 987654 is none of node/, 'taking out a stranger');
number("SELECT kg_batch.unmerge($whole, (SELECT array_agg(identity_id) FROM kg_batch.identity WHERE node_id = $whole AND label = 'Marmalade'))");
is(number(q{SELECT count(DISTINCT node_id) FROM kg_batch.identity WHERE label IN ('Clyde', 'Marmalade')}), 2, 'unmerge makes two of them');
my $apart = digest();

# The later word beats the earlier, and undoing the later one gives the earlier back.
$decision = number(q{SELECT kg_batch.merge(min(node_id), max(node_id)) FROM kg_batch.node WHERE label IN ('Clyde', 'Marmalade')});
is(number(q{SELECT count(DISTINCT node_id) FROM kg_batch.identity WHERE label IN ('Clyde', 'Marmalade')}), 1, 'the later word beats the earlier');
number("SELECT kg_batch.undo($decision)");
is(digest(), $apart, 'undone, the earlier holds again');

# ---- another name, later ----

# What somebody was not called before may be somebody else's name: it is looked for
# again, by that name too.
my $by_alias = q{SELECT count(*) FROM kg_batch_internal.block b JOIN kg_batch_internal.identity i USING (graph_id, key)
	JOIN kg_batch.identity v USING (graph_id, identity_id) WHERE v.label = 'Robert Miller' AND b.kind = 'alias'};
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker": "Robert Miller", "content": "I live in Oslo."}]', key => 'four', final => true)});
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'Robert Miller has spoken');
is(number($by_alias), 0, 'he has no other name yet');
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker": "Robert Miller", "content": "I adopted a dog called Rex."},
	{"speaker": "Anna", "content": "Robert lives in Oslo."}]', key => 'five', final => true)});
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'somebody has called him Robert');
is(number($by_alias), 1, 'he is looked for by that name too');
is(number('SELECT count(*) FROM kg_batch_internal.identity WHERE unresolved AND NOT is_statement'), 0, 'and nothing waits to be looked at');

# ---- rights and bad input ----

refused('SELECT kg_batch.merge(987654, 1)', qr/node 987654 does not exist/, 'an unknown node');
refused("SELECT kg_batch.merge((SELECT min(source_id) FROM kg_batch.edge), $clyde)", qr/is a statement, and node \d+ is not/, 'a statement and a thing');
$node->safe_psql('kg', q{CREATE ROLE reader LOGIN; SELECT kg_batch.grant_access('reader', 'writer')});
my $err = '';
$node->psql('kg', "SELECT kg_batch.merge($clyde, $marmalade)", extra_params => [ '-U', 'reader' ], stderr => \$err);
like($err, qr/permission denied/, 'who is not admin of the graph cannot merge');

$node->stop('fast');
done_testing();
