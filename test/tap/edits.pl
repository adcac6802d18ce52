# An edit rests what the old words said, also when it is committed just after a
# round has served an edit that came before it. And an edit is read beside the words
# that stood when it came, however many edits a worker finds at once.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('edits', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 1 });

sub said
{
	my ($key, $words) = @_;
	return qq{SELECT kg_batch.enqueue('[{"speaker": "Alice", "id": "1", "content": "$words"}]', key => '$key', final => true)};
}
sub live { return $node->kg(q{SELECT string_agg(text, ' ' ORDER BY text COLLATE "C") FROM kg_batch_internal.fact WHERE live}); }
sub all_done { return $node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}); }

$node->kg(said('one', 'I have a dog called Rex.'));
$node->kg(said('two', 'I have a cat called Clyde.'));
ok(all_done(), 'two conversations are read');
like(live(), qr/Clyde.*Rex/s, 'both say something');

# One edit waits for a round; a second one is made meanwhile and not committed.
$node->kg('SELECT kg_batch.stop()');
ok($node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%pipeline%'}), 'nobody works');
$node->kg(said('one', 'I have a dog called Biscuit.'));
my $session = $node->background_psql('kg');
$session->query_safe('SET client_min_messages = error; BEGIN; ' . said('two', 'I have a cat called Marmalade.'));
$node->kg('SELECT kg_batch.start()');
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.fact WHERE text LIKE '%Rex%' AND live}), 'the first edit rests what was said');
like(live(), qr/Clyde/, 'the second one is not there yet');
$session->query_safe('COMMIT');
$session->quit;
ok(all_done(), 'all is done');
unlike(live(), qr/Clyde|Rex/, 'nothing of the old words is left');
like(live(), qr/Marmalade.*Biscuit/s, 'and all of the new ones is there');

# ---- beside what an edit is shown ----

for my $graph ('in turn', 'at once')
{
	my $say = sub {
		my ($id, $words) = @_;
		$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Alice", "id": "$id", "content": "$words"}]', key => 'talk', final => true, graph => '$graph')});
		ok(all_done(), "$graph: read") if $graph eq 'in turn';
	};
	$node->kg("SELECT kg_batch.create_graph('$graph')");
	$say->(1, 'I have a dog called Rex.');
	$say->(2, 'I have a cat called Clyde.');
	if ($graph eq 'at once')
	{
		ok(all_done(), "$graph: read");
		$node->kg('SELECT kg_batch.stop()');
		ok($node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%pipeline%'}), 'nobody works');
	}
	$say->(1, 'I have a dog called Biscuit.');
	$say->(2, 'I have a cat called Marmalade.');
	$node->kg('SELECT kg_batch.start()');
	ok(all_done(), "$graph: all is done");
}
my %shown = map { my $graph = $_; ($graph => $node->kg(qq{
	SELECT c.context_size, array_agg(m.message_key || ' ' || m.version ORDER BY n) FROM kg_batch_internal.chunk c JOIN kg_batch.graph g USING (graph_id)
	CROSS JOIN LATERAL unnest(c.message_ids) WITH ORDINALITY AS u (message_id, n) JOIN kg_batch_internal.message m USING (graph_id, message_id)
	WHERE g.name = '$graph' GROUP BY c.chunk_id, c.context_size ORDER BY 2})) } 'in turn', 'at once';
like($shown{'in turn'}, qr/^1\|\{"i:1 2","i:2 2"\}$/m, 'the second edit is shown beside the first');
is($shown{'at once'}, $shown{'in turn'}, 'all at once as in turn');
is($node->kg("SELECT kg_batch.graph_digest('at once')"), $node->kg("SELECT kg_batch.graph_digest('in turn')"), 'and it is one graph');

$node->stop('fast');
done_testing();
