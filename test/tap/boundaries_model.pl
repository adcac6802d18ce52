# A model divides conversations: each is cut where the model says, every message is in
# one segment or skipped with a reason, whoever asked, in how many deliveries it came
# and whatever ended in the middle; no question is paid for twice; and what is asked
# waits, pauses, is cancelled and is forgotten with what it is about.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('boundaries_model', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.batch_linger' => '200ms',
		'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_min_requests' => 1, 'kg_batch.boundaries' => 'model' });
my $sim = $node->sim;

# A message every 90 minutes, so that no silence ends anything: the model takes each day for
# a topic, 16 messages long, and finds nothing in the last one, which has no word in it.
my @animals = qw(Dog Cat Parrot Hamster);
my @talk = map { message($_) } 0 .. 47;
push @talk, { %{ message(48) }, content => '?!' };
my $cut = 'start 16, topic 16, topic 16, topic 0';
my $expected;

asked_window_by_window();
the_way_makes_no_difference();
by_batch_and_directly();
what_gets_no_answer();
more_comes_while_it_waits();
an_edit_while_it_waits();
a_pause_and_a_cancel_while_it_waits();
a_budget_holds();
an_estimate_counts_them();
equal_questions_are_one();
what_is_forgotten_leaves_no_word();

$node->stop('fast');
done_testing();

sub scalar_of { return $node->kg(@_); }
sub digest { return scalar_of("SELECT kg_batch.graph_digest('$_[0]')"); }
sub of_graph { return "graph_id = (SELECT graph_id FROM kg_batch_internal.graph WHERE name = '$_[0]')"; }
sub requests { return scalar_of("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE graph = '$_[0]' AND stage = 'kg_boundary'"); }
sub is_state { return $node->wait_until("SELECT state = '$_[1]' FROM kg_batch.progress WHERE graph = '$_[0]' AND job = 'read'", 120); }
sub waits { return $node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.boundary_window WHERE @{[of_graph($_[0])]} AND waits)"); }

sub message
{
	my ($n) = @_;
	my @time = gmtime(1_715_040_000 + $n * 5400);    # 2024-05-07 00:00 UTC
	my $what = $animals[ $n / 16 ];
	return { id => "m$n", speaker => $n % 2 ? 'Bob' : 'Alice', content => "I adopted a \L$what\E called $what" . chr(97 + $n % 16) . '.',
		sent_at => sprintf('%04d-%02d-%02dT%02d:%02d:00Z', $time[5] + 1900, $time[4] + 1, @time[ 3, 2, 1 ]) };
}

sub make_job
{
	my ($graph, $options) = @_;
	$sim->request('POST', '/_sim/reset');
	return $node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '{\"budget\":1@{[$options // '']}}', graph => '$graph')");
}

sub hand_in
{
	my ($graph, $messages, %params) = @_;
	my $json = JSON::PP->new->encode($messages);
	my $final = $params{final} // 'true';
	return $node->kg("SELECT kg_batch.enqueue(\$m\$$json\$m\$::jsonb, key => '@{[$params{key} // 'talk']}', job => '@{[$params{job} // 'read']}', final => $final, graph => '$graph')");
}

# How each segment began and how many messages it has.
sub segments
{
	return scalar_of("SELECT string_agg(s.began_by || ' ' || (SELECT count(*) FROM kg_batch_internal.message m
		WHERE m.graph_id = s.graph_id AND m.segment_id = s.segment_id AND NOT m.replaced), ', ' ORDER BY v.key, s.first_message_id)
		FROM kg_batch_internal.segment s JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE s.@{[of_graph($_[0])]}");
}

sub crash
{
	$node->stop('immediate');
	$node->start;
	return;
}

sub each_message_once
{
	my ($graph, $name) = @_;
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.message m WHERE @{[of_graph($graph)]}
		AND (segment_id IS NULL) = (skipped IS NULL)"), 0, "$name: every message is in a segment or skipped for a reason");
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.message m WHERE @{[of_graph($graph)]} AND m.segment_id IS NOT NULL AND (SELECT count(*)
		FROM kg_batch_internal.chunk c WHERE c.graph_id = m.graph_id AND m.message_id = ANY (c.message_ids[c.context_size + 1 :])) <> 1"), 0,
		"$name: and read in one chunk");
	return is(scalar_of("SELECT count(*) FROM kg_batch_internal.boundary_window WHERE @{[of_graph($graph)]} AND waits"), 0, "$name: nothing waits any more");
}

