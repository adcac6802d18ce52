# The staged plan makes the graph that the combined plan makes of the same
# conversations, by batch and directly: kg_parse, kg_facts and kg_metadata each go
# as requests of their own, each is in the ledger, and the ledger is the bill. Small
# talk costs one question; handing in again and a crash while a stage is out cost
# none. An answer that is cut off splits its chunk and begins anew, and so does a
# chunk whose earlier answers are gone.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my @stages = qw(kg_parse kg_facts kg_metadata);
my $node = KgBatch::Cluster->with_stand_in('staged', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms',
		'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
my %demo = demo_conversations();
cmp_ok(scalar keys %demo, '>', 10, 'there are conversations');

for my $way (qw(batch direct))
{
	$sim->request('POST', '/_sim/reset');
	for my $plan (qw(combined staged))
	{
		my $job = enqueue_demo("${plan}_$way", $plan, $way);
		ok($node->wait_for_job($job, 'done', 180), "$plan, $way: done") or BAIL_OUT('the conversations did not get through');
		is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE graph = '${plan}_$way'"), 0, "$plan, $way: no errors");
	}
	makes_the_same_graph($way);
	has_each_stage_in_the_ledger($way);
	costs_nothing_again($way);
}
survives_crashes_between_the_stages();
splits_what_is_cut_off();
begins_anew_without_earlier_answers();
estimates_three_questions_a_chunk();

$node->stop('fast');
done_testing();

# ---- handing in ----

sub demo_conversations
{
	my %conversations;
	for my $file (glob 'demo/conversations/*.json')
	{
		my $one = JSON::PP->new->utf8->decode(slurp_file($file));
		$conversations{ $one->{key} } = $one->{messages};
	}
	return %conversations;
}

sub enqueue_one
{
	my ($messages, %params) = @_;
	my $json = JSON::PP->new->ascii->canonical->encode($messages);
	return $node->kg("SELECT kg_batch.enqueue(\$m\$$json\$m\$::jsonb, key => '$params{key}', job => '$params{job}', graph => '$params{graph}', final => true)");
}

sub make_job
{
	my ($graph, %options) = @_;
	my $json = JSON::PP->new->canonical->encode(\%options);
	return $node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('demo', '$json', graph => '$graph')") =~ s/.*\n//sr;
}

sub enqueue_demo
{
	my ($graph, $plan, $way) = @_;
	# Begun when all is there, so that it is done once.
	my $job = make_job($graph, extraction => $plan, use_batch_api => $way eq 'batch' ? JSON::PP::true : JSON::PP::false, paused => JSON::PP::true);
	enqueue_one($demo{$_}, key => $_, job => 'demo', graph => $graph) for sort keys %demo;
	$node->kg("SELECT kg_batch.resume($job, graph => '$graph')");
	return $job;
}

# ---- what came of it ----

sub graph_id
{
	my ($graph) = @_;
	return $node->kg("SELECT graph_id FROM kg_batch.graph WHERE name = '$graph'");
}

sub rows_of
{
	my ($graph, $columns, $table) = @_;
	return $node->kg("SELECT t FROM (SELECT ($columns)::text AS t FROM $table WHERE graph_id = " . graph_id($graph) . ') x ORDER BY t COLLATE "C"');
}

# The digest says whether they are the same; the rest says that it has something
# to compare, and where they differ.
sub makes_the_same_graph
{
	my ($way) = @_;
	my %columns = (
		'kg_batch.fact' => 'text, modality, negated, said_by, said_at, conversation',
		'kg_batch.node' => 'type, class, label, category, aliases, attributes, hash_tags, start_date, start_how, end_date, end_how,'
			. ' goal_status, asserted_on, negated, modality, confidence, importance, mentions',
		'kg_batch.edge' => 'source_label, predicate, target_label, negated, mentions',
		"(SELECT s.*, m.message_key, m.participant FROM kg_batch_internal.fact_source s
			JOIN kg_batch_internal.message m USING (graph_id, message_id)) AS fact_source" => 'message_key, participant, quote, matched, span_start, span_end',
		'kg_batch_internal.node_mention' => 'type, label, key, facts, aliases, attributes, hash_tags, confidence, importance,'
			. ' start_date, start_how, end_date, end_how, replaces, goal_status');
	for my $table (sort keys %columns)
	{
		my ($combined, $staged) = map { rows_of("${_}_$way", $columns{$table}, $table) } qw(combined staged);
		my $name = $table =~ s/.*[. ]//sr;
		cmp_ok(scalar(split /\n/, $combined), '>', 100, "$way: there are ${name}s");
		ok($combined eq $staged, "$way: both plans give the same") or show_difference($combined, $staged);
	}
	my ($combined, $staged) = map { rows_of("${_}_$way", 'item, reason, body', 'kg_batch_internal.rejected') } qw(combined staged);
	is($staged, $combined, "$way: and reject the same");
	is($node->kg("SELECT kg_batch.graph_digest('staged_$way') = kg_batch.graph_digest('combined_$way')"), 't', "$way: the digests are equal");
	cmp_ok($node->kg("SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('staged_$way') AND start_date IS NOT NULL"),
		'>', 20, "$way: there are dates among what is the same");
	cmp_ok($node->kg("SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('staged_$way') AND importance > 0.5"),
		'>', 100, "$way: and weights");
	return;
}

