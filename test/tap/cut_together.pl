# Conversations that are cut in one transaction do not share what happens to one of
# them: where one raises an error, or somebody has its row, the others are cut, and it
# is as if it had been alone.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('cut_together', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 1, 'kg_batch.commit_frequency' => 10 });
my @keys = map { "conversation $_" } 1 .. 5;

# Five that are claimed at once.
sub hand_in
{
	my ($job) = @_;
	return (split /\n/, $node->kg(join ';', "SELECT kg_batch.create_job('$job', '{\"paused\": true}')",
		map { qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I adopted a cat called Cat number $_."}]', key => '$job: $keys[$_]', job => '$job', final => true)} } 0 .. $#keys))[0];
}
sub read_ones
{
	my ($job) = @_;
	return $node->kg("SELECT string_agg(v.key, ', ' ORDER BY v.key) FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE c.state = 'done' AND v.key LIKE '$job: %'");
}
sub named { my ($job, @which) = @_; return join ', ', map { "$job: $keys[$_]" } @which; }

# ---- an error ----

$node->kg(q{CREATE SEQUENCE public.refused;
	CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF (SELECT v.key FROM kg_batch_internal.conversation v WHERE v.graph_id = NEW.graph_id AND v.conversation_id = NEW.conversation_id) = 'error: conversation 3' THEN
			PERFORM pg_catalog.nextval('public.refused');
			RAISE EXCEPTION 'not this one';
		END IF;
		RETURN NEW; END $$;
	CREATE TRIGGER refuse BEFORE INSERT ON kg_batch_internal.segment FOR EACH ROW EXECUTE FUNCTION public.refuse()});
my $error = hand_in('error');
$node->kg(q{SELECT kg_batch.resume('error')});
ok($node->wait_for_job($error), 'an error: the job ends');
is(read_ones('error'), named('error', 0, 1, 3, 4), 'an error: the others are read, each once');
is($node->kg(q{SELECT what || ' ' || conversation || ': ' || reason FROM kg_batch.errors}), 'conversation error: conversation 3: not this one', 'an error: it says of its own why');
is($node->kg('SELECT last_value FROM public.refused'), '2', 'an error: it was tried with the others, and then alone');
$node->kg(q{DROP TRIGGER refuse ON kg_batch_internal.segment; SELECT kg_batch.retry('error')});
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch.errors}), 'an error: tried again it is cut');
ok($node->wait_for_job($error), 'an error: and the job ends');
is(read_ones('error'), named('error', 0 .. 4), 'an error: with all, each once');

# ---- a row that somebody has ----

my $held = hand_in('held');
my $person = $node->background_psql('kg');
$person->query_safe(q{BEGIN; SELECT FROM kg_batch_internal.conversation WHERE key = 'held: conversation 2' FOR UPDATE});
$node->kg(q{SELECT kg_batch.resume('held')});
ok($node->wait_until(q{SELECT count(*) = 4 FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE c.state = 'done' AND v.key LIKE 'held: %'}),
	'a row that somebody has: the others are read');
is(read_ones('held'), named('held', 0, 2, 3, 4), 'a row that somebody has: each once');
$person->query_safe('COMMIT');
$person->quit;
ok($node->wait_for_job($held), 'a row that somebody has: then that one is, too');
is(read_ones('held'), named('held', 0 .. 4), 'a row that somebody has: once');
is($node->kg('SELECT count(*) FROM kg_batch.errors'), '0', 'a row that somebody has: is no error');
$node->stop('fast');
done_testing();