sub nothing_twice
{
	my ($graph, $name) = @_;
	my $stats = $sim->stats->{stages}{kg_boundary};
	is(requests($graph), $stats->{answers}, "$name: the ledger has every answer");
	is($stats->{repeated_answers}, 0, "$name: no question was sent twice");
	return is(scalar_of("SELECT abs(sum(reserved)) < 1e-9 FROM kg_batch_internal.spending"), 't', "$name: nothing stays reserved");
}

sub asked_window_by_window
{
	make_job('direct');
	hand_in('direct', \@talk);
	ok(is_state('direct', 'done'), 'the job is done');
	is(segments('direct'), $cut, 'it is cut where the model says');
	is(requests('direct'), 3, 'of 49 messages it was asked three times');
	each_message_once('direct', 'direct');
	is(scalar_of("SELECT string_agg(message_id || ' ' || reason, ', ') FROM kg_batch.skipped WHERE @{[of_graph('direct')]}"), 'm48 model', 'what it left out is skipped and says why');
	is(scalar_of("SELECT string_agg(topic || ' ' || process || ' ' || told_by, ', ' ORDER BY first_message_id) FROM kg_batch_internal.boundary WHERE @{[of_graph('direct')]}"),
		'adopted true model, adopted true model, adopted true model,  false model', 'what it said is kept');
	nothing_twice('direct', 'direct');
	$expected = digest('direct');
	make_job('rules', ',"boundaries":"rules"');
	hand_in('rules', \@talk);
	ok(is_state('rules', 'done'), 'by rules');
	is(segments('rules') =~ /start 16/ ? 1 : 0, 0, 'it is cut elsewhere');
	return;
}

sub the_way_makes_no_difference
{
	for my $way ([ 'two deliveries', 8 ], [ 'one pipeline', 1 ], [ 'killed', 2 ], [ 'crashed', 2 ])
	{
		my ($graph, $pipelines) = @$way;
		$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.num_pipelines = $pipelines");
		$node->reload;
		make_job($graph);
		$sim->configure(hold_after => 0) if $graph =~ /ed$/;
		hand_in($graph, [ @talk[ 0 .. 29 ] ], final => 'false') if $graph eq 'two deliveries';
		hand_in($graph, \@talk);
		if ($graph =~ /ed$/)
		{
			ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 1 }), "$graph: a question is out");
			my $pid = scalar_of("SELECT pid FROM kg_batch.pipelines WHERE kind = 'pipeline' AND in_flight > 0");
			scalar_of("SELECT pg_terminate_backend($pid)") if $graph eq 'killed';
			crash() if $graph eq 'crashed';
			$sim->configure(hold_after => undef);
		}
		ok(is_state($graph, 'done'), "$graph: the job is done");
		is(segments($graph), $cut, "$graph: the same segments");
		is(digest($graph), $expected, "$graph: the same graph");
		each_message_once($graph, $graph);
		is(requests($graph), 3, "$graph: three answers");
		is(scalar_of("SELECT sum(lost) FROM kg_batch.cost WHERE graph = '$graph' AND stage = 'kg_boundary'"), $graph =~ /ed$/ ? 1 : 0, "$graph: what was out is shown as lost, nothing else");
		nothing_twice($graph, $graph) if $graph !~ /ed$/;
	}
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET kg_batch.num_pipelines');
	$node->reload;
	return;
}

# Twelve conversations of a window each: all are asked in one batch.
sub by_batch_and_directly
{
	my %digests;
	for my $graph ('windows directly', 'windows by batch', 'windows crashed')
	{
		make_job($graph, $graph eq 'windows directly' ? '' : ',"use_batch_api":true,"batch_chunk_size":5,"batch_chunk_max":5');
		my $json = JSON::PP->new->encode([ @talk[ 10 .. 21 ] ]);
		$node->kg(join ";\n", map { my $one = $json =~ s/adopted/adopted in Oslo$_/gr; "SELECT kg_batch.enqueue(\$m\$$one\$m\$::jsonb, key => 'k$_', job => 'read', final => true, graph => '$graph')" } 1 .. 12);
		if ($graph eq 'windows crashed')
		{
			ok($node->wait_until("SELECT count(*) = 12 FROM kg_batch_internal.request WHERE @{[of_graph($graph)]} AND state = 'asking' AND mode = 'batch' AND batch_id IS NOT NULL"),
				"$graph: all are out in a batch");
			crash();
		}
		ok(is_state($graph, 'done'), "$graph: the job is done");
		is(segments($graph), join(', ', ('start 6, topic 6') x 12), "$graph: each is cut where the model says");
		each_message_once($graph, $graph);
		is(requests($graph), 12, "$graph: one question each");
		is(scalar_of("SELECT string_agg(DISTINCT mode, ' ') FROM kg_batch.cost WHERE graph = '$graph' AND stage = 'kg_boundary'"),
			$graph eq 'windows directly' ? 'direct' : 'batch', "$graph: asked in no other way");
		nothing_twice($graph, $graph);
		$digests{ digest($graph) } = $graph;
	}
	is(scalar keys %digests, 1, 'by batch, directly and after a crash it is the same graph');
	return;
}

