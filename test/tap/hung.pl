# A worker that shows no sign of life for a minute is ended, and what it had in hand is
# done by others. One whose statement takes long, as a trigger of somebody else can make
# it, is no such worker: PostgreSQL ends statements, and says what they wait for.

use strict;
use warnings;

use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('hung', settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 2 });
my $sim = $node->sim;

sub enqueue { my ($key) = @_; return $node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I live in $key."}]', key => '$key', final => true)}); }
sub pipeline { my ($which) = @_; return "SELECT pid FROM kg_batch.pipelines WHERE kind = 'pipeline' AND $which"; }
my $waits = q{pid IN (SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep')};

$node->kg(<<'END');
CREATE TABLE go ();
CREATE FUNCTION wait_for_go() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM public.go); PERFORM pg_sleep(0.1); END LOOP; RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON kg_batch_internal.node_mention FOR EACH ROW EXECUTE FUNCTION wait_for_go();
END
enqueue('Oslo');
ok($node->wait_until(sprintf 'SELECT count(*) = 1 FROM (%s) p', pipeline($waits)), 'one is long in a statement');
my $slow = $node->kg(pipeline($waits));

$sim->configure(latency_ms => 3_600_000);
enqueue('Turku');
ok($node->wait_until(sprintf 'SELECT count(*) = 1 FROM (%s) p', pipeline("in_flight > 0 AND pid <> $slow")), '... and another one for an answer');
my $hung = $node->kg(pipeline("in_flight > 0 AND pid <> $slow"));
kill STOP => $hung;
$sim->configure(latency_ms => 0);

ok($node->wait_until("SELECT state = 'hung' FROM kg_batch.pipelines WHERE pid = $hung", 180), 'that one hangs');
is($node->kg(q{SELECT ok, detail FROM kg_batch.health() WHERE name = 'workers'}), "f|no sign of life for a minute from pid $hung", '... which health says');
ok($node->wait_until(sub { slurp_file($node->logfile) =~ /with pid $hung gave no sign of life for a minute and is ended/ }), '... and the log');
is($node->kg(pipeline($waits)), $slow, 'who has waited longer, in a statement, is let alone');
is($node->kg("SELECT state FROM kg_batch.pipelines WHERE pid = $slow"), 'working', '... and works');

kill CONT => $hung;
ok($node->wait_until("SELECT count(*) = 0 FROM kg_batch.pipelines WHERE pid = $hung"), 'it ends as soon as it can');
$node->kg('INSERT INTO go DEFAULT VALUES');
ok($node->wait_until(q{SELECT bool_and(state = 'done' AND chunks_failed = 0) FROM kg_batch.progress}), 'what both had in hand is done');
is($node->kg(q{SELECT string_agg(label, ' ' ORDER BY label) FROM kg_batch.node WHERE label IN ('Oslo', 'Turku')}), 'Oslo Turku', '... and in the graph');
is(scalar(() = slurp_file($node->logfile) =~ /gave no sign of life/g), 1, 'one worker was ended, and that was said once');

$node->stop('fast');
done_testing();