sub show_difference
{
	my ($combined, $staged) = @_;
	my %in_combined = map { $_ => 1 } split /\n/, $combined;
	my %in_staged = map { $_ => 1 } split /\n/, $staged;
	diag(map { "\n  combined only: $_" } (grep { !$in_staged{$_} } sort keys %in_combined)[ 0 .. 4 ]);
	diag(map { "\n  staged only: $_" } (grep { !$in_combined{$_} } sort keys %in_staged)[ 0 .. 4 ]);
	return;
}

sub ledger
{
	my ($graph, $more) = @_;
	return $node->kg("SELECT string_agg(concat_ws(' ', stage, mode, state), ', ' ORDER BY stage, mode, state) FROM
		(SELECT DISTINCT stage, mode, state FROM kg_batch_internal.request WHERE graph_id = kg_batch.graph_id('$graph') AND chunk_id IS NOT NULL" . ($more // '') . ') r');
}

sub has_each_stage_in_the_ledger
{
	my ($way) = @_;
	my $graph = "staged_$way";
	is(ledger($graph), join(', ', map { "$_ $way answered" } sort @stages), "$way: each stage went $way, and no other way");
	is(ledger("combined_$way"), "kg_extract $way answered", "$way: the combined plan knows nothing of them");
	is($node->kg("SELECT count(*) FROM kg_batch_internal.answer a JOIN kg_batch_internal.request r USING (graph_id, request_id)
		WHERE graph_id = kg_batch.graph_id('$graph') AND a.mode <> '$way' AND r.chunk_id IS NOT NULL"), 0,
		"$way: so did each answer");
	my $stats = $sim->stats;
	my ($answered, $usd) = (0, 0);
	for my $stage (@stages)
	{
		is($node->kg("SELECT count(*) FROM kg_batch_internal.request WHERE graph_id = kg_batch.graph_id('$graph') AND stage = '$stage'"),
			$stats->{stages}{$stage}{answers}, "$way: the ledger has every question of $stage");
		$usd += $stats->{stages}{$stage}{usd};
	}
	is($stats->{repeated_answers}, $sim->about_graph('repeated_answers'), "$way: nothing was asked twice");
	my $cost = $node->kg("SELECT sum(cost) FROM kg_batch.cost WHERE graph = '$graph' AND stage <> ALL ('{@{[join ',', @KgBatch::StandIn::about_graph]}}')");
	cmp_ok(abs($cost - $usd), '<', 1e-9, "$way: the ledger is the bill") or diag("ledger $cost, bill $usd");
	note("tokens in, out, a sentence: $_") for split /\n/, $node->kg("SELECT concat_ws(' ', g.name, u.stage, round(u.input_tokens::numeric / c.n), round(u.output_tokens::numeric / c.n, 1))
		FROM kg_batch.cost u JOIN kg_batch.graph g USING (graph_id), LATERAL (SELECT sum(countable) AS n FROM kg_batch_internal.chunk k
		WHERE k.graph_id = u.graph_id) c WHERE g.name LIKE '%$way' ORDER BY 1");
	cmp_ok($node->kg("SELECT reserved FROM kg_batch.progress WHERE graph = '$graph'"), '==', 0, "$way: nothing stays reserved");

	# Every chunk is parsed; what has no facts is asked nothing more.
	my $chunks = "kg_batch_internal.chunk c WHERE c.graph_id = " . graph_id($graph);
	my $facts = 'EXISTS (SELECT FROM kg_batch_internal.fact f WHERE f.graph_id = c.graph_id AND f.chunk_id = c.chunk_id)';
	is($node->kg("SELECT count(*) FILTER (WHERE state <> 'done' OR (step, cardinality(answered_requests)) <> (CASE WHEN $facts THEN 3 ELSE 1 END,
		CASE WHEN $facts THEN 2 ELSE 0 END)) FROM $chunks"), 0, "$way: a chunk with facts went through three stages, one without through one");
	cmp_ok($stats->{stages}{kg_parse}{answers}, '>=', $stats->{stages}{kg_facts}{answers}, "$way: so small talk costs one question");
	is($stats->{stages}{kg_facts}{answers}, $stats->{stages}{kg_metadata}{answers}, "$way: and facts two more");
	return;
}

# Answers but those about the graph: pairs are asked about again when their evidence has doubled.
sub about_chunks { return $sim->stats->{all}{answers} - $sim->about_graph('answers'); }

sub costs_nothing_again
{
	my ($way) = @_;
	my $graph = "staged_$way";
	my ($answers, $digest) = (about_chunks(), $node->kg("SELECT kg_batch.graph_digest('$graph')"));
	my $requests = $node->kg("SELECT count(*) FROM kg_batch_internal.request WHERE graph_id = kg_batch.graph_id('$graph') AND chunk_id IS NOT NULL");
	enqueue_one($demo{$_}, key => $_, job => 'demo', graph => $graph) for sort keys %demo;
	ok($node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE graph = '$graph'"), "$way: handed in again");
	is($node->kg("SELECT kg_batch.graph_digest('$graph')"), $digest, "$way: the graph is the same");

	# The same words under another key are other conversations, of which everything is known already.
	my $again = $node->kg(sprintf q{SELECT kg_batch.create_job('again', '{"paused":true,"extraction":"staged","use_batch_api":%s}', graph => '%s')},
		$way eq 'batch' ? 'true' : 'false', $graph);
	enqueue_one($demo{$_}, key => "copy of $_", job => 'again', graph => $graph) for sort keys %demo;
	holds_its_estimate($way, $graph, $again);
	$node->kg("SELECT kg_batch.resume($again, graph => '$graph')");
	ok($node->wait_until("SELECT state = 'done' AND conversations_done = " . keys(%demo) . " FROM kg_batch.progress WHERE job_id = $again"),
		"$way: and once more under other keys");
	is($node->kg("SELECT count(*) FROM kg_batch_internal.request WHERE graph_id = kg_batch.graph_id('$graph') AND chunk_id IS NOT NULL"), $requests,
		"$way: the ledger has no new question");
	is(about_chunks(), $answers, "$way: nothing was asked");
	return;
}

# What is like what was read before is estimated by what that took.
sub holds_its_estimate
{
	my ($way, $graph, $job) = @_;
	my $estimate = JSON::PP->new->decode($node->kg("SELECT to_json(e) FROM kg_batch.estimate($job, graph => '$graph') e"));
	my $was = JSON::PP->new->decode($node->kg("SELECT to_json(u) FROM (SELECT sum(requests) AS requests, sum(input_tokens) AS input_tokens,
		sum(output_tokens) AS output_tokens FROM kg_batch.cost WHERE graph = '$graph') u"));
	for my $figure (qw(requests input_tokens output_tokens))
	{
		my $off = $estimate->{$figure} / $was->{$figure} - 1;
		cmp_ok(abs($off), '<', 0.2, "$way: $figure estimated within 20 percent")
		  or diag("estimated $estimate->{$figure}, was $was->{$figure}");
	}
	return;
}

# ---- what can go wrong between the stages ----

# The server is killed while each stage is out in a batch, and nowhere else: the
# stand-in's batches end when its clock is moved.
sub survives_crashes_between_the_stages
{
	# Other graphs may have asked the same of the same facts.
	$sim->request('POST', '/_sim/reset');
	$sim->configure(batch_turnaround_s => 600);
	my $job = enqueue_demo('crashed_batch', 'staged', 'batch');
	my $open = 'FROM kg_batch_internal.chunk c WHERE c.graph_id = ' . graph_id('crashed_batch');
	for my $stage (@stages)
	{
		my $out = "SELECT bool_and(c.stage = '$stage' AND c.state = 'asking' AND EXISTS (SELECT FROM kg_batch_internal.request r
			JOIN kg_batch_internal.batch b USING (batch_id) WHERE r.graph_id = c.graph_id AND r.request_id = c.request_id
			AND r.state = 'asking' AND b.state = 'submitted')) $open AND c.state IN ('ready', 'asking')";
		ok($node->wait_until(sub {
			return 1 if $node->kg($out) eq 't';
			$sim->advance(600) if $node->kg("SELECT count(*) $open AND c.state = 'asking' AND c.stage <> '$stage'");
			return 0;
		}), "all of $stage is out");
		$node->stop('immediate');
		$node->start;
	}
	ok($node->wait_until(sub {
		$sim->advance(600);
		return $node->kg("SELECT state FROM kg_batch.progress WHERE job_id = $job") eq 'done';
	}), 'the server was killed three times: done');
	is($node->kg("SELECT kg_batch.graph_digest('crashed_batch') = kg_batch.graph_digest('combined_batch')"), 't', 'the graph is the same');
	is(ledger('crashed_batch'), join(', ', map { "$_ batch answered" } sort @stages), 'each stage went by batch');
	is($sim->stats->{repeated_answers}, 0, 'and nothing was asked twice');
	$sim->configure(batch_turnaround_s => 1);
	return;
}

sub splits_what_is_cut_off
{
	$sim->fault({ fault => 'length', stage => 'kg_facts', count => 1 });
	my $job = make_job('split', extraction => 'staged', use_batch_api => JSON::PP::false, real_time_chunk_size => 20);
	enqueue_one([ talk() ], key => 'talk', job => 'demo', graph => 'split');
	ok($node->wait_for_job($job, 'done'), 'an answer of the second stage is cut off: done all the same');
	is($node->kg("SELECT count(*) || ' ' || string_agg(DISTINCT state || ' ' || step, ', ') FROM kg_batch_internal.chunk
		WHERE graph_id = kg_batch.graph_id('split')"), '2 done 3', 'by two halves that went through all stages');
	is($node->kg("SELECT string_agg(n::text, ' ' ORDER BY stage) FROM (SELECT stage, count(*) AS n FROM kg_batch_internal.request
		WHERE graph_id = kg_batch.graph_id('split') GROUP BY stage) r"), '3 2 3', 'each beginning with the first');
	is($node->kg("SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('split') AND label IN ('Clyde', 'Leeds', 'Ruth', 'York', 'Acme')"),
		5, 'and the graph has it all');
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE graph = 'split'"), 0, 'without an error');
	return;
}

sub talk
{
	return map { +{ speaker => 'Anna', content => $_ } } 'I adopted a dog named Clyde.', 'I live in Leeds.', 'My sister Ruth lives in York.',
	  'I work at Acme.';
}

# An answer of an earlier stage whose text is gone cannot be built upon: to go on
# would ask about nothing and make nothing.
sub begins_anew_without_earlier_answers
{
	$sim->fault({ fault => 'status', status => 400, stage => 'kg_metadata' });
	my $job = make_job('anew', extraction => 'staged', use_batch_api => JSON::PP::false, real_time_chunk_size => 20);
	enqueue_one([ talk() ], key => 'talk', job => 'demo', graph => 'anew');
	ok($node->wait_until("SELECT chunks_failed = 1 FROM kg_batch.progress WHERE job_id = $job"), 'a chunk fails at its third stage');
	is($node->kg("SELECT stage || ' ' || cardinality(answered_requests) FROM kg_batch_internal.chunk WHERE graph_id = kg_batch.graph_id('anew')"),
		'kg_metadata 2', 'with the answers of two before it');
	$node->kg("UPDATE kg_batch_internal.answer SET body = NULL WHERE graph_id = kg_batch.graph_id('anew')");
	$sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.retry($job, graph => 'anew')");
	ok($node->wait_for_job($job, 'done'), 'their texts are gone, and it is retried: done');
	is($node->kg("SELECT string_agg(a.n::text, ' ' ORDER BY r.stage) FROM kg_batch_internal.request r, LATERAL (SELECT count(*) AS n
		FROM kg_batch_internal.answer a WHERE a.graph_id = r.graph_id AND a.request_id = r.request_id AND a.outcome = 'answered') a
		WHERE r.graph_id = kg_batch.graph_id('anew')"), '2 1 2', 'by asking again what had been lost');
	is($node->kg("SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('anew') AND label IN ('Clyde', 'Leeds', 'Ruth', 'York', 'Acme')"),
		5, 'and the graph has it all');
	return;
}

sub estimates_three_questions_a_chunk
{
	my $query = q{SELECT 'Anna' AS speaker, format('I adopted dog number %s.', n) AS content FROM generate_series(1, 500) n};
	my ($combined, $staged) = map {
		JSON::PP->new->decode($node->kg("SET kg_batch.extraction = $_; SELECT to_json(e) FROM kg_batch.estimate_query(\$query\$$query\$query\$) e"))
	} qw(combined staged);
	is($staged->{chunks}, $combined->{chunks}, 'an estimate has as many chunks');
	is($staged->{requests}, 3 * $combined->{requests}, 'and three times the requests');
	cmp_ok($staged->{input_tokens}, '>', $combined->{input_tokens}, 'with more tokens that go in');
	return;
}