# Asked again as often as may be, then divided without a model.
sub what_gets_no_answer
{
	make_job('silent', ',"max_attempts":2');
	$sim->fault({ fault => 'bad_schema', stage => 'kg_boundary', count => 100 });
	hand_in('silent', \@talk);
	ok(is_state('silent', 'done'), 'without an answer the job ends');
	each_message_once('silent', 'silent');
	is(requests('silent'), 6, 'each of the three windows was asked about twice');
	is(scalar_of("SELECT string_agg(DISTINCT told_by, ' ') FROM kg_batch_internal.boundary WHERE @{[of_graph('silent')]}"), 'rules', 'and divided by rules');
	is(scalar_of("SELECT count(*) FROM kg_batch.rejected WHERE @{[of_graph('silent')]} AND reason ~ 'divided as rules would'"), 3, 'which can be read');
	is(scalar_of("SELECT count(*) FROM kg_batch.errors WHERE @{[of_graph('silent')]}"), 0, 'it is no error: nothing was lost');

	make_job('stutter');
	$sim->fault({ fault => 'bad_schema', stage => 'kg_boundary', count => 1 });
	hand_in('stutter', \@talk);
	ok(is_state('stutter', 'done'), 'after one bad answer');
	is(segments('stutter'), $cut, 'a better one counts');
	is(digest('stutter'), $expected, 'the same graph');

	make_job('refused', ',"max_attempts":2');
	$sim->fault({ fault => 'status', status => 400, stage => 'kg_boundary', count => 100 });
	hand_in('refused', \@talk);
	ok(is_state('refused', 'done'), 'a question that the API will not have ends it too');
	each_message_once('refused', 'refused');
	$sim->request('POST', '/_sim/reset');
	return;
}

sub more_comes_while_it_waits
{
	# Six hours after the message that is left out: more than that after the one before it
	# would be a silence.
	my @later = map { message($_) } 52 .. 63;
	make_job('at once');
	hand_in('at once', \@talk);
	ok(is_state('at once', 'done'), 'one after the other');
	hand_in('at once', \@later);
	ok(is_state('at once', 'done'), '… read');
	make_job('meanwhile');
	$sim->configure(hold_after => 0);
	hand_in('meanwhile', \@talk);
	ok(waits('meanwhile'), 'it waits for boundaries');
	hand_in('meanwhile', \@later);
	is(scalar_of("SELECT kg_batch.flush('meanwhile')"), 0, 'nothing is left to flush');
	$node->kg("SELECT kg_batch.retry('read', graph => 'meanwhile')");
	$sim->configure(hold_after => undef);
	ok(is_state('meanwhile', 'done'), 'handed in while it waited, the job is done');
	each_message_once('meanwhile', 'meanwhile');
	is(segments('meanwhile'), segments('at once'), 'the same segments');
	is(digest('meanwhile'), digest('at once'), 'the same graph');
	nothing_twice('meanwhile', 'meanwhile');
	return;
}

