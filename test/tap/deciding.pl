# The model is asked about pairs of things that may be one: many pairs a call, none
# twice, within the budget; what it says holds whoever asked, by whichever way and
# whatever ended in the middle, and what it does not say is for a person.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('deciding', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.batch_linger' => '200ms',
		'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
# Everybody twice, as "Hildegard Millerton" and as "H. Millerton"; all live in one
# town. Three B.s may be a Benjamin or a Bob. No block of theirs is so large that
# only neighbours are compared.
my @last = qw(Millerton Kowalczyk Brandtner Lindqvist Abernathy Castellano Holloway Szymborska);
my @people = map { [ @$_, substr($_->[0], 0, 1) . ". $_->[1]" ] } (
	(map { my $first = $_; map { [ $first, $_ ] } @last } qw(Marcelina Konstantin Valentina Szymon Leokadia Wenceslas Hildegard)),
	map { my $last = $_; map { [ $_, $last ] } qw(Robert Benjamin) } qw(Zimmermann Quintero Ostrowski));
@people = map { [ "$_->[0] $_->[1]", $_->[2] ] } @people;
my $expected;

asked_in_full_calls();
nothing_is_asked_twice();
the_way_makes_no_difference();
an_estimate_counts_them();
a_budget_holds();
a_pause_holds();
what_gets_no_answer();
what_is_too_little_sure_joins_nothing();
a_cancelled_question_is_asked_by_retry();

$node->stop('fast');
done_testing();

sub scalar_of { return $node->kg(@_); }
sub digest { return scalar_of("SELECT kg_batch.graph_digest('$_[0]')"); }
sub calls { return scalar_of("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE graph = '$_[0]' AND stage = 'kg_merge'"); }
sub state_of { return scalar_of("SELECT state || COALESCE(' ' || reason, '') FROM kg_batch.progress WHERE graph = '$_[0]'"); }
sub is_state { return $node->wait_until("SELECT state = '$_[1]' FROM kg_batch.progress WHERE graph = '$_[0]'", 120); }
sub of_graph { return "graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$_[0]')"; }

