# With use_known a question carries what the graph says of what its chunk names, at
# most 20 facts, the same however often it is built; without it nothing of the kind.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('known', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });

sub number { return $node->kg(@_); }
sub done { return $node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}); }
sub say
{
	my ($graph, $key, $job, $speaker, @words) = @_;
	my $messages = join ',', map { qq({"speaker":"$speaker","content":"$_"}) } @words;
	number("SELECT kg_batch.enqueue('[$messages]', key => '$key', final => true, job => '$job', graph => '$graph')");
	return ok(done(), "$graph: $key is read");
}
# The facts that the question about a conversation shows, in order.
sub known_in
{
	my ($graph, $key) = @_;
	return number(qq{SELECT COALESCE(string_agg(f.text, '|' ORDER BY k.n), '') FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id)
		CROSS JOIN LATERAL unnest(c.known) WITH ORDINALITY AS k (id, n) JOIN kg_batch_internal.fact f ON f.graph_id = c.graph_id AND f.fact_id = k.id
		WHERE c.graph_id = kg_batch.graph_id('$graph') AND v.key = '$key'});
}
# Whether the stand-in sees this in a question: it refuses to answer what has it.
sub is_seen
{
	my ($graph, $key, $job, $speaker, $seen, @words) = @_;
	$node->sim->request('DELETE', '/_sim/faults');
	$node->sim->fault({ fault => 'refusal', stage => 'kg_extract', contains => $seen });
	$node->sim->fault({ fault => 'refusal', stage => 'kg_parse', contains => $seen });
	say($graph, $key, $job, $speaker, @words);
	$node->sim->request('DELETE', '/_sim/faults');
	return number(qq{SELECT count(*) FROM kg_batch.errors WHERE graph = '$graph' AND conversation = '$key' AND reason ~ 'refused'}) > 0;
}

for my $graph ('combined', 'staged')
{
	number(qq{SELECT kg_batch.create_graph('$graph', '{"extraction": "$graph"}'), kg_batch.create_job('on', '{"use_known": true, "max_attempts": 1}', '$graph'), kg_batch.create_job('off', '{"max_attempts": 1}', '$graph')});
	say($graph, 'pets', 'off', 'Alice', 'I adopted a dog called Rex.', 'I live in Oslo.');
	say($graph, 'trips', 'off', 'Carol', 'I visited Paris.');
	ok(is_seen($graph, 'walk', 'on', 'Ben', '"known":["Alice adopted a dog called Rex."]', 'I saw Rex.'), "$graph: the question has what is known of what it names");
	is(known_in($graph, 'walk'), 'Alice adopted a dog called Rex.', '... and nothing else');
	ok(!is_seen($graph, 'walk off', 'off', 'Ben', '"known"', 'I saw Rex in May.'), "$graph: off it has none");
	is(number(qq{SELECT count(*) FROM kg_batch_internal.chunk c JOIN kg_batch.progress j USING (graph_id, job_id) WHERE j.graph = '$graph' AND j.job = 'off' AND c.known IS NOT NULL}), 0, '... and nothing is looked up');
	ok(!is_seen($graph, 'stranger', 'on', 'Zoe', '"known"', 'I saw a film.'), "$graph: of strangers nothing is known");
	ok(is_seen($graph, 'again', 'on', 'Alice', '"Alice lives in Oslo."', 'I saw a film.'), "$graph: who speaks is named");
}

# What is possible or denied by a person is not known, and what an alias names is.
say('combined', 'plans', 'off', 'Alice', 'I want to visit Rome.');
number(q{SELECT kg_batch.retract(fact_id, graph => 'combined') FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('combined') AND text = 'Alice lives in Oslo.'});
number(q{SELECT kg_batch.retry('on', graph => 'combined')});
ok(done(), 'tried again');
is(known_in('combined', 'again'), 'Alice adopted a dog called Rex.|Alice lives in Oslo.', 'a question stays what it was');
say('combined', 'once more', 'on', 'Alice', 'I saw a play.');
unlike(known_in('combined', 'once more'), qr/Oslo|Rome/, 'what was retracted or is planned is not known');

# At most 20, and which does not depend on ids.
for my $graph ('many', 'backwards')
{
	number(qq{SELECT kg_batch.create_graph('$graph'), kg_batch.create_job('on', '{"use_known": true}', '$graph'), kg_batch.create_job('off', '{}', '$graph')});
	my @names = map { "Rex$_" } 'a' .. 'y';
	for my $name ($graph eq 'many' ? @names : reverse @names)
	{
		number(qq{SELECT kg_batch.enqueue('[{"speaker":"Alice","content":"I adopted a dog called $name."}]', key => '$name', final => true, job => 'off', graph => '$graph')});
	}
	ok(done(), "$graph: read");
	say($graph, 'last', 'on', 'Alice', 'I saw Rexc.');
}
is(scalar(split /\|/, known_in('many', 'last')), 20, 'at most 20 facts');
like(known_in('many', 'last'), qr/^Alice adopted a dog called Rexc\./, 'what speaks of most of what is named comes first');
is(known_in('many', 'last'), known_in('backwards', 'last'), 'which they are does not depend on the order of work');

# Read again, a chunk is not told what it said itself.
my $before = number(q{SELECT kg_batch.graph_digest('many')});
number(q{SELECT kg_batch.reread(options => '{"use_known": true, "model": "gpt-5.6-luna"}', graph => 'many')});
ok(done(), 'read again');
is(number(q{SELECT kg_batch.graph_digest('many')}), $before, 'nothing is lost by reading again');
is(number(q{SELECT count(*) FROM kg_batch_internal.chunk WHERE reading > 1 AND known IS NOT NULL}), 0, '... because nothing counts as known');

# What is forgotten is shown no more, and what had shown it is asked again.
number(q{SELECT kg_batch.forget('Rexc', graph => 'many')});
is(number(q{SELECT count(*) FROM kg_batch_internal.answer a JOIN kg_batch_internal.chunk c ON c.graph_id = a.graph_id AND a.request_id = c.request_id
	JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
	WHERE v.key = 'last' AND v.graph_id = kg_batch.graph_id('many') AND c.reading = 1 AND a.body IS NOT NULL}), 0, 'an answer to a question that showed it is kept no more');
unlike(known_in('many', 'last'), qr/Rexc/, '... nor is it known');

$node->stop('fast');
done_testing();