# What a message said before an edit decides nothing.
sub an_edit_while_it_waits
{
	my @edited = @talk;
	$edited[5] = { %{ $talk[5] }, content => 'Where did snakes sleep yesterday?' };
	$edited[20] = { %{ $talk[20] }, content => 'Which holiday resorts accept tortoises?' };
	make_job('edited before');
	hand_in('edited before', \@edited);
	ok(is_state('edited before', 'done'), 'the edited text alone');
	make_job('edited');
	$sim->configure(hold_after => 1);
	hand_in('edited', \@talk);
	ok($node->wait_until("SELECT count(*) > 0 FROM kg_batch_internal.boundary WHERE @{[of_graph('edited')]}"), 'the first window is read, the second waits');
	hand_in('edited', [ @edited[ 5, 20 ] ]);
	$sim->configure(hold_after => undef);
	ok(is_state('edited', 'done'), 'edited while it waited, the job is done');
	is(segments('edited'), 'start 5, topic 11, topic 4, topic 12, topic 16, topic 0', 'it is cut where the model says of the edited text');
	is(segments('edited'), segments('edited before'), '… as if it had come so');
	is(digest('edited'), digest('edited before'), 'the graph is that of the edited text');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.message WHERE @{[of_graph('edited')]} AND version > 1"), 0, 'nothing of it had been cut');
	return;
}

sub a_pause_and_a_cancel_while_it_waits
{
	$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.batch_linger = '1h'");
	$node->reload;
	my @few = @talk[ 10 .. 21 ];
	make_job('stopped', ',"use_batch_api":true');
	hand_in('stopped', \@few);
	ok(waits('stopped'), 'a question is planned for a batch');
	$node->kg("SELECT kg_batch.pause('read', graph => 'stopped')");
	ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch_internal.ready WHERE @{[of_graph('stopped')]} AND priority >= 1000"), 'paused, it is parked');
	# A new coordinator hands in again what it does not know of, before it starts a batch manager.
	ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch.pipelines'), 'nobody has anything to do');
	$node->kg("SELECT kg_batch.resume('read', graph => 'stopped')");
	ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch.pipelines WHERE kind = 'batch manager'")
		  && $node->wait_until("SELECT NOT EXISTS (SELECT FROM kg_batch_internal.claimed) AND count(*) = 1 AND bool_and(kind = 4 AND priority < 1000)
			FROM kg_batch_internal.ready WHERE @{[of_graph('stopped')]}"), 'resumed, it waits for a batch and nobody has anything in hand');
	# In the same transaction, where nobody else can have done it.
	my ($cancelled) = scalar_of("BEGIN; SELECT kg_batch.cancel('read', graph => 'stopped');
		SELECT string_agg(state, ' ') FROM kg_batch_internal.request WHERE @{[of_graph('stopped')]}; COMMIT") =~ /(\w+)\s*\z/;
	is($cancelled, 'cancelled', 'cancelled, it is not asked');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.boundary_window WHERE @{[of_graph('stopped')]} AND waits"), 0, 'nobody waits for it');
	is(scalar_of("SELECT abs(sum(reserved)) < 1e-9 FROM kg_batch_internal.job WHERE @{[of_graph('stopped')]}"), 't', 'its money is free');
	# Who has its conversation in hand when it is cancelled may plan it once more: that is
	# taken back, and no batch has it, made of what others ask while somebody has something in hand.
	my $withdrawn = "SELECT string_agg(state, ' ') = 'cancelled' FROM kg_batch_internal.request WHERE @{[of_graph('stopped')]}";
	$node->safe_psql('postgres', 'ALTER SYSTEM SET kg_batch.batch_linger = 0');
	$node->reload;
	make_job('in hand');
	make_job('beside', ',"use_batch_api":true,"batch_min_requests":1');
	$sim->configure(hold_after => 0);
	hand_in('in hand', \@few);
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 1 }), 'a question of another job is out');
	my $plan = "UPDATE kg_batch_internal.request SET state = 'planned' WHERE @{[of_graph('stopped')]}; INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
		SELECT graph_id, 2, 4, 0, request_id, job_id FROM kg_batch_internal.request WHERE @{[of_graph('stopped')]}";
	$node->kg($plan);
	hand_in('beside', \@few);
	ok($node->wait_until("SELECT bool_and(batch_id IS NOT NULL) FROM kg_batch_internal.request WHERE @{[of_graph('beside')]}"), 'a batch is made of what a third one asks');
	is(scalar_of("SELECT state || ' ' || attempt FROM kg_batch_internal.request WHERE @{[of_graph('stopped')]}"), 'planned 0', 'what was planned by somebody who did not know yet is not in it');
	$sim->configure(hold_after => undef);
	ok($node->wait_until($withdrawn), '... and is taken back');
	ok(is_state($_, 'done'), "the job of graph $_ is done") for 'in hand', 'beside';
	$node->kg("$plan; SELECT kg_batch.start()");
	ok($node->wait_until($withdrawn), 'it is taken back also where there is nothing else to do');
	$node->safe_psql('postgres', 'ALTER SYSTEM SET kg_batch.batch_linger = \'200ms\'');
	$node->reload;
	$node->kg("SELECT kg_batch.create_job('other', '{\"use_batch_api\":false}', graph => 'stopped')");
	hand_in('stopped', [ { %{ message(22) }, content => 'I adopted a goat called Gert.' } ], job => 'other');
	ok($node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE graph = 'stopped' AND job = 'other'", 60), 'another job is done with the conversation');
	is(segments('stopped'), 'start 6, topic 6, start 1', 'all of it is cut');
	is(scalar_of("SELECT state FROM kg_batch.progress WHERE graph = 'stopped' AND job = 'read'"), 'cancelled', 'the first stays cancelled');

	make_job('stopped out');
	$sim->configure(hold_after => 0);
	hand_in('stopped out', \@talk);
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 1 }), 'a question is out');
	$node->kg("SELECT kg_batch.cancel('read', graph => 'stopped out')");
	$sim->configure(hold_after => undef);
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 0 }), 'what is out comes');
	ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch_internal.request WHERE @{[of_graph('stopped out')]} AND state = 'answered'"), 'and is booked');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.segment WHERE @{[of_graph('stopped out')]}"), 0, 'nothing is cut');
	$node->kg("SELECT kg_batch.retry('read', graph => 'stopped out')");
	ok(is_state('stopped out', 'done'), 'retry takes it up again');
	is(segments('stopped out'), $cut, 'cut where the model says');
	is(digest('stopped out'), $expected, 'the same graph');
	nothing_twice('stopped out', 'with the answer that was paid for');
	return;
}

