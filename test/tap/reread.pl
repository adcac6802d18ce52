# What is read again is in the graph as if it had been read so from the beginning:
# what the old reading alone said is gone, what a person said holds. Until all of the
# new reading of a chunk is in, the old one counts, whatever becomes of the new one.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

# ---- two readings of the same conversations: the stand-in's rules, and these ----

sub thing
{
	my ($id, $label, $class, $category, $facts, $participant) = @_;
	return { id => $id, type => 'Entity', label => $label, class => $class, category => $category, named => JSON::PP::true, participant => $participant,
		of => undef, relation => undef, aliases => [], attributes => [], hash_tags => [], facts => $facts, confidence => 0.95, importance => 0.9 };
}
sub statement
{
	my ($id, $type, $label, $facts, %roles) = @_;
	return { id => $id, type => $type, label => $label, category => lc $label, facts => $facts, start => undef, end => undef, replaces => JSON::PP::false,
		goal_status => undef, hash_tags => [], confidence => 0.9, importance => 0.8,
		roles => [ map { { role => $_, role_text => undef, node => $roles{$_} } } sort keys %roles ] };
}
sub fact
{
	my ($id, $text, $sentence, $quote) = @_;
	return { id => $id, text => $text, modality => 'asserted', negated => JSON::PP::false, evidence => [ { sentence => $sentence, quote => $quote } ] };
}
my $gold = PostgreSQL::Test::Utils::tempdir('gold') . '/gold.json';
append_to_file($gold, JSON::PP->new->encode({ answers => [
	{ contains => 'Rex', schema => 'kg_extract', answer => {
		facts => [ fact(1, 'Alice adopted a dog called Rex.', 1, 'I adopted a dog called Rex'), fact(2, 'Bob lives in Oslo.', 2, 'I live in Oslo') ],
		things => [ thing(1, 'Alice', 'person', 'person', [1], 1), thing(2, 'Rex', 'animal', 'dog', [1], undef), thing(3, 'Bob', 'person', 'person', [2], 2),
			thing(4, 'Oslo', 'place', 'city', [2], undef) ],
		statements => [ statement(5, 'State', 'Ownership', [1], owner => 1, owned => 2), statement(6, 'State', 'Residence', [2], resident => 3, place => 4) ] } },
	{ contains => 'Paris', schema => 'kg_extract', answer => {
		facts => [ fact(1, 'Carol visited Paris.', 1, 'I visited Paris'), fact(2, 'Dora was in Paris with Carol.', 2, 'Dora came along') ],
		things => [ thing(1, 'Carol', 'person', 'person', [1, 2], 1), thing(2, 'Paris', 'place', 'city', [1, 2], undef), thing(3, 'Dora', 'person', 'person', [2], undef) ],
		statements => [ statement(4, 'Event', 'Trip', [1, 2], agent => 1, destination => 2, participant => 3) ] } },
	{ contains => 'Mimi', schema => 'kg_extract', answer => {
		facts => [ fact(1, 'Alice adopted a cat called Mimi.', 1, 'I adopted a cat called Mimi') ],
		things => [ thing(1, 'Alice', 'person', 'person', [1], 1), thing(2, 'Mimi', 'animal', 'cat', [1], undef) ],
		statements => [ statement(3, 'State', 'Ownership', [1], owner => 1, owned => 2) ] } } ] }));
my $node = KgBatch::Cluster->with_stand_in('reread', sim => [ '--mode', 'oracle', '--gold', $gold ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });

my @said = (
	[ 'pets', '[{"speaker":"Alice","id":"1","content":"I adopted a dog called Rex."},{"speaker":"Bob","id":"2","content":"I live in Oslo."}]' ],
	[ 'trips', '[{"speaker":"Carol","id":"1","content":"I visited Paris."},{"speaker":"Carol","id":"2","content":"Dora came along. Bob lives in Bergen."}]' ],
	[ 'cats', '[{"speaker":"Alice","id":"1","content":"I adopted a cat called Mimi."}]' ]);
