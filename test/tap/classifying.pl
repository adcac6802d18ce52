# A model is asked where the kinds belong that no taxon is called by: many a call,
# each once for all nodes and conversations, within the ledger; what it suggests is
# a person's to decide, and what it does not say is asked again, then given up with
# a reason, which retry takes back.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('classifying', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.batch_linger' => '200ms',
		'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
# No taxon is called so, and none has such a word.
my @hobbies = map { my $first = $_; map { "$first$_" } qw(ump ink osk arl eft ong) } qw(Zor Vint Quil Brax Flim Druv Snef Tolp Wugl Yemb);

asked_once_for_all();
a_suggestion_is_decided_by_a_person();
rebuilt_it_is_the_same();
many_in_a_call();
the_order_makes_no_difference();
the_question_is_a_function_of_the_evidence();
what_is_not_answered();
a_word_of_the_taxonomy_beats_what_is_out();
what_is_killed_is_asked_again();
cancelled_and_taken_up();

$node->stop('fast');
done_testing();

sub of_graph { return "graph_id = kg_batch.graph_id('$_[0]')"; }
sub kinds { return $node->kg("SELECT string_agg(category || ' ' || COALESCE(decided_by, 'open'), ', ' ORDER BY category) FROM kg_batch_internal.kind WHERE @{[of_graph($_[0])]} AND category ~ '$_[1]'"); }
sub calls { return $node->kg("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE graph = '$_[0]' AND stage = 'kg_classify'"); }
sub digest { return $node->kg("SELECT kg_batch.graph_digest('$_[0]')"); }
sub is_done { return $node->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$_[0]'", 120); }
sub primary
{
	my ($graph, $label) = @_;
	return $node->kg("SELECT string_agg(t.path, ', ') FROM kg_batch.node n JOIN kg_batch.node_taxa t USING (graph_id, node_id)
		WHERE @{[of_graph($graph)]} AND n.label = '$label' AND t.is_primary");
}

# `$said`: key => what Anna likes.
sub say
{
	my ($graph, $options, @said) = @_;
	my @sql = ("SELECT kg_batch.create_job('read', '{\"paused\":true$options}', graph => '$graph')");
	while (my ($key, $likes) = splice @said, 0, 2)
	{
		my $messages = join ',', map { qq{{"speaker": "Anna", "content": "I like $_."}} } @$likes;
		push @sql, "SELECT kg_batch.enqueue('[$messages]', key => '$key', job => 'read', final => true, graph => '$graph')";
	}
	return $node->kg(join ";\n", @sql, "SELECT kg_batch.resume('read', graph => '$graph')");
}

sub fresh
{
	my ($graph) = @_;
	$sim->request('POST', '/_sim/reset');
	return $node->kg("SELECT kg_batch.create_graph('$graph')");
}

sub more
{
	my ($graph, $key, @likes) = @_;
	my $messages = join ',', map { qq{{"speaker": "Ben", "content": "I like $_."}} } @likes;
	$node->kg("SELECT kg_batch.enqueue('[$messages]', key => '$key', job => 'read', final => true, graph => '$graph')");
	return ok(is_done($graph), "$graph: $key is read");
}

sub asked_once_for_all
{
	fresh('once');
	say('once', '', a => [ 'zorump', 'vintink' ], b => [ 'zorump', 'quilosk' ], c => [ 'quilosk' ]);
	ok(is_done('once'), 'three conversations are read');
	is(kinds('once', 'zorump|vintink|quilosk'), 'quilosk model, vintink model, zorump model', 'kinds that no taxon is called by are filed by the model');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.kind WHERE @{[of_graph('once')]} AND taxon_id IS NULL"), 0, '... so none is open');
	is(calls('once'), 1, '... by one question for all');
	my $stats = $sim->stats;
	is($stats->{stages}{kg_classify}{answers}, 1, '... which was sent once');
	cmp_ok(abs($node->kg("SELECT sum(cost) FROM kg_batch.cost WHERE graph = 'once' AND stage = 'kg_classify'") - $stats->{stages}{kg_classify}{usd}), '<', 1e-9,
		'... and stands in the ledger with what it cost');
	is(primary('once', 'zorump'), 'concept', 'a node is what its kind was filed under');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.inquiry"), 0, 'no question is kept longer than until its answer was read');
	more('once', 'd', 'zorump', 'vintink');
	is(calls('once'), 1, 'a further conversation with the same kinds asks nothing');
	more('once', 'e', 'zorump', 'braxeft');
	is(calls('once'), 2, 'one with a new kind does');
	is(kinds('once', 'braxeft'), 'braxeft model', '... and it is filed');
	return;
}

sub a_suggestion_is_decided_by_a_person
{
	my $of = sub { return $node->kg("SELECT suggestion_id FROM kg_batch.taxon_suggestion WHERE @{[of_graph('once')]} AND path = 'concept > $_[0]'"); };
	is($node->kg("SELECT path || ' ' || state || ' ' || categories::text FROM kg_batch.taxon_suggestion WHERE @{[of_graph('once')]} AND path ~ 'zorump'"),
		'concept > zorump waiting {zorump}', 'the taxon that the model misses is a suggestion');
	my ($yes, $no) = ($of->('zorump'), $of->('vintink'));
	$node->kg("SELECT kg_batch.accept_suggestion($yes, 'once'), kg_batch.refuse_suggestion($no, 'once')");
	is(primary('once', 'zorump'), 'concept > zorump', 'accepted, it is where the nodes of the kind are');
	is(primary('once', 'vintink'), 'concept', 'refused, they stay where they were');
	# As if it had never been asked: the model says the same again.
	$node->kg("UPDATE kg_batch_internal.kind SET taxon_id = NULL, decided_by = NULL, confidence = NULL, suggestion_id = NULL, request_id = NULL
		WHERE @{[of_graph('once')]} AND category = 'vintink'");
	more('once', 'f', 'chess');
	is(kinds('once', 'vintink'), 'vintink model', 'an open kind is asked about by whoever works on the graph next');
	is($node->kg("SELECT state || ' ' || categories::text FROM kg_batch.taxon_suggestion WHERE @{[of_graph('once')]} AND suggestion_id = $no"), 'refused {}',
		'what was refused is not suggested again');
	return;
}

sub rebuilt_it_is_the_same
{
	my ($before, $asked) = (digest('once'), calls('once'));
	$node->kg("SELECT kg_batch.rebuild('once')");
	is(digest('once'), $before, 'rebuilt, the graph is the same');
	is(calls('once'), $asked, '... with the answers that it has');
	# What a person took back and says again is noted again, though no chunk is folded.
	my $fact = $node->kg("SELECT fact_id FROM kg_batch.fact WHERE @{[of_graph('once')]} AND text ~* 'braxeft'");
	my $decision = $node->kg("SELECT kg_batch.retract($fact, 'no', 'once')");
	$node->kg("UPDATE kg_batch_internal.kind SET taxon_id = NULL, decided_by = NULL, confidence = NULL, suggestion_id = NULL, request_id = NULL
		WHERE @{[of_graph('once')]} AND category = 'braxeft'");
	more('once', 'g', 'chess');
	is(calls('once'), $asked, 'of what counts no more nothing is asked');
	is(kinds('once', 'braxeft'), '', '... and it is no kind of the graph');
	$node->kg("SELECT kg_batch.undo($decision, 'once')");
	more('once', 'h', 'chess');
	is(kinds('once', 'braxeft'), 'braxeft model', 'when it counts again, so does its kind');
	return;
}

sub many_in_a_call
{
	fresh('many');
	say('many', '', map { ("k$_" => [ lc $hobbies[$_] ]) } 0 .. $#hobbies);
	ok(is_done('many'), 'sixty kinds are read');
	my @sizes = split /\n/, $node->kg("SELECT count(*) FROM kg_batch_internal.kind WHERE @{[of_graph('many')]} AND decided_by = 'model' GROUP BY request_id ORDER BY 1");
	is(eval join('+', @sizes), scalar @hobbies, 'all are filed');
	is("@sizes", '30 30', 'in two calls of one size');
	is(calls('many'), 2, '... and no more');
	return;
}

# Each read to the end before the next: who comes first asks.
sub the_order_makes_no_difference
{
	my %digest;
	for my $graph (qw(forth back))
	{
		fresh($graph);
		$node->kg("SELECT kg_batch.create_job('read', graph => '$graph')");
		my @talks = ([ one => 'zorump', 'yembong' ], [ two => 'yembong', 'druvarl' ], [ three => 'druvarl', 'zorump' ]);
		more($graph, @$_) for $graph eq 'forth' ? @talks : reverse @talks;
		$digest{$graph} = digest($graph) . ' ' . $node->kg("SELECT string_agg(n.label || ' ' || t.path || ' ' || t.score, ', ' ORDER BY n.label, t.path)
			FROM kg_batch.node n JOIN kg_batch.node_taxa t USING (graph_id, node_id) WHERE @{[of_graph($graph)]}");
		is($node->kg("SELECT count(*) FROM kg_batch_internal.kind WHERE @{[of_graph($graph)]} AND decided_by = 'model'"), 3, "$graph: three kinds were asked about");
	}
	is($digest{back}, $digest{forth}, 'the order of conversations makes no difference to the graph and its taxa');
	return;
}

# More facts than are shown: those that were said first, in whatever order they came in.
sub the_question_is_a_function_of_the_evidence
{
	my %question;
	for my $graph (qw(told turned))
	{
		fresh($graph);
		my @said = map { my $n = $_; [ "k$n", qw(Anna Ben Carl Dora Emil Fina)[$n], sprintf '2024-0%d-10T10:00:00Z', $n + 1 ] } 0 .. 5;
		$node->kg(join ";\n", qq{SELECT kg_batch.create_job('read', '{"paused":true}', graph => '$graph')},
			(map { qq{SELECT kg_batch.enqueue('[{"speaker": "$_->[1]", "content": "I like zorump.", "sent_at": "$_->[2]"}, {"speaker": "$_->[1]", "content": "I like wuglong.", "sent_at": "$_->[2]"}]',
				key => '$_->[0]', job => 'read', final => true, graph => '$graph')} } $graph eq 'told' ? @said : reverse @said),
			"SELECT kg_batch.resume('read', graph => '$graph')");
		ok(is_done($graph), "$graph: six say the same");
		$question{$graph} = join ' ', map { $_->{question} } grep { $_->{stage} eq 'kg_classify' } $sim->chats;
		like($question{$graph}, qr/^\S{64}$/, "$graph: one question is asked of their kinds");
		is($node->kg("SELECT count(DISTINCT s.chunk_id) || ' ' || max(f.text) FROM kg_batch_internal.kind_shown s JOIN kg_batch_internal.fact f USING (graph_id, chunk_id)
			WHERE @{[of_graph($graph)]}"), '3 Carl likes zorump.', "$graph: of which the first three are shown");
	}
	is($question{turned}, $question{told}, 'to the byte the same question, in whichever order they came');
	return;
}

sub what_is_not_answered
{
	fresh('silent');
	$sim->fault({ fault => 'answer_text', text => '{"choices":[]}', stage => 'kg_classify', count => 100 });
	say('silent', ',"max_attempts":3', a => [ 'zorump' ]);
	ok(is_done('silent'), 'the job ends without an answer');
	is($sim->stats->{stages}{kg_classify}{answers}, 3, '... when it was asked as often as it may');
	is(kinds('silent', 'zorump'), 'zorump open', 'the kind stays open');
	is($node->kg("SELECT what || ': ' || reason || ' -> ' || hint FROM kg_batch.errors WHERE @{[of_graph('silent')]}"),
		q{kind: Concept "zorump": the answer said nothing of this kind that could be used -> SELECT kg_batch.retry('read', graph => 'silent')},
		'... and errors says why, and what to do');
	more('silent', 'b', 'zorump');
	is($sim->stats->{stages}{kg_classify}{answers}, 3, 'what was given up is not asked with the next conversation');
	$sim->request('POST', '/_sim/reset');
	is($node->kg("SELECT kg_batch.retry('read', graph => 'silent')"), 1, 'retry takes it up');
	ok($node->wait_until("SELECT bool_and(decided_by = 'model') FROM kg_batch_internal.kind WHERE @{[of_graph('silent')]} AND category = 'zorump'"), '... it is answered');
	ok(is_done('silent'), '... and the job is done again');
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE @{[of_graph('silent')]}"), 0, '... with nothing left in errors');

	# Of two kinds one is left out.
	fresh('half');
	my $root = $node->kg("SELECT taxon_id FROM kg_batch.taxon WHERE @{[of_graph('half')]} AND path = 'concept'");
	$sim->fault({ fault => 'answer_text', text => qq({"choices":[{"kind":1,"taxon":$root,"confidence":0.8,"suggestion":null},{"kind":2,"taxon":1,"confidence":0.8,"suggestion":null}]}),
		stage => 'kg_classify', count => 1 });
	say('half', '', a => [ 'quilosk', 'zorump' ]);
	ok(is_done('half'), 'half an answer');
	is(kinds('half', 'quilosk|zorump'), 'quilosk model, zorump model', 'what it does not say is asked again');
	is($node->kg("SELECT string_agg(asked::text, ' ' ORDER BY category) FROM kg_batch_internal.kind WHERE @{[of_graph('half')]} AND category ~ 'quilosk|zorump'"), '0 1', '... and nothing else');
	is($node->kg("SELECT count(*) FROM kg_batch.rejected WHERE @{[of_graph('half')]} AND reason ~ 'none of the candidates'"), 1, 'what was unusable stands in rejected');
	return;
}

sub a_word_of_the_taxonomy_beats_what_is_out
{
	fresh('named');
	$sim->fault({ fault => 'delay', stage => 'kg_classify', ms => 2000, count => 1 });
	say('named', '', a => [ 'zorump' ]);
	ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.inquiry WHERE @{[of_graph('named')]})"), 'a question about a kind is out');
	$node->kg(q{SELECT kg_batch.load_taxonomy('[{"path": "concept > zorump", "definition": "a game"}]', 'named')});
	ok(is_done('named'), '... and answered when a taxon is called so');
	is(primary('named', 'zorump'), 'concept > zorump', 'the name counts');
	is(kinds('named', 'zorump'), 'zorump name', '... and not the model');
	$node->kg(q{SELECT kg_batch.load_taxonomy('{"replace": true, "taxa": []}', 'named')});
	is(kinds('named', 'zorump'), 'zorump open', 'when the taxon goes the kind is open again');
	more('named', 'b', 'chess');
	is(kinds('named', 'zorump'), 'zorump model', '... and filed by what the model said');
	return;
}

sub what_is_killed_is_asked_again
{
	fresh('killed');
	$sim->fault({ fault => 'delay', stage => 'kg_classify', ms => 60000, count => 1 });
	say('killed', '', a => [ 'zorump', 'vintink' ]);
	ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.request WHERE @{[of_graph('killed')]} AND stage = 'kg_classify' AND state = 'asking')"), 'a question about kinds is out');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'kg_batch pipeline'");
	ok(is_done('killed'), 'its pipeline is killed, and the job is done');
	is(kinds('killed', 'zorump|vintink'), 'vintink model, zorump model', '... with both filed');
	return;
}

# What is out when a job is cancelled waits for nobody: the next job asks, or retry.
sub cancelled_and_taken_up
{
	for my $by (qw(retry another))
	{
		fresh($by);
		# However slow the machine is, its batch is not sent before the cancel.
		$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.batch_linger = '10min'");
		$node->reload;
		say($by, ',"merge_by_batch":true', a => [ 'zorump' ]);
		ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.kind WHERE @{[of_graph($by)]} AND category = 'zorump' AND taxon_id IS NULL)"), "$by: a kind is open");
		$node->kg("SELECT kg_batch.cancel('read', graph => '$by')");
		ok($node->wait_until("SELECT NOT EXISTS (SELECT FROM kg_batch_internal.claimed WHERE @{[of_graph($by)]})
			AND NOT EXISTS (SELECT FROM kg_batch_internal.inquiry WHERE @{[of_graph($by)]})"), "$by: cancelled, nothing of it stays between asked and answered");
		$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.batch_linger = '200ms'");
		$node->reload;
		if ($by eq 'retry')
		{
			$node->kg("SELECT kg_batch.retry('read', graph => '$by')");
			ok(is_done($by), "$by: the job is done");
		}
		else
		{
			$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Ben", "content": "I like chess."}]', key => 'b', final => true, graph => '$by')});
			ok($node->wait_until("SELECT bool_and(state IN ('done', 'cancelled')) FROM kg_batch.progress WHERE graph = '$by'"), "$by: another job is done");
		}
		is(kinds($by, 'zorump'), 'zorump model', "$by: and the kind is filed");
	}
	return;
}
