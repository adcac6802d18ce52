# Chunks are locked before the requests that they wait for, by whoever locks both: so
# forgetting, storing answers and planning anew cannot wait for each other in a ring.
# Somebody holds a chunk, as forgetting does; whoever waits for it must not hold the
# request yet, which is what the holder takes next.

use strict;
use warnings;

use JSON::PP ();
use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('lock_order', settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 1, 'kg_batch.max_attempts' => 1,
	deadlock_timeout => '60s' });
my $sim = $node->sim;

sub enqueue { my ($key, $words) = @_; return $node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "$words"}]', key => '$key', final => true)}); }
sub done { return $node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 60); }
my $of = q{(SELECT c.chunk_id FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key = '%s')};
my $waits = q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event IN ('tuple', 'transactionid') AND %s};

# Holds the chunk until somebody waits, then takes the request as well.
sub holds_both
{
	my ($key, $who, $name) = @_;
	my $holder = $node->background_psql('kg', on_error_stop => 0);
	$holder->query_safe("BEGIN; SELECT FROM kg_batch_internal.chunk WHERE chunk_id = @{[sprintf $of, $key]} FOR UPDATE");
	return sub {
		ok($node->wait_until(sprintf($waits, $who), 60), "$name: somebody waits for the chunk");
		my $got = $holder->query("SELECT 'locked ' || count(*) FROM (SELECT FROM kg_batch_internal.request r JOIN kg_batch_internal.chunk c ON c.graph_id = r.graph_id AND c.request_id = r.request_id
			WHERE c.chunk_id = @{[sprintf $of, $key]} FOR UPDATE OF r NOWAIT) l");
		is($got, 'locked 1', "$name: … and does not hold its request");
		$holder->query('COMMIT');
		$holder->quit;
	};
}

# ---- an answer that fails ----

$sim->configure(latency_ms => 2000);
$sim->fault({ fault => 'status', status => 400, stage => 'kg_extract', accepted => JSON::PP::true, count => 1 });
enqueue('refused', 'I live in Oslo.');
ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch_internal.request WHERE state = 'asking'}), 'a question is out');
holds_both('refused', "backend_type = 'kg_batch pipeline'", 'storing an answer')->();
ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch.errors WHERE what = 'chunk'}), '… it fails in the end');

# ---- a conversation whose question another one shares ----

$sim->configure(latency_ms => 20000);
$node->kg(join ';', map { qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I live in Bergen."}]', key => '$_', final => true)} } 'one', 'other');
ok($node->wait_until(q{SELECT count(*) = 2 AND count(DISTINCT request_id) = 1 FROM kg_batch_internal.chunk WHERE state = 'asking'}), 'two wait for one question');
my $then = holds_both('other', "query ~ 'forget'", 'forgetting');
my $forgetting = $node->background_psql('kg', on_error_stop => 0);
$forgetting->query_until(qr/begins/, "\\echo begins\nSELECT 'forgotten ' || kg_batch.forget('one');\n");
$then->();
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.conversation WHERE key = 'one'}), '… it is forgotten');
$forgetting->quit;
ok(done(), '… and the other one is read');
is($node->kg(q{SELECT state FROM kg_batch_internal.chunk WHERE chunk_id = } . sprintf $of, 'other'), 'done', '… to its end');

# ---- questions about the graph, whose answers somebody stores ----
# He has the request and then takes the ledger; who forgets takes all requests before it.

enqueue('third', 'I live in Turku.');
ok(done(), 'a third one is read');
$node->kg(q{INSERT INTO kg_batch_internal.request SELECT (jsonb_populate_record(r, jsonb_build_object('request_id', 999999, 'chunk_id', NULL, 'state', 'asking', 'input_hash', sha256('another')))).*
	FROM kg_batch_internal.request r ORDER BY request_id DESC LIMIT 1;
	INSERT INTO kg_batch_internal.inquiry (graph_id, request_id, document, items) SELECT graph_id, 999999, '{}', '{}' FROM kg_batch.graph});
my $storer = $node->background_psql('kg', on_error_stop => 0);
$storer->query_safe('BEGIN; SELECT FROM kg_batch_internal.request WHERE request_id = 999999 FOR NO KEY UPDATE');
$forgetting = $node->background_psql('kg', on_error_stop => 0);
$forgetting->query_until(qr/begins/, "\\echo begins\nSELECT 'forgotten ' || kg_batch.forget('third');\n");
ok($node->wait_until(sprintf($waits, "query ~ 'forget'"), 60), 'who forgets waits for the request');
is($storer->query("SELECT 'locked ' || count(*) FROM (SELECT FROM kg_batch_internal.spending FOR NO KEY UPDATE NOWAIT) l"), 'locked 1', '… and does not hold the ledger');
$storer->query('COMMIT');
$storer->quit;
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.conversation WHERE key = 'third'}), '… it is forgotten');
$forgetting->quit;
$node->kg('DELETE FROM kg_batch_internal.request WHERE request_id = 999999');

# ---- a pause, while somebody takes work of the job ----

$node->kg(q{SELECT kg_batch.create_job('paused', '{"paused":true}')});
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I live in Turku."}]', key => 'paused', job => 'paused', final => true)});
$node->kg(q{SELECT kg_batch.pause('paused')});
my $taker = $node->background_psql('kg', on_error_stop => 0);
my $job = $node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'paused'});
is($taker->query("BEGIN; SELECT 'locked ' || count(*) FROM (SELECT FROM kg_batch_internal.ready WHERE job_id = $job FOR UPDATE) l"), 'locked 1', 'somebody takes a piece of work');
is($node->kg(q{SET lock_timeout = '60s'; SELECT 'back ' FROM kg_batch.resume('paused'); SELECT 'back' FROM kg_batch.pause('paused'); SELECT 'back' FROM kg_batch.resume('paused')}),
	"back \nback\nback", '… and pause and resume do not wait for it');
# Whoever comes to supervise meanwhile stays for it.
$node->kg('SELECT kg_batch.stop()');
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.live_workers()}), '… nobody is there');
$node->kg('SELECT kg_batch.start()');
ok($node->wait_until(q{SELECT bool_and(query = 'supervising') FROM pg_stat_activity WHERE backend_type = 'kg_batch coordinator'}, 30), '… the next coordinator waits with it');
$taker->query('COMMIT');
$taker->quit;
# The coordinator looks again at least once a minute.
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 180), '… which is found when nobody holds it any more');

# ---- a job of which nobody was told yet, and that somebody holds ----
# He may want another job next: the coordinator, who has some of them, waits for none.

$node->kg('SELECT kg_batch.stop()');
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.live_workers()}), 'nobody is there');
$node->kg(q{SELECT kg_batch.create_job('held')});
my $told = q{SELECT told IS NOT DISTINCT FROM state FROM kg_batch_internal.job WHERE name = 'held'};
my $holder = $node->background_psql('kg', on_error_stop => 0);
$holder->query_safe(q{BEGIN; SELECT FROM kg_batch_internal.job WHERE name = 'held' FOR UPDATE});
$node->kg('SELECT kg_batch.start()');
enqueue('fourth', 'I live in Bodo.');
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'inbox'}), 'others get to their end');
is($node->kg($told), 'f', '… while nobody was told of the one that is held');
$holder->query('COMMIT');
$holder->quit;
ok($node->wait_until($told, 180), '… which comes when it is not');

$node->stop('fast');
done_testing();