sub number { return $node->kg(@_); }
sub done { return $node->wait_until(q{SELECT bool_and(state IN ('done', 'cancelled')) FROM kg_batch.progress}); }
sub digest { return $node->kg("SELECT kg_batch.graph_digest('$_[0]')"); }
sub asked { my @all = $node->sim->chats; return scalar @all; }
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '... and the error says why');
}
sub hand_in
{
	my ($graph, $mode, $model, @without) = @_;
	$node->sim->configure(mode => $mode);
	$node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '{\"model\": \"$model\"}', '$graph')");
	for my $one (@said)
	{
		next if grep { $_ eq $one->[0] } @without;
		$node->kg("SELECT kg_batch.enqueue('$one->[1]', key => '$one->[0]', final => true, job => 'read', graph => '$graph')");
	}
	return ok(done(), "$graph: read");
}
sub labels { return number(sprintf(q{SELECT string_agg(label, ' ' ORDER BY label COLLATE "C") FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('%s')}, $_[0])); }
sub texts { return number(sprintf(q{SELECT string_agg(text, ' ' ORDER BY text COLLATE "C") FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('%s')}, $_[0])); }
sub node_of { return "(SELECT node_id FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('$_[0]') AND label = '$_[1]')"; }
sub say_words
{
	my ($graph) = @_;
	return map { number($_) } (
		"SELECT kg_batch.merge(@{[node_of($graph, 'Rex')]}, @{[node_of($graph, 'Mimi')]}, graph => '$graph')",
		"SELECT kg_batch.correct(@{[node_of($graph, 'Carol')]}, 'add_alias', 'Caro', graph => '$graph')",
		"SELECT kg_batch.retract(fact_id, graph => '$graph') FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('$graph') AND text = 'Bob lives in Oslo.'");
}
# Nothing leads nowhere, and sums are what mentions add up to.
sub sound
{
	my ($name) = @_;
	return is(number(q{SELECT (SELECT count(*) FROM kg_batch_internal.node n WHERE NOT EXISTS (SELECT FROM kg_batch_internal.identity i
			WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.identity i WHERE i.node_id IS NULL OR i.mentions = 0
			OR i.mentions <> (SELECT count(*) FROM kg_batch_internal.node_mention m WHERE m.graph_id = i.graph_id AND m.key = i.key AND m.live))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node_mention m WHERE m.live AND NOT EXISTS (SELECT FROM kg_batch_internal.identity i
			WHERE i.graph_id = m.graph_id AND i.key = m.key))}), '0 0 0', "$name: the graph is sound");
}

# ---- half of it fails: the old reading counts where the new one is not in ----

hand_in('again', 'rules', 'gpt-6-luna');
like(labels('again'), qr/Adoption.*Bergen/, 'the first reading has what it alone says');
my @words = say_words('again');
my $before = digest('again');
my $alice = number('SELECT ' . node_of('again', 'Alice'));
$node->sim->configure(mode => 'oracle');
$node->sim->fault({ fault => 'status', status => 400, contains => 'Paris' });
my $job = number(q{SELECT kg_batch.reread(options => '{"model": "gpt-5.4-mini"}', graph => 'again')});
ok(done(), 'read again');
is(number("SELECT chunks || ' ' || chunks_done || ' ' || chunks_failed FROM kg_batch.progress WHERE job_id = $job"), '3 2 1', 'one of three failed');
like(labels('again'), qr/Bergen/, '... of it the old reading counts');
unlike(labels('again'), qr/Adoption|Dora/, '... of the others the new one');
is(number(q{SELECT count(*) FROM kg_batch.errors WHERE what = 'chunk'}), 1, 'and it stands among the errors');
is(number(q{SELECT bool_and(conversations_done = conversations) FROM kg_batch.progress WHERE job = 'read'}), 't', 'the first job is as done as it was');
sound('half of it is in');
my $half = digest('again');
number(q{SELECT kg_batch.rebuild('again')});
is(digest('again'), $half, '... and the same rebuilt');

