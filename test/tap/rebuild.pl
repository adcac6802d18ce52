# A graph that is computed again from mentions and decisions is the same graph, with
# the ids that it had; two graphs are compared by content.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('rebuild', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });

sub done { return $node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 240); }
sub digest { return $node->kg("SELECT kg_batch.graph_digest('$_[0]')"); }
sub ids
{
	# Where each id leads that a node has or had, and which ids identities have.
	return $node->kg(qq{SELECT string_agg(x, E'\n' ORDER BY x) FROM (
		SELECT 'node ' || node_id || ' ' || key AS x FROM kg_batch_internal.node JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = '$_[0]'
		UNION ALL SELECT 'identity ' || identity_id || ' ' || key FROM kg_batch_internal.identity JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = '$_[0]'
		UNION ALL SELECT 'node ' || r.old_node_id || ' ' || n.key FROM kg_batch_internal.node_redirect r JOIN kg_batch_internal.graph g USING (graph_id)
			JOIN kg_batch_internal.node n ON n.graph_id = r.graph_id AND n.node_id = r.node_id WHERE g.name = '$_[0]') s});
}
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '… and the error says why');
}

# ---- the demo's conversations, and words of a person ----

my @conversations = map { JSON::PP->new->utf8->decode(slurp_file($_)) } sort glob 'demo/conversations/*.json';
cmp_ok(scalar @conversations, '>', 0, 'the conversations of the demo are there');
sub hand_in
{
	my ($graph) = @_;
	# One of them comes with an edit: that is there before anything is cut, or it would be a matter of speed.
	$node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '{\"paused\":true}', graph => '$graph')");
	my $n = 0;
	for my $file (@conversations)
	{
		for my $one (ref $file eq 'ARRAY' && ref $file->[0] eq 'HASH' && $file->[0]{content} ? { messages => $file, key => 'c' . ++$n } : ref $file eq 'ARRAY' ? @$file : $file)
		{
			my $json = JSON::PP->new->encode($one->{messages});
			my $key = $one->{key} // 'c' . ++$n;
			$node->kg("SELECT kg_batch.enqueue(\$m\$$json\$m\$::jsonb, key => '$key', final => true, job => 'read', graph => '$graph')");
		}
	}
	$node->kg("SELECT kg_batch.resume('read', graph => '$graph')");
	return ok(done(), "$graph: read");
}
hand_in('demo');
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I adopted a dog called Rex."},{"speaker":"Ben","content":"I adopted a dog called Mimi.","id":"m"}]', key => 'dogs', final => true, graph => 'demo')});
ok(done(), 'read');
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker":"Ben","content":"I adopted a dog called Lulu.","id":"m"}]', key => 'dogs', final => true, graph => 'demo')});
ok(done(), 'an edit is read');
my $label = q{(SELECT min(node_id) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('demo') AND label = '%s')};
$node->kg(sprintf "SELECT kg_batch.merge($label, $label, graph => 'demo')", 'Rex', 'Lulu');
$node->kg(sprintf "SELECT kg_batch.correct($label, 'label', 'Rexlulu', graph => 'demo')", 'Lulu');
$node->kg(q{SELECT kg_batch.retract(max(fact_id), graph => 'demo') FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('demo') AND conversation <> 'dogs'});

my ($digest, $ids) = (digest('demo'), ids('demo'));
cmp_ok($node->kg(q{SELECT count(*) FROM kg_batch_internal.node_redirect WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'demo')}), '>', 0, 'something was joined');
for my $call ("'demo'", "'demo', true", "'demo'")
{
	my $requests = $node->kg('SELECT count(*) FROM kg_batch_internal.request');
	is($node->kg("SELECT kg_batch.rebuild($call)"), $node->kg(q{SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('demo')}), "rebuild($call) gives how many nodes there are");
	is(digest('demo'), $digest, '… the digest is the same');
	is(ids('demo'), $ids, '… and so are the ids, old ones too');
	is($node->kg('SELECT count(*) FROM kg_batch_internal.request'), $requests, '… for no request');
}
# What is computed is computed from evidence: a value that was changed by hand is mended.
$node->kg(q{UPDATE kg_batch_internal.node SET label = 'Wrong', mentions = 99; UPDATE kg_batch_internal.edge SET mentions = 99; DELETE FROM kg_batch_internal.block;
	UPDATE kg_batch_internal.identity SET mentions = 7});
