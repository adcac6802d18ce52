# A graph grows while its conversations are read: as soon as as many chunks are read as
# fill a round, one is folded, whatever else there is to do. One pipeline at a time can
# fold a graph, so what was left for the end would be folded while all others wait. And
# a pipeline that is alone does not fold all there is before it reads on.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $conversations = 700;
my $node = KgBatch::Cluster->with_stand_in('rounds', sim => [ '--latency-ms', 100 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 2, 'kg_batch.budget_per_day' => 1000 });
$node->kg(q{CREATE TABLE public.round (n int GENERATED ALWAYS AS IDENTITY, chunks bigint, to_read bigint); GRANT ALL ON public.round TO PUBLIC;
	CREATE FUNCTION public.note_round() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE folded bigint; BEGIN
		SELECT pg_catalog.count(*) INTO folded FROM new_rows n WHERE n.folded AND NOT (SELECT o.folded FROM old_rows o WHERE o.graph_id = n.graph_id AND o.chunk_id = n.chunk_id);
		IF folded > 0 THEN
			INSERT INTO public.round (chunks, to_read) SELECT folded, pg_catalog.count(*) FROM kg_batch_internal.conversation v
			WHERE NOT EXISTS (SELECT FROM kg_batch_internal.chunk c WHERE c.graph_id = v.graph_id AND c.conversation_id = v.conversation_id AND c.state = 'done');
		END IF;
		RETURN NULL; END $$;
	CREATE TRIGGER note_round AFTER UPDATE ON kg_batch_internal.chunk REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.note_round()});
$node->enqueue_many('cat', $conversations);
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress}, 300), 'all is read');
is($node->kg('SELECT sum(chunks) FROM public.round'), $conversations, 'each chunk is folded once');
my $beside = $node->kg('SELECT count(*) FROM public.round WHERE chunks = 200 AND to_read > 0');
cmp_ok($beside, '>=', 1, 'a full round is folded while others are to be read')
  or diag($node->kg(q{SELECT string_agg(chunks || ' with ' || to_read || ' to read', ', ' ORDER BY n) FROM public.round}));
is($node->kg('SELECT max(chunks) <= 200 FROM public.round'), 't', 'no round is larger');

# ---- alone ----

$node->kg('ALTER SYSTEM SET kg_batch.num_pipelines = 1');
$node->restart;
$node->kg(q{TRUNCATE public.round; BEGIN;
	DO $$ BEGIN FOR n IN 1 .. 1500 LOOP PERFORM kg_batch.import('jsonl', pg_catalog.format('{"node": "Thing number %s", "class": "product"}', n)); END LOOP; END $$;
	SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I adopted a dog called Dog number 1."}]', final => true); COMMIT});
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 300), 'alone: all is folded');
cmp_ok($node->kg('SELECT count(*) FROM public.round WHERE chunks = 200 AND to_read > 0'), '>=', 1, 'alone: a full round before the conversation is read');
cmp_ok($node->kg('SELECT count(*) FROM public.round WHERE chunks = 200 AND to_read = 0'), '>=', 1, 'alone: it is read while there are more of them')
  or diag($node->kg(q{SELECT string_agg(chunks || ' with ' || to_read || ' to read', ', ' ORDER BY n) FROM public.round}));
$node->stop('fast');
done_testing();