# ---- all of it ----

$node->sim->request('DELETE', '/_sim/faults');
number("SELECT kg_batch.retry($job, graph => 'again')");
ok(done(), 'tried again');
hand_in('so', 'oracle', 'gpt-5.4-mini');
my @same_words = say_words('so');
unlike(labels('again'), qr/Bergen|Adoption/, 'what the old reading alone said is gone');
like(labels('again'), qr/Dora/, 'what the new one says is there');
is(number(q{SELECT string_agg(content, E'\n') FROM kg_batch.compare('again', 'so')}), '', 'nothing differs from a graph that was read so from the beginning');
is(digest('again'), digest('so'), 'and the digest is the same');
isnt(digest('again'), $before, '... and not that of the first reading');
is(number('SELECT ' . node_of('again', 'Alice')), $alice, 'what both say keeps its id');
unlike(texts('again'), qr/Oslo/, 'what was retracted stays retracted');
is(number(q{SELECT count(*) FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('again') AND label IN ('Rex', 'Mimi')}), 1, 'what was merged stays merged');
is(number(q{SELECT count(*) FROM kg_batch.errors}), 0, 'no error is left');
sound('all of it is in');
number(q{SELECT kg_batch.rebuild('again')});
is(digest('again'), digest('so'), 'rebuilt it is the same');
sound('rebuilt');

# ---- versions ----

is(number(q{SELECT string_agg(conversation || ' ' || reading || ' ' || model || ' ' || counts || ' ' || facts, ', ' ORDER BY conversation, reading)
	FROM kg_batch.reading WHERE graph_id = kg_batch.graph_id('again')}),
	'cats 1 gpt-6-luna false 1, cats 2 gpt-5.4-mini true 1, pets 1 gpt-6-luna false 2, pets 2 gpt-5.4-mini true 2, trips 1 gpt-6-luna false 2, trips 2 gpt-5.4-mini true 2',
	'each reading is there, with its model and whether it counts');
is(number(q{SELECT count(*) FROM kg_batch.former_fact WHERE graph_id = kg_batch.graph_id('again') AND reading = 1 AND text ~ 'Bergen'}), 1, 'and what an old one said');
is(number(q{SELECT count(*) FROM kg_batch.former_fact WHERE graph_id = kg_batch.graph_id('so')}), 0, '... where there is one');
refused(q{SELECT kg_batch.retract(fact_id, graph => 'again') FROM kg_batch.former_fact WHERE text ~ 'Bergen'}, qr/newer reading took its place/, 'to retract what is no more');

# ---- words undone ----

number("SELECT kg_batch.undo($_, 'again')") for @words;
number("SELECT kg_batch.undo($_, 'so')") for @same_words;
like(texts('again'), qr/Bob lives in Oslo/, 'undone, what was retracted counts');
is(digest('again'), digest('so'), '... as it would have from the beginning');
sound('words undone');

# A word that is said while the same is read again is said of that, too.
my $plain = digest('again');
$node->sim->fault({ fault => 'delay', ms => 1500, contains => 'Rex', count => 1 });
my $ledger = asked();
$job = number(q{SELECT kg_batch.reread('pets', options => '{"model": "gpt-5.4-nano"}', graph => 'again')});
ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch_internal.request WHERE state = 'asking')}), 'it is out');
my $word = number(q{SELECT kg_batch.retract(fact_id, graph => 'again') FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('again') AND text = 'Bob lives in Oslo.'});
ok(done(), 'it is in');
is(asked(), $ledger + 1, 'one conversation is one question');
unlike(texts('again'), qr/Oslo/, 'what was retracted meanwhile is');
number("SELECT kg_batch.undo($word, 'again')");
is(digest('again'), $plain, '... until it is undone');

# ---- nothing is paid for twice; paused, estimated, cancelled ----