# All at once, so that there is enough to ask about.
sub begin
{
	my ($graph, $options, $people, $fault) = @_;
	$sim->request('POST', '/_sim/reset');
	$sim->fault($fault) if $fault;
	my @sql = ("SELECT kg_batch.create_graph('$graph')", "SELECT kg_batch.create_job('read', '{\"paused\":true$options}', graph => '$graph')");
	my $n = 0;
	for my $names (@{ $people // \@people })
	{
		for my $name (@$names)
		{
			++$n;
			push @sql, qq{SELECT kg_batch.enqueue('[{"speaker": "$name", "content": "I live in Oslo."}]', key => 'k$n', job => 'read', final => true, graph => '$graph')};
		}
	}
	$node->kg(join ";\n", @sql, "SELECT kg_batch.resume('read', graph => '$graph')");
	return;
}

sub ledger_is_the_bill
{
	my ($graph, $name) = @_;
	my $stats = $sim->stats;
	for my $stage (qw(kg_extract kg_merge))
	{
		my ($requests, $cost) = split /\|/, scalar_of("SELECT sum(requests), sum(cost) FROM kg_batch.cost WHERE graph = '$graph' AND stage = '$stage'");
		is($requests, $stats->{stages}{$stage}{answers}, "$name: the ledger has every answer of $stage");
		cmp_ok(abs($cost - $stats->{stages}{$stage}{usd}), '<', 1e-9, "$name: and what it cost");
		is($stats->{stages}{$stage}{repeated_answers}, 0, "$name: no question of $stage was sent twice");
	}
	return;
}

sub asked_in_full_calls
{
	my $graph = 'direct';
	begin($graph, '');
	ok(is_state($graph, 'done'), 'the job is done');
	is(scalar_of("SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph($graph)]} AND verdict = 'open'"), 0, 'only when every pair was decided on');
	cmp_ok(scalar_of("SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph($graph)]}"), '>', 60, 'of which there are some');
	my @sizes = split /\n/, scalar_of("SELECT count(*) FROM kg_batch_internal.decision WHERE @{[of_graph($graph)]} GROUP BY request_id ORDER BY min(at), 1 DESC");
	cmp_ok(scalar(grep { $_ < 20 } @sizes), '<=', 1, "all calls but the last are full: @sizes pairs");
	cmp_ok((sort { $b <=> $a } @sizes)[0], '<=', 40, 'and none has more than 40');
	is(calls($graph), scalar @sizes, 'each pair was answered by one of them');
	ledger_is_the_bill($graph, 'direct');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.inquiry"), 0, 'no question is kept longer than until its answer was read');
	is(scalar_of("SELECT count(DISTINCT label) FROM kg_batch.identity i WHERE @{[of_graph($graph)]} AND label ~ 'Holloway'
		AND EXISTS (SELECT FROM kg_batch.identity o WHERE o.graph_id = i.graph_id AND o.node_id = i.node_id AND o.label <> i.label)"), 14,
		'who is the same became one node');
	cmp_ok(scalar_of("SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph($graph)]} AND verdict = 'unsure'"), '>', 0, 'of some it is unsure');
	is(scalar_of("SELECT string_agg(DISTINCT barred, ' ') FROM kg_batch_internal.decision WHERE @{[of_graph($graph)]} AND verdict = 'unsure'"), 'full names',
		'... of a B. who may be a Robert, and is a Benjamin: that is no question any more');
	# Each of the three B.s is a Benjamin, so that it cannot be a Bob.
	is(scalar_of("SELECT count(*), string_agg(DISTINCT barred, ', ') FROM kg_batch_internal.decision WHERE @{[of_graph($graph)]} AND verdict = 'unsure'"), '3|full names',
		'what it is unsure of is kept with what keeps it apart');
	is(scalar_of("SELECT count(*) FROM kg_batch.review WHERE @{[of_graph($graph)]}"), 0, '… and is no question to a person');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.decision d WHERE @{[of_graph($graph)]} AND NOT EXISTS (
		SELECT FROM kg_batch_internal.decision_fact f JOIN kg_batch_internal.fact x ON x.graph_id = f.graph_id AND x.chunk_id = f.chunk_id AND x.n = f.fact
		WHERE f.graph_id = d.graph_id AND f.decision_id = d.decision_id)"), 0, 'of each it is known which facts were shown');
	$expected = digest($graph);
	return;
}

# Unsure is asked again when its evidence has doubled, and nothing else ever.
sub nothing_is_asked_twice
{
	my ($before, $said) = (calls('direct'), scalar_of("SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph('direct')]}"));
	$sim->request('POST', '/_sim/reset');
	my $again = sub {
		my ($name, $key) = @_;
		$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "$name", "content": "I live in Oslo."}]', key => '$key', job => 'read', final => true, graph => 'direct')});
		return ok(is_state('direct', 'done'), "$name has spoken again");
	};
	my ($sure) = split /\|/, scalar_of("SELECT i.label FROM kg_batch.identity i WHERE @{[of_graph('direct')]} AND i.label ~ '^Marcelina' AND NOT EXISTS (
		SELECT FROM kg_batch.decision d WHERE d.graph_id = i.graph_id AND d.verdict = 'unsure' AND i.identity_id IN (d.identity_a, d.identity_b)) LIMIT 1");
	$again->($sure, 'again 1');
	is(calls('direct'), $before, 'of whom everything is decided nothing is asked again');
	my ($id, $a, $b) = split /\|/, scalar_of("SELECT d.decision_id, a.label, b.label FROM kg_batch.decision d
		JOIN kg_batch.identity a ON a.graph_id = d.graph_id AND a.identity_id = d.identity_a
		JOIN kg_batch.identity b ON b.graph_id = d.graph_id AND b.identity_id = d.identity_b
		WHERE d.@{[of_graph('direct')]} AND d.verdict = 'unsure' ORDER BY 2, 3 LIMIT 1");
	my $at = scalar_of("SELECT at FROM kg_batch.decision WHERE decision_id = $id");
	$again->($a, 'again 2');
	is(scalar_of("SELECT at FROM kg_batch.decision WHERE decision_id = $id"), $at, 'with half as much evidence again unsure stays unsure');
	$again->($b, 'again 3');
	isnt(scalar_of("SELECT at FROM kg_batch.decision WHERE decision_id = $id"), $at, 'with twice as much it is asked again');
	is(scalar_of("SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph('direct')]}"), $said, 'no new pair came up');
	return;
}

sub the_way_makes_no_difference
{
	for my $way ([ 'by batch', ',"merge_by_batch":true', 8 ], [ 'one pipeline', '', 1 ], [ 'killed', '', 1 ])
	{
		my ($graph, $options, $pipelines) = @$way;
		$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.num_pipelines = $pipelines");
		$node->reload;
		$sim->configure(latency_ms => $graph eq 'killed' ? 1500 : 0);
		begin($graph, $options);
		if ($graph eq 'killed')
		{
			my $asking = "SELECT EXISTS (SELECT FROM kg_batch_internal.request WHERE @{[of_graph($graph)]} AND stage = 'kg_merge' AND state = 'asking')";
			ok($node->wait_until($asking), "$graph: questions about pairs are out");
			$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'kg_batch pipeline'");
			$sim->configure(latency_ms => 0);
		}
		ok(is_state($graph, 'done'), "$graph: the job is done");
		is(digest($graph), $expected, "$graph: the same graph");
		if ($graph eq 'killed')
		{
			cmp_ok(scalar_of("SELECT sum(lost) FROM kg_batch.cost WHERE graph = '$graph' AND stage = 'kg_merge'"), '>', 0, "$graph: what was out is shown as lost");
		}
		else
		{
			ledger_is_the_bill($graph, $graph);
		}
		is(scalar_of("SELECT string_agg(DISTINCT mode, ' ') FROM kg_batch.cost WHERE graph = '$graph' AND stage = 'kg_merge' AND requests > 0"),
			$graph eq 'by batch' ? 'batch' : 'direct', "$graph: asked in no other way");
	}
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET kg_batch.num_pipelines');
	$node->reload;
	return;
}

# As much again, once it is known what the graph is asked about itself.
sub an_estimate_counts_them
{
	my $query = qq{SELECT 'more ' || n AS conversation, 'Somebody ' || n AS speaker, 'I live in Oslo.' AS content FROM generate_series(1, 124) n};
	my ($chunks, $requests) = split /\|/, scalar_of("SELECT chunks, requests FROM kg_batch.estimate_query(\$q\$$query\$q\$, graph => 'one pipeline')");
	is($chunks, 124, 'an estimate for as many chunks again');
	is($requests, 124 + calls('one pipeline'), 'has as many questions about the graph again');
	return;
}

# Enough for the chunks and not for the pairs.
sub a_budget_holds
{
	my $chunks = scalar_of("SELECT sum(cost) FROM kg_batch.cost WHERE graph = 'one pipeline' AND stage = 'kg_extract'");
	my $budget = sprintf '%.6f', $chunks + 0.0005;
	begin('budget', ",\"budget\":$budget,\"max_output_tokens\":3000");
	ok(is_state('budget', 'paused'), 'without money for the questions about pairs the job is paused');
	is(state_of('budget'), 'paused budget', 'for its budget');
	cmp_ok(calls('budget'), '<', calls('one pipeline'), 'and not all were asked');
	cmp_ok(scalar_of("SELECT cost FROM kg_batch.progress WHERE graph = 'budget'"), '<=', $budget, 'no more than it may was spent');
	$node->kg("SELECT kg_batch.resume('read', budget => 1, graph => 'budget')");
	ok(is_state('budget', 'done'), 'with more it goes on');
	is(digest('budget'), $expected, 'to the same graph');
	ledger_is_the_bill('budget', 'budget');
	is(scalar_of("SELECT abs(sum(reserved)) < 1e-9 FROM kg_batch_internal.spending"), 't', 'nothing stays reserved');
	return;
}

sub a_pause_holds
{
	begin('pause', '');
	ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.decision WHERE @{[of_graph('pause')]})"), 'pairs were found');
	$node->kg("SELECT kg_batch.pause('read', graph => 'pause')");
	ok($node->wait_until("SELECT NOT EXISTS (SELECT FROM kg_batch_internal.claimed WHERE @{[of_graph('pause')]})"), 'what was out has come');
	my $before = calls('pause');
	$node->enqueue('elsewhere', 'Alice' => 'I adopted a cat called Clyde.');
	is(calls('pause'), $before, 'a paused job asks nothing');
	$node->kg("SELECT kg_batch.resume('read', graph => 'pause')");
	ok(is_state('pause', 'done'), 'resumed, it is done');
	is(digest('pause'), $expected, 'the same graph');
	return;
}

# Answers that cannot be used: asked again in smaller calls, then left to a person.
sub what_gets_no_answer
{
	begin('silent', ',"max_attempts":2', [ @people[ 0 .. 1 ] ], { fault => 'bad_schema', stage => 'kg_merge', count => 100 });
	ok(is_state('silent', 'done'), 'the job ends without an answer');
	is(scalar_of("SELECT string_agg(DISTINCT verdict, ' ') FROM kg_batch.decision WHERE @{[of_graph('silent')]}"), 'unsure', 'nothing is said of the pairs');
	my $pairs = scalar_of("SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph('silent')]}");
	cmp_ok($pairs, '>', 0, 'of which there are some');
	is(scalar_of("SELECT count(*) FROM kg_batch.review WHERE @{[of_graph('silent')]}"), $pairs, 'they are for a person to say');
	is(scalar_of("SELECT count(*) FROM kg_batch.errors WHERE @{[of_graph('silent')]} AND what = 'decision' AND hint ~ 'retry'"), $pairs, 'and errors has them');
	$sim->request('POST', '/_sim/reset');
	$node->kg("SELECT kg_batch.retry('read', graph => 'silent')");
	ok($node->wait_until("SELECT bool_and(verdict <> 'open') AND bool_or(verdict = 'same') FROM kg_batch.decision WHERE @{[of_graph('silent')]}"),
		'retry asks once more');
	ok(is_state('silent', 'done'), 'and the job is done again');
	is(scalar_of("SELECT count(*) FROM kg_batch.errors WHERE @{[of_graph('silent')]}"), 0, 'nothing is left in errors');
	return;
}

# A wrong merge is worse than a duplicate: below merge_confidence they stay apart.
sub what_is_too_little_sure_joins_nothing
{
	my $same = "SELECT count(*) FROM kg_batch.decision WHERE @{[of_graph('unsure')]} AND verdict = 'same'";
	begin('unsure', ',"merge_confidence":1', [ @people[ 0 .. 1 ] ]);
	ok(is_state('unsure', 'done'), 'a job that wants certainty is done');
	cmp_ok(scalar_of("SELECT count(*) FROM kg_batch.review WHERE @{[of_graph('unsure')]} AND reason ~ '^same, but less sure than merge_confidence'"), '>', 0,
		'what the model says with less stands in review, with its reason');
	is(scalar_of($same), 0, 'and nothing of it counts as the same');
	is(scalar_of("SELECT count(*) FROM (SELECT FROM kg_batch.identity WHERE @{[of_graph('unsure')]} AND category = 'person' GROUP BY node_id HAVING count(*) > 1) n"), 0,
		'so no two persons are one node');
	return;
}

# What is out when a job is cancelled is paid for and read; the rest waits for retry.
sub a_cancelled_question_is_asked_by_retry
{
	my $open = "SELECT count(*) FROM kg_batch_internal.decision WHERE @{[of_graph('cancelled')]} AND verdict = 'open'";
	# However slow the machine is, its batch is not sent before the cancel.
	$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.batch_linger = '10min'");
	$node->reload;
	begin('cancelled', ',"merge_by_batch":true', [ @people[ 0 .. 1 ] ]);
	ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.decision WHERE @{[of_graph('cancelled')]})"), 'pairs were found');
	$node->kg("SELECT kg_batch.cancel('read', graph => 'cancelled')");
	ok($node->wait_until("SELECT NOT EXISTS (SELECT FROM kg_batch_internal.claimed WHERE @{[of_graph('cancelled')]})
		AND NOT EXISTS (SELECT FROM kg_batch_internal.inquiry WHERE @{[of_graph('cancelled')]})"), 'cancelled, nothing of it stays between asked and answered');
	cmp_ok(scalar_of($open), '>', 0, 'and was not asked');
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET kg_batch.batch_linger');
	$node->reload;
	$node->kg("SELECT kg_batch.retry('read', graph => 'cancelled')");
	ok(is_state('cancelled', 'done'), 'by retry it is done');
	is(scalar_of($open), 0, 'with every pair decided on');
	return;
}
