# What is said of a run while it goes and after it, against what the stand-in did:
# the bill, the questions, the tokens; time left once a batch of its like has
# ended; what workers do; what is not written when nobody wants to know.

use strict;
use warnings;

use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('running', sim => [ '--batch-turnaround-s', 4 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.num_pipelines' => 2 });

# ---- by batch ----

my $first = $node->kg(q{SELECT kg_batch.create_job('first', '{"batch_min_requests": 1}')});
$node->enqueue_many('cat', 30, job => 'first');
ok($node->wait_until(q{SELECT doing ~ '^\d+ of 30 answers in, the API works on the rest$' AND eta IS NULL AND questions = 30 FROM kg_batch.progress WHERE job = 'first'}),
	'while its first batch is out it says so, and knows no time left');
ok($node->wait_until(q{SELECT bool_or(doing = 'waiting for answers' AND since <= clock_timestamp()) FROM kg_batch.pipelines WHERE kind = 'batch manager'}),
	'the batch manager waits for it');
ok($node->wait_for_job($first, 'done'), 'it ends');
is($node->kg(q{SELECT doing || ' ' || percent || ' ' || questions || ' ' || (nodes > 0 AND edges > 0) FROM kg_batch.progress WHERE job = 'first'}), 'done 100.0 30 true', 'and says so');

# A batch of the model has ended: the second one's end is known from the beginning.
my $second = $node->kg(q{SELECT kg_batch.create_job('second', '{"batch_min_requests": 1}')});
$node->enqueue_many('dog', 30, job => 'second');
my $seen = $node->kg(q{DO $$
DECLARE
	percents numeric[] := '{}'; was_out boolean := false; p record;
BEGIN
	FOR i IN 1 .. 600 LOOP
		SELECT percent, eta, state, doing INTO p FROM kg_batch.progress WHERE job = 'second';
		IF p.doing ~ 'answers in' AND NOT was_out THEN
			was_out := true;
			IF p.doing !~ 'usually [0-9]+ s' OR p.eta NOT BETWEEN interval '1 s' AND interval '30 s' THEN RAISE EXCEPTION 'out: % %', p.doing, p.eta; END IF;
		END IF;
		IF p.percent < percents[cardinality(percents)] THEN RAISE EXCEPTION 'percent went from % to %', percents[cardinality(percents)], p.percent; END IF;
		IF p.percent = 100 AND p.state <> 'done' THEN RAISE EXCEPTION '100 before it is done'; END IF;
		percents := percents || p.percent;
		EXIT WHEN p.state = 'done';
		COMMIT;
		PERFORM pg_sleep(0.1);
	END LOOP;
	IF NOT was_out THEN RAISE EXCEPTION 'never seen out'; END IF;
	RAISE NOTICE 'seen';
END $$; SELECT 'seen'});
is($seen, 'seen', 'time left is known while it is out, and percent never goes back');
is($node->kg(q{SELECT count(*) FROM kg_batch.batches WHERE last_poll_at IS NOT NULL AND expected_end IS NULL AND last_error IS NULL}), 2, 'both batches are over, were asked about, and had no trouble');

# ---- directly ----

$node->kg(q{SELECT kg_batch.create_job('third', '{"use_batch_api": false}')});
$node->enqueue_many('fox', 20, job => 'third');
ok($node->wait_for_job($node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'third'}), 'done'), 'a third one directly');

# ---- the bill ----

my $stats = $node->sim->stats->{all};
for my $view (qw(cost progress))
{
	my $cost = $node->kg("SELECT sum(cost) FROM kg_batch.$view");
	cmp_ok(abs($cost - $stats->{usd}), '<', 1e-9, "$view has the stand-in's bill") or diag("$cost, bill $stats->{usd}");
}
cmp_ok(abs($node->kg('SELECT sum(real_time_cost) FROM kg_batch.cost') - $stats->{usd_at_list}), '<', 1e-9, 'and what it would be in real time');
is($node->kg(q{SELECT bool_and(abs(real_time_cost - cost - saved) < 1e-9) AND bool_and(CASE mode WHEN 'direct' THEN saved = 0 ELSE saved > 0 END) FROM kg_batch.cost}), 't', 'what is saved is saved by batch');
for my $tokens (qw(input_tokens output_tokens))
{
	is($node->kg("SELECT sum($tokens) FROM kg_batch.performance WHERE period = 'all'"), $node->kg("SELECT sum($tokens) FROM kg_batch.cost"), "performance counts the $tokens of the ledger");
}
is($node->kg(q{SELECT sum(requests) FROM kg_batch.performance WHERE period = 'all' AND stage = 'kg_extract'}), 80, 'and every question');
is($node->kg(q{SELECT bool_and(CASE mode WHEN 'batch' THEN p50_ms > 2000 ELSE p50_ms < 2000 END) FROM kg_batch.performance WHERE period = 'all' AND stage = 'kg_extract'}), 't', 'by batch answers take what batches take');
is($node->kg(q{SELECT chunks || ' ' || (nodes = (SELECT sum(nodes) FROM kg_batch.progress)) || ' ' || (edges = (SELECT sum(edges) FROM kg_batch.progress)) FROM kg_batch.throughput WHERE period = 'all'}),
	'80 true true', 'throughput counts every chunk, and the nodes and edges that the jobs have');