sub a_budget_holds
{
	make_job('poor', ',"max_output_tokens":3000');
	$node->kg("SELECT kg_batch.pause('read', graph => 'poor')");
	hand_in('poor', \@talk);
	$node->kg("SELECT kg_batch.resume('read', budget => 0.000001, graph => 'poor')");
	ok(is_state('poor', 'paused'), 'without money the job is paused');
	is(scalar_of("SELECT reason FROM kg_batch.progress WHERE graph = 'poor'"), 'budget', 'for its budget');
	is(requests('poor'), 0, 'and nothing was asked');
	$node->kg("SELECT kg_batch.resume('read', budget => 1, graph => 'poor')");
	ok(is_state('poor', 'done'), 'with more it goes on');
	is(digest('poor'), $expected, 'to the same graph');
	nothing_twice('poor', 'poor');
	return;
}

sub an_estimate_counts_them
{
	my $messages = JSON::PP->new->encode(\@talk);
	my $query = "SELECT ''c'' AS conversation, m ->> ''speaker'' AS speaker, (m ->> ''sent_at'')::timestamptz AS sent_at, m ->> ''content'' AS content
		FROM jsonb_array_elements(''$messages'') WITH ORDINALITY AS t (m, n) ORDER BY n";
	my %found;
	for my $boundaries (qw(rules model))
	{
		$node->kg("SELECT kg_batch.create_graph('guess $boundaries', '{\"boundaries\":\"$boundaries\"}')");
		$found{$boundaries} = [ split /\|/, scalar_of("SELECT chunks, requests, input_tokens, cost FROM kg_batch.estimate_query('$query', graph => 'guess $boundaries')") ];
	}
	is($found{model}[1], $found{model}[0] + 3, 'an estimate has a request a chunk and three for the boundaries');
	is($found{rules}[1], $found{rules}[0], '… by rules none');
	cmp_ok($found{model}[2], '>', $found{rules}[2], '… with their tokens');
	cmp_ok($found{model}[3], '>', $found{rules}[3], '… and what they cost');
	return;
}

