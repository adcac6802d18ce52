# The five LoCoMo dialogues, out of a plain table by one enqueue_query, once by
# batch and once directly: all of it is in the graph; every node and edge leads to
# facts and to words that stand where their spans say; what an answer holds is
# stored or rejected; the ledger is the bill to the cent, nothing is asked twice,
# and the estimate made before holds: within 20 percent for what goes in, and for
# all of it once some of it was read. How much a model says is not known before:
# until then the estimate assumes a talkative one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../bench";

use Bench::Dialogues;
use KgBatch::Chromium;
use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

# They are not part of the project (doc/benchmarks.md), so a machine may be without.
my $where = { data => '../shared/data/locomo' };
my $missing = Bench::Dialogues::missing($where);
plan skip_all => $missing if $missing;

my $node = KgBatch::Cluster->with_stand_in('locomo', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.batch_min_requests' => 1, 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms' });
my ($messages, $table) = Bench::Dialogues::table($where);
$node->kg($table);
my $query = $Bench::Dialogues::query;

for my $mode (qw(batch direct))
{
	my $by_batch = $mode eq 'batch';
	$node->sim->request('POST', '/_sim/reset');
	$node->kg("SELECT kg_batch.create_graph('$mode')");
	my $job = $node->kg(sprintf q{SELECT kg_batch.create_job('dialogues', '{"paused":true,"use_batch_api":%s}', graph => '%s')},
		$by_batch ? 'true' : 'false', $mode);
	is($node->kg("SELECT kg_batch.enqueue_query(\$\$$query\$\$, job => $job, graph => '$mode')"), $job, "$mode: enqueued by one query");
	is($node->sim->stats->{all}{answers}, 0, "$mode: a paused job asks nothing");
	my $estimate = one_row("SELECT * FROM kg_batch.estimate($job, graph => '$mode')");
	is($estimate->{mode}, $mode, "$mode: the estimate says which way it goes");
	$node->kg("SELECT kg_batch.resume($job, graph => '$mode')");
	ok($node->wait_for_job($job, 'done', 240), "$mode: done") or BAIL_OUT('the dialogues did not get through');

	my $progress = one_row("SELECT * FROM kg_batch.progress WHERE job_id = $job");
	is($progress->{conversations_done}, 5, "$mode: all five conversations are done");
	is($progress->{conversations}, 5, "$mode: and there are no more");
	is($progress->{chunks_done}, $progress->{chunks}, "$mode: every chunk is done");
	is($progress->{chunks}, $estimate->{chunks}, "$mode: there are as many chunks as the estimate said");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE graph = '$mode'"), 0, "$mode: no errors");
	is($node->kg("SELECT count(*) FROM kg_batch_internal.message m JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$mode'"),
		$messages, "$mode: every message is there");
	is(query_of_graph($mode, q{SELECT count(*) FROM kg_batch_internal.segment s, the_graph g WHERE s.graph_id = g.id AND EXISTS (
		SELECT FROM kg_batch_internal.message m WHERE m.graph_id = s.graph_id AND m.segment_id = s.segment_id
		GROUP BY m.segment_id HAVING count(DISTINCT m.session) > 1)}), 0, "$mode: no segment reaches over a session");

	leads_to_evidence($mode);
	accounts_for_answers($mode);
	costs_what_the_bill_says($mode, $job, $progress, $estimate);
	my $digest = $node->kg("SELECT kg_batch.graph_digest('$mode')");
	$node->kg("SELECT kg_batch.rebuild('$mode', $_)"), is($node->kg("SELECT kg_batch.graph_digest('$mode')"), $digest, "$mode: rebuilt (recompare $_) it is the same graph") for qw(false true);
}

estimates_what_is_like_before();
looks_well('batch');
$node->stop('fast');
done_testing();

# ---- looking at a graph ----

sub one_row
{
	my ($sql) = @_;
	return JSON::PP->new->decode($node->kg("SELECT to_json(r) FROM ($sql) r"));
}

sub query_of_graph
{
	my ($graph, $sql) = @_;
	return $node->kg("WITH the_graph AS (SELECT graph_id AS id FROM kg_batch.graph WHERE name = '$graph') $sql");
}