is($node->kg(q{SELECT round(cutting + asking + storing + reading + folding + other + waiting + idle) FROM kg_batch.throughput WHERE period = 'all'}), 1, 'the shares of time are a whole');
is($node->kg(q{SELECT string_agg(event, ', ' ORDER BY at) FROM kg_batch.history WHERE job = 'second'}), 'made, running, batch planned, batch submitted, batch ended, done', 'history has what became of a job');

# ---- estimates, by job name ----

$node->kg(q{SELECT kg_batch.create_job('fourth', '{"paused": true}')});
$node->enqueue_many('owl', 10, job => 'fourth');
is($node->kg(q{SELECT string_agg(way || ' ' || (cost > 0) || ' ' || (duration > interval '0'), ', ') FROM kg_batch.estimate_ways('fourth')}),
	'batch true true, direct true true, direct, 5 sentences true true', 'three ways, with money and time');
is($node->kg(q{SELECT (SELECT cost FROM kg_batch.estimate_ways('fourth') WHERE way = 'batch') < (SELECT cost FROM kg_batch.estimate_ways('fourth') WHERE way = 'direct')}), 't', 'by batch it is less');

# ---- health ----

is($node->kg(q{SELECT string_agg(name || ': ' || detail, E'\n') FROM kg_batch.health() WHERE NOT ok}), '', 'all is well');
is($node->kg(q{SELECT detail FROM kg_batch.health() WHERE name = 'batch route'}), 'the API takes batches', 'batches go');
like($node->kg(q{SELECT detail FROM kg_batch.health() WHERE name = 'model known'}), qr/answered 20 of the last 20$/, 'the model answers');
like($node->kg(q{SELECT detail FROM kg_batch.health() WHERE name = 'key accepted'}), qr/^the API took it/, 'the key is accepted');

# ---- what is old is summed up, and nothing of it is lost ----

ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch_internal.live_workers()', 90), 'workers leave');
my $measured = q{SELECT string_agg(concat_ws(' ', stage, requests, failed, p50_ms, p99_ms, input_tokens, output_tokens), E'\n' ORDER BY stage)
	FROM kg_batch.performance WHERE period = 'all' AND mode = 'batch'};
my $before = $node->kg($measured);
$node->kg(q{UPDATE kg_batch_internal.answer_minute SET minute = minute - interval '2 hours'});
$node->kg(q{UPDATE kg_batch_internal.work_minute SET minute = minute - interval '2 hours'});
$node->kg(q{SELECT kg_batch.create_job('sixth', '{"use_batch_api": false}')});
$node->enqueue_many('emu', 5, job => 'sixth');
ok($node->wait_for_job($node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'sixth'}), 'done'), 'one more job');
is($node->kg(q{SELECT (SELECT count(*) FROM kg_batch_internal.answer_minute WHERE minute BETWEEN '2000-01-01' AND now() - interval '1 hour')
	+ (SELECT count(*) FROM kg_batch_internal.work_minute WHERE minute BETWEEN '2000-01-01' AND now() - interval '1 hour')}), 0, 'no old minute is left');
is($node->kg(q{SELECT count(*) > 0 FROM kg_batch_internal.answer_minute WHERE minute = '-infinity'}), 't', 'but what they sum up to');
is($node->kg($measured), $before, 'performance shows the same of them');
is($node->kg(q{SELECT chunks FROM kg_batch.throughput WHERE period = 'all'}), 85, 'throughput counts all chunks');

# ---- nothing measured, nothing written ----

$node->append_conf('postgresql.conf', "kg_batch.enable_progress_tracking = off\nkg_batch.enable_performance_monitoring = off");
$node->reload;
$node->kg('SELECT kg_batch.reset_performance()');
$node->kg('TRUNCATE kg_batch_internal.progress_sample');
$node->kg(q{SELECT kg_batch.create_job('fifth', '{"use_batch_api": false}')});
$node->enqueue_many('bee', 20, job => 'fifth');
ok($node->wait_for_job($node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'fifth'}), 'done'), 'with both settings off it goes as well');
is($node->kg(q{SELECT (SELECT count(*) FROM kg_batch_internal.progress_sample) || ' ' || (SELECT count(*) FROM kg_batch_internal.answer_minute) || ' '
	|| (SELECT count(*) FROM kg_batch_internal.work_minute)}), '0 0 0', 'and nothing is written');

$node->stop('fast');
done_testing();