# Conversations say the same at the same time, one of them in another job: one question,
# for which all wait.
sub equal_questions_are_one
{
	make_job('twins');
	$sim->configure(hold_after => 0);
	$node->kg("SELECT kg_batch.pause('read', graph => 'twins'); SELECT kg_batch.create_job('second', graph => 'twins')");
	hand_in('twins', [ @talk[ 10 .. 21 ] ], key => $_) for qw(a b c);
	$node->kg("SELECT kg_batch.resume('read', graph => 'twins')");
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 1 }), 'a question is out');
	# With a message before it, so that its chunks are asked about on their own.
	hand_in('twins', [ { %{ $talk[8] }, session => 'before' }, map { { %$_, session => 'now' } } @talk[ 10 .. 21 ] ], key => 'd', job => 'second');
	ok($node->wait_until("SELECT count(*) = 4 FROM kg_batch_internal.boundary_window WHERE @{[of_graph('twins')]} AND waits"), 'four wait');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.request WHERE @{[of_graph('twins')]} AND stage = 'kg_boundary'"), 1, 'for one question');
	is(scalar_of("SELECT kg_batch.forget('b', graph => 'twins')"), 12, 'one is forgotten');
	is(scalar_of("SELECT state FROM kg_batch.progress WHERE graph = 'twins' AND job = 'second'"), 'running', 'a job that waits for the question of another one is not done');
	$sim->configure(hold_after => undef);
	ok($node->wait_until("SELECT count(*) = 6 FROM kg_batch_internal.boundary WHERE @{[of_graph('twins')]}"), 'the answer comes');
	ok($node->wait_until("SELECT bool_and(state = 'done') AND count(*) = 2 FROM kg_batch.progress WHERE graph = 'twins'"), 'both jobs are done');
	is(segments('twins'), 'start 6, topic 6, start 6, topic 6, start 1, session 6, topic 6', 'the others are cut where the model says');
	is(requests('twins'), 1, 'by one answer');
	return;
}

# Tables in which a word stands, whatever its case.
sub tables_with
{
	my ($word) = @_;
	my @found;
	for my $table (split /\n/, $node->kg(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r' ORDER BY 1}))
	{
		my $count = $node->kg("SELECT count(*) FROM $table t WHERE t::text ILIKE '%$word%'");
		push @found, "$table $count" if $count;
	}
	return join ', ', @found;
}

sub what_is_forgotten_leaves_no_word
{
	my @secret = map { { %$_, content => $_->{content} =~ s/^I adopted/Quuxford: I adopted/r } } @talk[ 0 .. 29 ];
	make_job('forgotten');
	hand_in('forgotten', \@secret, key => 'read');
	ok(is_state('forgotten', 'done'), 'read');
	like(tables_with('quux'), qr/answer.*boundary/, 'the model named topics by its words');
	is(scalar_of("SELECT kg_batch.forget('read', 'm0', graph => 'forgotten')"), 1, 'a message is forgotten');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.boundary b JOIN kg_batch_internal.message m USING (graph_id, conversation_id)
		WHERE m.@{[of_graph('forgotten')]} AND b.first_message_id < (SELECT min(message_id) FROM kg_batch_internal.message WHERE @{[of_graph('forgotten')]})"), 0, 'no topic of it is kept');
	is(scalar_of("SELECT kg_batch.forget('read', graph => 'forgotten')"), 29, 'the conversation is forgotten');
	is(tables_with('quux'), '', 'no table holds a word of it');
	$sim->configure(hold_after => 0);
	hand_in('forgotten', [ map { { %$_, content => $_->{content} =~ s/Quuxford/Quuxville/r } } @secret ], key => 'out');
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 1 }), 'of another one a question is out');
	is(scalar_of("SELECT kg_batch.forget('out', graph => 'forgotten')"), 30, 'it is forgotten');
	is(tables_with('quux'), '', 'no table holds a word of it');
	$sim->configure(hold_after => undef);
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 0 }), 'the answer comes');
	ok(is_state('forgotten', 'done'), 'the job is done');
	is(tables_with('quux'), '', 'its text is not kept');

	# One message, while its conversation waits.
	make_job('one message');
	$sim->configure(hold_after => 0);
	my @one = @talk;
	$one[3] = { %{ $talk[3] }, content => 'Quuxford is where I adopted a dog called Quuxi.' };
	hand_in('one message', \@one);
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 1 }), 'a question is out');
	is(scalar_of("SELECT kg_batch.forget('talk', 'm3', graph => 'one message')"), 1, 'a message of it is forgotten');
	$sim->configure(hold_after => undef);
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == 0 }), 'the answer comes');
	ok(is_state('one message', 'done'), 'the rest is asked about, and the job is done');
	is(segments('one message'), $cut =~ s/16/15/r, 'the rest is cut where the model says');
	each_message_once('one message', 'one message');
	is(tables_with('quux'), '', 'no table holds a word of it');
	return;
}