sub leads_to_evidence
{
	my ($graph) = @_;
	# The views join by the graphs one may read; a table each makes the rest plain.
	$node->kg("CREATE SCHEMA $graph");
	$node->kg("CREATE TABLE $graph.$_ AS SELECT v.* FROM kg_batch.$_ v JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$graph'")
	  for qw(node edge fact evidence node_fact);
	for my $kind (qw(node edge))
	{
		cmp_ok($node->kg("SELECT count(*) FROM $graph.$kind"), '>', 500, "$graph: there are ${kind}s");
		is($node->kg("SELECT count(*) FROM $graph.$kind k WHERE NOT EXISTS (SELECT FROM $graph.evidence e WHERE e.${kind}_id = k.${kind}_id)"),
			0, "$graph: every $kind has evidence");
		is($node->kg("SELECT count(*) FROM $graph.$kind k WHERE NOT EXISTS (SELECT FROM $graph.evidence e
				JOIN $graph.fact f ON f.fact_id = e.fact_id AND f.text = e.fact AND f.conversation = e.conversation
				WHERE e.${kind}_id = k.${kind}_id)"),
			0, "$graph: every $kind has facts, of the conversation that its words are from");
	}
	is($node->kg("SELECT count(*) FROM $graph.node n WHERE NOT EXISTS (SELECT FROM $graph.node_fact f WHERE f.node_id = n.node_id)"),
		0, "$graph: node_fact has every node");

	# By the user's own keys, against the user's own table.
	is($node->kg("SELECT count(*) FROM $graph.evidence e WHERE NOT EXISTS (SELECT FROM said s WHERE s.conversation = e.conversation
			AND s.message_id = e.message_id AND s.speaker = e.speaker AND s.sent_at = e.sent_at)"),
		0, "$graph: evidence leads to the message that was handed in");
	is($node->kg("SELECT count(*) FROM $graph.evidence e JOIN said s USING (conversation, message_id)
			WHERE NOT (0 <= span_start AND span_start < span_end AND span_end <= length(s.content))"),
		0, "$graph: no span crosses its message");
	# Folded here in a way of its own: lower case, one sort of quotes and dashes, single spaces.
	$node->kg(q{CREATE OR REPLACE FUNCTION folded(text) RETURNS text IMMUTABLE RETURN btrim(regexp_replace(
		translate(lower($1), '‘’‚‛`´“”„‟«»‐‑‒–—−', '''''''''''''""""""------'), '\s+', ' ', 'g'))});
	is($node->kg("SELECT e.quote || ' | ' || substr(s.content, span_start + 1, span_end - span_start)
			FROM $graph.evidence e JOIN said s USING (conversation, message_id)
			WHERE matched AND folded(quote) <> folded(substr(s.content, span_start + 1, span_end - span_start)) LIMIT 3"),
		'', "$graph: a matched quote is what its span cuts out of the message");
	cmp_ok($node->kg("SELECT avg(matched::int) FROM $graph.evidence"), '>', 0.9, "$graph: nearly all quotes match");
	my $sources = "kg_batch_internal.fact_source s JOIN the_graph g ON g.id = s.graph_id";
	is(query_of_graph($graph, "SELECT count(*) FROM $sources WHERE span_start < sentence_start OR span_end > sentence_end"),
		0, "$graph: no span reaches out of the sentence that was cited");
	is(query_of_graph($graph, "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY span_end - span_start)
			<= percentile_disc(0.5) WITHIN GROUP (ORDER BY sentence_end - sentence_start) FROM $sources"),
		't', "$graph: the median span is at most one sentence");
	return;
}

# What stands in the answers, item by item, against what was made of them.
sub accounts_for_answers
{
	my ($graph) = @_;
	$node->kg("CREATE TABLE $graph.answered AS
		SELECT c.graph_id, c.chunk_id, a.body::jsonb AS body FROM kg_batch_internal.chunk c
		JOIN kg_batch.graph g USING (graph_id)
		JOIN kg_batch_internal.answer a ON a.graph_id = c.graph_id AND a.request_id = c.request_id
		WHERE g.name = '$graph' AND a.outcome = 'answered'");
	my $count = sub {
		my ($items, $table, $rejected) = @_;
		is($node->kg("SELECT count(*) FROM $graph.answered, LATERAL ($items) i"),
			query_of_graph($graph, "SELECT (SELECT count(*) FROM kg_batch_internal.$table t, the_graph g WHERE t.graph_id = g.id)
				+ (SELECT count(*) FROM kg_batch_internal.rejected r, the_graph g WHERE r.graph_id = g.id AND r.item ~ '$rejected')"),
			"$graph: what answers hold for $table is stored or rejected");
	};
	# Parts of what was rejected as a whole are not told one by one.
	my $kept = sub { "NOT EXISTS (SELECT FROM kg_batch_internal.rejected r WHERE r.graph_id = answered.graph_id
		AND r.chunk_id = answered.chunk_id AND r.item = '$_[0] ' || (w->>'id'))" };
	$count->("SELECT jsonb_array_elements(body->'facts')", 'fact', '^fact [0-9]+$');
	$count->("SELECT jsonb_array_elements(body->'things') UNION ALL SELECT jsonb_array_elements(body->'statements')",
		'node_mention', '^(thing|statement) [0-9]+$');
	$count->("SELECT FROM jsonb_array_elements(body->'facts') w, jsonb_array_elements(w->'evidence') WHERE " . $kept->('fact'),
		'fact_source', '^fact [0-9]+, quote [0-9]+$');
	$count->("SELECT FROM jsonb_array_elements(body->'statements') w, jsonb_array_elements(w->'roles') WHERE " . $kept->('statement'),
		'edge_mention', '^statement [0-9]+, role [0-9]+$');
	is(query_of_graph($graph, "SELECT count(*) FROM kg_batch_internal.fact_source s JOIN the_graph g ON g.id = s.graph_id
			JOIN kg_batch_internal.fact f ON f.graph_id = s.graph_id AND f.chunk_id = s.chunk_id AND f.n = s.fact
			WHERE NOT EXISTS (SELECT FROM $graph.answered a, jsonb_array_elements(a.body->'facts') w, jsonb_array_elements(w->'evidence') q
				WHERE a.chunk_id = s.chunk_id AND w->>'text' = f.text AND q->>'quote' = s.quote)"),
		0, "$graph: quotes are stored as the model gave them");
	return;
}

sub costs_what_the_bill_says
{
	my ($graph, $job, $progress, $estimate) = @_;
	my $stats = $node->sim->stats;
	my $other = $graph eq 'batch' ? 'direct' : 'batch';
	my $ledger = one_row("SELECT sum(cost) AS cost, sum(lost) AS lost, sum(requests) AS requests, sum(input_tokens) AS input_tokens,
		sum(output_tokens) AS output_tokens, sum(unpriced) AS unpriced, sum(requests) FILTER (WHERE stage = 'kg_extract') AS about_chunks,
		string_agg(DISTINCT mode, ' ') FILTER (WHERE stage = 'kg_extract') AS modes FROM kg_batch.cost WHERE job_id = $job");
	# What is asked about the graph goes directly either way.
	my $about_graph = $node->sim->about_graph('answers');
	is($stats->{$other}{answers}, $graph eq 'batch' ? $about_graph : 0, "$graph: no answer about a chunk came the other way");
	is($stats->{batch}{answers} + $stats->{direct}{answers}, $ledger->{requests}, "$graph: the ledger has as many requests as were answered");
	is($ledger->{modes}, $graph, "$graph: the ledger knows which way they went");
	is($ledger->{about_chunks}, $estimate->{requests}, "$graph: as many as the estimate said");
	is($stats->{repeated_answers}, 0, "$graph: no question was asked twice");
	is($ledger->{lost}, 0, "$graph: none was lost");
	cmp_ok(abs($ledger->{cost} - $stats->{all}{usd}), '<', 1e-9, "$graph: the ledger is the bill")
	  or diag("ledger $ledger->{cost}, bill $stats->{all}{usd}");
	my $answers = query_of_graph($graph, 'SELECT sum(cost) FROM kg_batch_internal.answer a JOIN the_graph g ON g.id = a.graph_id');
	cmp_ok(abs($answers - $stats->{all}{usd}), '<', 1e-9, "$graph: and so is the sum of its answers");
	cmp_ok(abs($progress->{cost} - $stats->{all}{usd}), '<', 1e-9, "$graph: and what progress shows");
	cmp_ok($progress->{reserved}, '==', 0, "$graph: nothing stays reserved");
	is_near($graph, $estimate, $ledger, 'input_tokens');
	cmp_ok($estimate->{cost}, '>', $ledger->{cost}, "$graph: an estimate of what nothing is known of is no promise that is broken");
	return;
}

sub is_near
{
	my ($graph, $estimate, $ledger, @figures) = @_;
	for my $figure (@figures)
	{
		my $off = $estimate->{$figure} / $ledger->{$figure} - 1;
		note(sprintf '%s: %s estimated %s, was %s: %+.1f %%', $graph, $figure, $estimate->{$figure}, $ledger->{$figure}, 100 * $off);
		cmp_ok(abs($off), '<', 0.2, "$graph: $figure estimated within 20 percent");
	}
	return;
}

# One dialogue is read, then the whole set is estimated and read.
sub estimates_what_is_like_before
{
	$node->kg(q{SELECT kg_batch.create_graph('measured')});
	my $sample = $node->kg(q{SELECT kg_batch.create_job('sample', graph => 'measured')});
	$node->kg("SELECT kg_batch.enqueue_query(\$\$SELECT * FROM ($query) q WHERE conversation = (SELECT min(conversation) FROM said)\$\$, job => $sample, graph => 'measured')");
	ok($node->wait_for_job($sample, 'done', 240), 'measured: one dialogue is read');
	my $job = $node->kg(q{SELECT kg_batch.create_job('dialogues', '{"paused":true}', graph => 'measured')});
	$node->kg("SELECT kg_batch.enqueue_query(\$\$$query\$\$, job => $job, graph => 'measured')");
	my $estimate = one_row("SELECT * FROM kg_batch.estimate($job, graph => 'measured')");
	ok($estimate->{measured}, 'measured: the estimate knows how much the model says');
	is($estimate->{conversations}, 4, 'measured: what is read already costs nothing again');
	$node->kg("SELECT kg_batch.resume($job, graph => 'measured')");
	ok($node->wait_for_job($job, 'done', 240), 'measured: the rest is read');
	my $ledger = one_row("SELECT sum(cost) AS cost, sum(requests) AS requests, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens
		FROM kg_batch.cost WHERE job_id = $job");
	cmp_ok(abs($ledger->{requests} - $estimate->{requests}), '<=', 10, 'measured: as many requests as the estimate said, but for a few about the graph');
	is_near('measured', $estimate, $ledger, qw(input_tokens output_tokens cost));
	return;
}

# The report of it on a desk and on a telephone. KG_BATCH_IMAGES=doc/img draws the pictures of the documents.
sub looks_well
{
	my ($graph) = @_;
	my $folder = $ENV{KG_BATCH_IMAGES} // PostgreSQL::Test::Utils::tempdir();
	my $page = PostgreSQL::Test::Utils::tempdir() . '/report.html';
	open my $out, '>:raw', $page or die "$page: $!";
	print {$out} $node->kg("SELECT kg_batch.report('dialogues', '$graph')");
	close $out;
	for my $width (1280, 400)
	{
		my $browser = KgBatch::Chromium->open("file://$page", width => $width, height => 900);
		$browser->wait_for('document.getElementById("canvas")?.dataset.state == "drawn"');
		cmp_ok($browser->evaluate('document.documentElement.scrollWidth'), '<=', $width, "report, $width pixels wide: nothing stands beside the page");
		is(join("\n", $browser->complaints), '', "report, $width pixels wide: the browser has nothing to say of it");
		$browser->screenshot("$folder/report-$width.png", whole => 1);
		cmp_ok(-s "$folder/report-$width.png", '>', 20_000, "report, $width pixels wide: a picture of it");
	}
	return;
}