isnt(digest('demo'), $digest, 'changed by hand it differs');
$node->kg(q{SELECT kg_batch.rebuild('demo')});
is(digest('demo'), $digest, '… and rebuilt it is what it was');
is($node->kg(q{SELECT kg_batch.rebuild('empty') FROM kg_batch.create_graph('empty')}), 0, 'an empty graph has nothing');

# ---- compare ----

hand_in('again');
is($node->kg(q{SELECT count(*) FROM kg_batch.compare('demo', 'demo')}), 0, 'a graph does not differ from itself');
my $differs = $node->kg(q{SELECT string_agg(DISTINCT graph || ' ' || what, ', ') FROM kg_batch.compare('demo', 'again') WHERE content ~ 'Rexlulu|Lulu|Rex'});
like($differs, qr/demo node/, 'what only one has is there');
unlike($differs, qr/again/, '… and said of that one');
hand_in('third');
is($node->kg(q{SELECT count(*) FROM kg_batch.compare('third', 'again')}), 0, 'graphs of the same conversations do not differ');
is(digest('third'), digest('again'), '… nor do their digests');
$node->kg(q{UPDATE kg_batch_internal.node n SET label = 'Changed' WHERE graph_id = kg_batch.graph_id('third') AND node_id = (SELECT min(node_id) FROM kg_batch_internal.node x WHERE x.graph_id = n.graph_id)});
is($node->kg(q{SELECT string_agg(graph || ' ' || what, ', ' ORDER BY graph DESC) FROM kg_batch.compare('third', 'again')}), 'third node, again node', 'a value that differs is there once for each');
refused(q{SELECT * FROM kg_batch.compare('third', 'agein')}, qr/graph "agein" does not exist.*"again"/s, 'an unknown graph');
$node->safe_psql('kg', q{CREATE ROLE reader LOGIN; SELECT kg_batch.grant_access('reader', 'reader', 'third')});
my $err = '';
$node->psql('kg', q{SELECT * FROM kg_batch.compare('third', 'again')}, extra_params => [ '-U', 'reader' ], stderr => \$err);
like($err, qr/graph "again" does not exist/, 'who may read only one of the two cannot compare');
$node->psql('kg', q{SELECT kg_batch.rebuild('third')}, extra_params => [ '-U', 'reader' ], stderr => \$err);
like($err, qr/permission denied/, '… nor rebuild');

# ---- alter and drop ----

refused(q{SELECT kg_batch.alter_graph('demo', '{"modell":"x"}')}, qr/unknown option "modell"/, 'an unknown option');
refused(q{SELECT kg_batch.alter_graph('demo', '[]')}, qr/not a JSON object/, 'no object');
$node->kg(q{SELECT kg_batch.alter_graph('demo', '{"timezone":"Europe/Berlin","context_sentences":3}'); SELECT kg_batch.alter_graph('demo', '{"context_sentences":null}'); SELECT kg_batch.alter_graph('empty', '{"names":"shared"}')});
is($node->kg(q{SELECT string_agg(options::text, ' ' ORDER BY name) FROM kg_batch.graph WHERE name IN ('demo', 'empty')}), '{"timezone": "Europe/Berlin"} {"names": "shared"}', 'options are altered');

my $usage = $node->kg('SELECT sum(requests) FROM kg_batch_internal.usage');
my $id = $node->kg(q{SELECT kg_batch.graph_id('third')});
$node->sim->configure(latency_ms => 2000);
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I live in Oslo now."}]', key => 'late', final => true, graph => 'third')});
ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch_internal.request WHERE state = 'asking')}), 'something is out');
refused(q{SELECT kg_batch.drop_graph('third')}, qr/requests out or is worked on/, 'to drop its graph');
$node->sim->configure(latency_ms => 0);
ok(done(), 'read');
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.claimed}), 'nobody works');
$node->kg(q{SELECT kg_batch.drop_graph('third')});
for my $table (split /\n/, $node->kg(q{SELECT a.attrelid::regclass FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attname = 'graph_id'
	AND c.relkind = 'r' AND c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relname NOT IN ('usage', 'activity')}))
{
	is($node->kg("SELECT count(*) FROM $table WHERE graph_id = $id"), 0, "nothing of a dropped graph is in $table");
}
cmp_ok($node->kg('SELECT sum(requests) FROM kg_batch_internal.usage'), '>', $usage, '… but what it cost is');
refused(q{SELECT kg_batch.drop_graph('third')}, qr/graph "third" does not exist/, 'a second drop');

$node->stop('fast');
done_testing();