$ledger = asked();
$job = number(q{SELECT kg_batch.reread(options => '{"model": "gpt-5.4-mini"}', graph => 'again')});
ok(done(), 'read with the same model and prompts');
is(asked(), $ledger, 'the same questions are not asked again');
is(digest('again'), digest('so'), '... and the graph is the same');
is(number(q{SELECT max(reading) FROM kg_batch.reading WHERE conversation = 'pets'}), 4, '... in one more reading');

$node->sim->configure(mode => 'rules');
$job = number(q{SELECT kg_batch.reread(options => '{"model": "gpt-5.6-luna", "paused": true}', graph => 'again')});
is(number("SELECT chunks || ' ' || requests || ' ' || (cost > 0) FROM kg_batch.estimate($job, 'again')"), '3 3 true', 'what it will cost is estimated first');
is(asked(), $ledger, '... without a question');
number("SELECT kg_batch.cancel($job, 'again')");
is(digest('again'), digest('so'), 'cancelled it changes nothing');
number("SELECT kg_batch.retry($job, graph => 'again')");
ok(done(), 'taken up again');
hand_in('first', 'rules', 'gpt-5.6-luna');
is(digest('again'), digest('first'), 'it is what a graph is that was read so');
sound('there and back');
$job = number(q{SELECT kg_batch.reread('trips', options => '{"model": "gpt-5.5", "budget": 0}', graph => 'again')});
ok($node->wait_until("SELECT state = 'paused' AND reason = 'budget' FROM kg_batch.progress WHERE job_id = $job"), 'without money it waits');
is(digest('again'), digest('first'), '... and the graph with it');
number("SELECT kg_batch.cancel($job, 'again')");

# ---- an answer cut off by length: two halves, and neither without the other ----

$node->sim->fault([ { fault => 'length', stage => 'kg_extract', count => 1 }, { fault => 'status', status => 400, stage => 'kg_extract', skip => 1, count => 1 } ]);
$job = number(q{SELECT kg_batch.reread('trips', options => '{"model": "gpt-5.6-terra"}', graph => 'again')});
ok($node->wait_for_job($job), 'read in halves');
is(number("SELECT chunks || ' ' || chunks_done || ' ' || chunks_failed FROM kg_batch.progress WHERE job_id = $job"), '2 1 1', 'one half is in, one is not');
is(digest('again'), digest('first'), '... so the old reading counts');
is(number("SELECT count(*) FROM kg_batch_internal.node_mention m JOIN kg_batch_internal.chunk c USING (graph_id, chunk_id) WHERE c.job_id = $job AND m.live"), 0, '... alone');
number(q{SELECT kg_batch.rebuild('again')});
is(digest('again'), digest('first'), '... also rebuilt');
number("SELECT kg_batch.retry($job, graph => 'again')");
ok($node->wait_for_job($job), 'the other half is tried again');
is(number(qq{SELECT string_agg(DISTINCT counts::text, ' ') FROM kg_batch.reading WHERE job_id = $job}), 'true', 'with both it counts');
is(number(q{SELECT count(*) FROM kg_batch.reading WHERE graph_id = kg_batch.graph_id('again') AND conversation = 'trips' AND counts}), 2, '... and nothing else does');
sound('halves');
my $halves = digest('again');
number(q{SELECT kg_batch.rebuild('again')});
is(digest('again'), $halves, '... the same rebuilt');

# The half that is not in is forgotten: the other one is all of the reading then.
hand_in('half', 'rules', 'gpt-5.6-luna', 'pets', 'cats');
$node->sim->fault([ { fault => 'length', stage => 'kg_extract', count => 1 }, { fault => 'status', status => 400, stage => 'kg_extract', skip => 1, count => 1 } ]);
$job = number(q{SELECT kg_batch.reread(options => '{"model": "gpt-5.6-terra"}', graph => 'half')});
ok($node->wait_for_job($job), 'half: read again in halves');
$node->kg(qq{SELECT kg_batch.forget('trips', substr(m.message_key, 3), graph => 'half') FROM kg_batch_internal.chunk c
	JOIN kg_batch_internal.message m ON m.graph_id = c.graph_id AND m.message_id = c.message_ids[cardinality(c.message_ids)] WHERE c.job_id = $job AND c.state = 'failed'});
