# More pipelines than the server has processors are for waiting, not for computing: they
# take turns, or they would be in each other's way. Who stands still does not keep its
# turn: as many as there are processors may wait for somebody's lock or be stopped, and
# the others go on.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

# Of this process and of all that it starts.
my ($allowed) = `taskset -cp $$` =~ /: (\S+)$/m;
my @processors = map { /(\d+)-(\d+)/ ? $1 .. $2 : $_ } split /,/, $allowed;
my $two = join ',', grep { defined } @processors[ 0, 1 ];
system("taskset -cp $two $$ > /dev/null") == 0 or die "could not limit processors to $two\n";

my $node = KgBatch::Cluster->with_stand_in('processors', sim => [ '--latency-ms', 50 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 8, 'kg_batch.commit_frequency' => 1, 'kg_batch.budget_per_day' => 1000 });

# ---- they take turns ----

$node->kg(<<'END');
CREATE TABLE public.computing (pid int, number bigint, doing text);
GRANT ALL ON public.computing TO PUBLIC;
CREATE FUNCTION public.note_who_computes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO public.computing SELECT pg_catalog.pg_backend_pid(), pg_catalog.count(*), pg_catalog.string_agg(doing, ', ') FROM kg_batch_internal.live_workers()
	WHERE doing IN ('cutting conversations', 'putting questions together', 'reading answers', 'folding into the graph'); RETURN NULL; END $$;
CREATE TRIGGER note_who_computes AFTER INSERT ON kg_batch_internal.node_mention FOR EACH STATEMENT EXECUTE FUNCTION public.note_who_computes();
END
$node->enqueue_many('cat', 150);
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress}), 'all is read');
cmp_ok($node->kg(q{SELECT count(DISTINCT pid) FROM public.computing}), '>', 2, 'by more pipelines than processors');
is($node->kg('SELECT count(*) FROM public.computing'), 150, 'a look for each');
cmp_ok($node->kg('SELECT count(*) FROM public.computing WHERE number > 2'), '<=', 30, '... of which nearly none shows more than two that compute')
  or diag($node->kg(q{SELECT string_agg(times || ' times ' || doing, E'\n' ORDER BY times DESC) FROM (SELECT doing, count(*) AS times FROM public.computing WHERE number > 2 GROUP BY doing) c}));
$node->kg('DROP TRIGGER note_who_computes ON kg_batch_internal.node_mention');

# ---- who stands still does not keep its turn ----

$node->kg(<<'END');
CREATE TABLE go ();
CREATE FUNCTION wait_for_go() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM public.go); PERFORM pg_sleep(0.1); END LOOP; RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON kg_batch_internal.node_mention FOR EACH ROW WHEN (NEW.label ~ 'Slow') EXECUTE FUNCTION wait_for_go();
END
for my $n (1, 2)
{
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I adopted a cat called Slow $n."}]', final => true)});
	ok($node->wait_until("SELECT count(*) = $n FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND backend_type LIKE 'kg_batch%'"), "$n of two stands still");
}
$node->kg(q{SELECT kg_batch.create_job('others')});
$node->enqueue_many('dog', 20, job => 'others');
ok($node->wait_until(q{SELECT chunks_done = 20 FROM kg_batch.progress WHERE job = 'others'}), 'what others do is done meanwhile');
is($node->kg(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND backend_type LIKE 'kg_batch%'}), 2, 'both still stand there');
$node->kg('INSERT INTO go DEFAULT VALUES');
ok($node->wait_until(q{SELECT bool_and(state = 'done' AND chunks_failed = 0) FROM kg_batch.progress}), 'they go on when they can');

$node->stop('fast');
done_testing();
