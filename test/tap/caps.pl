# Where a cap of resolution was hit, the view review says so: what nobody compared
# or joined for being too many is for a person to know.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('caps', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });
my $n = 0;

sub hand_in
{
	my ($graph, @people) = @_;
	$node->kg(join ";\n", map { ++$n; qq{SELECT kg_batch.enqueue('[{"speaker": "$_", "content": "I live in Oslo."}]', key => 'k$n', final => true, graph => '$graph')} } @people);
	return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 120), scalar(@people) . ' have spoken');
}
sub review { return $node->kg("SELECT label_a, label_b, verdict, reason FROM kg_batch.review WHERE graph_id = kg_batch.graph_id('$_[0]') AND verdict ~ '$_[1]' ORDER BY 1, 2, 3, 4"); }
sub same { return $node->kg("UPDATE kg_batch_internal.decision d SET verdict = 'same', confidence = 990, to_apply = true FROM kg_batch.decision v
	WHERE v.graph_id = d.graph_id AND v.decision_id = d.decision_id AND ARRAY[v.identity_a, v.identity_b] <@ ARRAY(
		SELECT identity_id FROM kg_batch.identity WHERE graph_id = d.graph_id AND label IN ('$_[0]', '$_[1]')) RETURNING d.verdict"); }

# ---- a block larger than is compared whole ----

my @given = qw(Ada Bruno Celia Dario Edda Fabio Greta Hugo Ilse Jonas Klara Lasse Mira Nils Olga Pavel Rosa);
$node->kg(q{SELECT kg_batch.create_graph('crowd')});
hand_in('crowd', map { "$_ Zetterstrom" } @given);
is(review('crowd', 'block'), '', 'seventeen of one family are compared with each other');
hand_in('crowd', 'Sven Zetterstrom');
is(review('crowd', 'block'), 'Ada Zetterstrom|Sven Zetterstrom|block|18 that meet by token, from the first to the last by name: each was compared with its neighbours only',
	'with the eighteenth not all are: it is listed');
my $listed = review('crowd', 'block');
$node->kg(q{SELECT kg_batch.rebuild('crowd')});
is(review('crowd', 'block'), $listed, '… computed again it is still');
$node->kg("SELECT kg_batch.forget('k18', graph => 'crowd')");
is(review('crowd', 'block'), '', 'of whom one is forgotten they are all compared');
is($node->kg('SELECT count(*) FROM kg_batch_internal.crowded_block'), 0, '… without a trace');

# ---- who met while there were fewer ----

# An "A. Zetterstrom" may be any of them. Among so many each is compared with those
# next to it by name, so whether it met Azra depends on who came first.
my @alike = ('A. Zetterstrom', 'Azra Zetterstrom');
my @many = map { "$_ Zetterstrom" } qw(Abel Ada Adam Agnes Aida Alan Alba Amos Anka Anton Arne Arvid Asta Astrid Aurel Axel Ayla);
my $one = sub { my ($graph) = @_; return $node->kg("SELECT count(DISTINCT node_id) = 1 FROM kg_batch.identity WHERE graph_id = kg_batch.graph_id('$graph') AND label IN ('$alike[0]', '$alike[1]')"); };
my $digests = sub { return $node->kg(q{SELECT count(DISTINCT kg_batch.graph_digest(name)) FROM kg_batch.graph WHERE name IN ('early', 'late')}); };
$node->kg("SELECT kg_batch.create_graph('$_')") for qw(early late);
$n = 100;
hand_in('early', @alike);
is($one->('early'), 't', 'of two who meet the model says that they are one');
hand_in('early', @many);
$n = 102;
hand_in('late', @many);
$n = 100;
hand_in('late', @alike);
# Of all others the model says that they are not.
my $others_differ = sub {
	my ($round) = @_;
	$node->kg("UPDATE kg_batch_internal.decision d SET verdict = 'different', confidence = 990, to_apply = true FROM kg_batch.decision v WHERE v.graph_id = d.graph_id AND v.decision_id = d.decision_id
		AND d.graph_id IN (kg_batch.graph_id('early'), kg_batch.graph_id('late')) AND d.verdict <> 'open' AND NOT '$alike[1]' IN (
		(SELECT label FROM kg_batch.identity WHERE graph_id = d.graph_id AND identity_id = v.identity_a), (SELECT label FROM kg_batch.identity WHERE graph_id = d.graph_id AND identity_id = v.identity_b))");
	for my $graph (qw(early late)) { $n = 200 + $round; hand_in($graph, "Zoe$round"); }
};
$others_differ->(1);
for my $graph (qw(early late))
{
	like(review($graph, 'block'), qr/^A\S+ Zetterstrom\|\w+ Zetterstrom\|block\|19 that meet by token/, "$graph: the family is listed");
}
is($one->('late'), 'f', 'two who did not meet are two');
is($digests->(), 2, 'who met whom depends on the order');
$node->kg("SELECT kg_batch.rebuild('$_')") for qw(early late);
is($one->('early') . $one->('late'), 'tf', 'computed again what was said is still said');
$node->kg("SELECT kg_batch.rebuild('$_', recompare => true)") for qw(early late);
is($one->('early') . $one->('late'), 'ff', 'compared again it is those who meet that count');
# What is found now is asked about with whatever comes next.
$others_differ->(2);
$others_differ->(3);
is($digests->(), 1, '… and when it is asked about the two graphs are one') or diag($node->kg(q{SELECT * FROM kg_batch.compare('early', 'late')}));
is(review('early', 'block'), review('late', 'block'), '… and what is listed too');
$node->kg("SELECT kg_batch.rebuild('$_')") for qw(early late);
is($digests->(), 1, '… computed again still');

# ---- two large groups ----

# Whether a "B. Zimmermann" is the Benjamin or a Bob the model does not know.
my @first = qw(Agnieszka Bertrand Clotilde Desmond Euphemia Ferdinand Gwendolyn Horatio Isolde Jeremiah Katarzyna Leopold Mathilda Nathaniel Ottoline Percival Quentin Rosalind Sebastian
	Theodora Ulysses Veronika Wilhelmina Xavier Yolanda Zebedee Ambrose Beatrix Cornelius Dorothea Ezekiel Florentine Gideon Henrietta Ignatius Josephine Kasimir Lucretia);
my @hub = (['Robert Zimmermann', 'Robert Quintero', @first[ 0 .. 18 ]], ['B. Zimmermann', 'B. Quintero', @first[ 19 .. 37 ]]);
$node->kg(q{SELECT kg_batch.create_graph('hubs')});
hand_in('hubs', map { @$_ } @hub);
my $id = "(SELECT node_id FROM kg_batch.identity WHERE graph_id = kg_batch.graph_id('hubs') AND label = '%s')";
for my $hub (@hub)
{
	my ($one, @others) = @$hub;
	$node->kg(sprintf "SELECT kg_batch.merge($id, $id, graph => 'hubs')", $one, $_) for @others;
}
is($node->kg("SELECT count(DISTINCT x) FROM (VALUES (@{[sprintf $id, 'Robert Zimmermann']}), (@{[sprintf $id, 'B. Zimmermann']})) v (x)"), 2, 'a person makes two nodes of 21 each');
is(review('hubs', 'large'), '', 'nothing says that they are one');
is($node->kg("SELECT count(*) FROM kg_batch.decision WHERE graph_id = kg_batch.graph_id('hubs') AND verdict = 'unsure' AND node_a <> node_b"), 2, 'of two pairs of them the model is unsure');
is($node->kg("SELECT count(*) FROM kg_batch.review WHERE graph_id = kg_batch.graph_id('hubs')"), 1, '… which is one question to a person');
is(same('Robert Zimmermann', 'B. Zimmermann'), 'same', 'a model says it of one pair');
hand_in('hubs', 'Zachariah');
is($node->kg("SELECT verdict FROM kg_batch.review WHERE graph_id = kg_batch.graph_id('hubs') AND verdict = 'large' AND ARRAY[node_a, node_b] <@ ARRAY[@{[sprintf $id, 'Robert Zimmermann']}, @{[sprintf $id, 'B. Zimmermann']}]"),
	'large', 'which is not enough for two of more than 20: it is listed');
is(same('Robert Quintero', 'B. Quintero'), 'same', '… and of another');
hand_in('hubs', 'Barnabas');
is($node->kg("SELECT count(DISTINCT x) FROM (VALUES (@{[sprintf $id, 'Robert Zimmermann']}), (@{[sprintf $id, 'B. Zimmermann']})) v (x)"), 1, 'two are enough');
is(review('hubs', 'large'), '', '… and nothing is listed any more');

$node->stop('fast');
done_testing();