is(number(qq{SELECT string_agg(job || ' ' || counts, ', ' ORDER BY reading) FROM kg_batch.reading WHERE graph_id = kg_batch.graph_id('half') AND facts > 0 AND job_id <> $job}),
	'read false', 'half: without what failed the new reading is whole');
my $rest_of_it = digest('half');
number(q{SELECT kg_batch.rebuild('half')});
is(digest('half'), $rest_of_it, '... and counts at once');
sound('half');

# An answer that was too long is of no half, and is forgotten with either.
hand_in('whole', 'rules', 'gpt-5.6-luna', 'pets', 'cats');
$node->sim->fault({ fault => 'length', stage => 'kg_extract', count => 1 });
$job = number(q{SELECT kg_batch.reread(options => '{"model": "gpt-5.6-terra"}', graph => 'whole')});
ok($node->wait_for_job($job), 'whole: read again in halves');
is(number("SELECT chunks FROM kg_batch.progress WHERE job_id = $job"), 2, '... two');
number(q{SELECT kg_batch.forget('trips', '2', graph => 'whole')});
is(number(q{SELECT count(*) FROM kg_batch_internal.answer a JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'whole' AND a::text ~ 'Dora|Bergen'}), 0, 'whole: no answer has what was forgotten');

# ---- edits and forgetting reach every reading ----

number(q{SELECT kg_batch.enqueue('[{"speaker":"Alice","id":"1","content":"I adopted a dog called Biscuit."}]', key => 'pets', final => true, graph => 'again')});
ok($node->wait_until(q{SELECT bool_and(state IN ('done', 'cancelled')) FROM kg_batch.progress}), 'an edit is read');
like(texts('again'), qr/Biscuit/, 'the new words are there');
unlike(texts('again'), qr/Rex/, '... and no reading of the old ones comes back');
sound('edited');
number(q{SELECT kg_batch.forget('pets', graph => 'again'), kg_batch.forget('trips', '2', graph => 'again')});
sound('forgotten');
for my $table (split /\n/, number(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'kg_batch_internal'::regnamespace
	AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'graph_id')}))
{
	is(number("SELECT count(*) FROM $table t WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'again') AND t::text ~ 'Rex|Oslo|Dora|Bergen'"), 0, "nothing forgotten is in $table");
}
my $rest = digest('again');
number(q{SELECT kg_batch.rebuild('again')});
is(digest('again'), $rest, 'rebuilt it is the same');

# ---- what cannot be ----

refused(q{SELECT kg_batch.reread('pests', graph => 'so')}, qr/conversation "pests" does not exist/, 'an unknown conversation');
refused(q{SELECT kg_batch.reread(job => 'reed', graph => 'so')}, qr/job "reed" does not exist.*"read"/s, 'an unknown job');
refused(q{SELECT kg_batch.reread(options => '{"boundaries": "none"}', graph => 'so')}, qr/"boundaries" has no effect/, 'to cut otherwise');
is(number(q{SELECT kg_batch.reread(graph => 'empty') IS NULL FROM kg_batch.create_graph('empty')}), 't', 'where nothing was read there is no job');
is(number(q{SELECT count(*) FROM kg_batch.progress WHERE graph = 'empty'}), 0, '... and none is left');
$node->safe_psql('kg', q{CREATE ROLE writer LOGIN; SELECT kg_batch.grant_access('writer', 'writer', 'so')});
my $err = '';
$node->psql('kg', q{SELECT kg_batch.reread(graph => 'so')}, extra_params => [ '-U', 'writer' ], stderr => \$err);
like($err, qr/permission denied/, 'who is not admin of the graph cannot have it read again');

$node->stop('fast');
done_testing();
