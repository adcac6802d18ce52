# A first try: one conversation with default settings is in the graph within
# seconds, directly, and a NOTICE says so. The same again costs nothing; an edited
# message is read again, alone, and what its old text said is gone; what follows
# under the same key is added, and read when it is final, flushed or settled.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('first_try', settings => { fsync => 'off' });
my $sim = $node->sim;

# Small talk but for some sentences that the stand-in makes a fact of.
my @talk = map { { id => "m$_", speaker => $_ % 2 ? 'Anna' : 'Bob', sent_at => sprintf('2024-05-04T15:%02d:00Z', $_),
	content => "This is what number $_ of our messages says." } } 1 .. 30;
$talk[2]{content} = 'I adopted a dog named Clyde.';
$talk[9]{content} = 'I live in Leeds.';
$talk[20]{content} = 'My sister Ruth lives in York.';

my ($job, $notice) = enqueue(\@talk, key => 'chat', final => 'true');
like($notice, qr/took 30 new messages of 1 conversation/, 'a NOTICE says what was taken');
like($notice, qr/1 request to \S+ goes directly/, 'and which way it goes');
ok($node->wait_for_job($job, 'done'), 'it is done');
my $stats = $sim->stats;
is($stats->{direct}{answers}, 1, 'one question was asked directly');
is($stats->{batch}{answers}, 0, 'none by batch');
is(requests_of('POST /v1/chat/completions'), 1, 'in one request');
is(requests_of('POST /v1/batches'), 0, 'and no batch was made');
ok(visible('Clyde'), 'what was said is in the graph');
ok(visible('Leeds'), 'all of it');
is($node->kg("SELECT count(*) FROM kg_batch.progress WHERE job_id = $job AND conversations_done = 1 AND percent = 100"), 1, 'progress says so');
my $digest = digest();
my $paid = paid();
cmp_ok($paid, '>', 0, 'it cost something');

# The same again, whole and in part.
for my $again (\@talk, [ @talk[ 3 .. 7 ] ])
{
	(my $same, $notice) = enqueue($again, key => 'chat', final => 'true');
	is($same, $job, 'the same again is the same job');
	like($notice, qr/took 0 new messages.*Nothing is asked, nothing is paid/s, 'a NOTICE says that it costs nothing');
	is($node->kg("SELECT state FROM kg_batch.progress WHERE job_id = $job"), 'done', 'the job is done at once');
}
is_deeply([ questions(), paid(), digest() ], [ 1, $paid, $digest ], 'no question, no cost, the same graph');

# An edit: the one sentence is read again, and nothing else.
my @edited = map { +{%$_} } @talk;
$edited[9]{content} = 'I live in Paris.';
($job, $notice) = enqueue(\@edited, key => 'chat', final => 'true');
like($notice, qr/1 edit/, 'a NOTICE says that it is an edit');
ok($node->wait_for_job($job, 'done'), 'it is read again');
is(questions(), 2, 'by one more question');
is_deeply(new_sentences(), ['I live in Paris.'], 'that asks about the edited message alone');
ok(visible('Paris'), 'the new text is in the graph');
ok(!visible('Leeds'), 'the old one is not');
is($node->kg(q{SELECT count(*) FROM kg_batch.fact WHERE text ~ 'Leeds'}), 0, 'no visible fact is of the old text');
is($node->kg(q{SELECT count(*) FROM kg_batch.evidence WHERE quote ~ 'Leeds'}), 0, 'no evidence quotes it');
cmp_ok($node->kg(q{SELECT count(*) FROM kg_batch.evidence WHERE message_id = 'm10' AND quote ~ 'Paris'}), '>', 0,
	q{the new one is quoted, under the message's id});
ok(visible('Clyde'), 'what others said stays');
is($node->kg(q{SELECT count(*) FROM kg_batch.node n WHERE NOT EXISTS (SELECT FROM kg_batch.evidence e WHERE e.node_id = n.node_id)}), 0, 'every node has evidence left');
is($node->kg(q{SELECT count(*) FROM kg_batch.edge n WHERE NOT EXISTS (SELECT FROM kg_batch.evidence e WHERE e.edge_id = n.edge_id)}), 0, 'and so has every edge');
($job, $notice) = enqueue(\@edited, key => 'chat', final => 'true');
is(questions(), 2, 'the edit again costs nothing');

# The old text again is an edit, too.
($job, $notice) = enqueue(\@talk, key => 'chat', final => 'true');
ok($node->wait_for_job($job, 'done'), 'edited back');
ok(visible('Leeds') && !visible('Paris'), 'the first text is back, and the second one gone');

# What follows: added to the same conversation, asked about alone, when it is time.
my $before = questions();
my @more = map { { id => "n$_", speaker => 'Bob', sent_at => sprintf('2024-05-04T15:%02d:00Z', 30 + $_), content => $_ } }
  1 .. 2;
$more[0]{content} = 'I moved to Bristol.';
$more[1]{content} = 'My sister Eve lives in Bath.';
($job, $notice) = enqueue([ @talk, @more ], key => 'chat', final => 'false');
like($notice, qr/took 2 new messages.*30 repeats/s, 'of what follows only what is new is taken');
like($notice, qr/kg_batch\.flush\(\)/, 'a NOTICE says when it is read');
is($node->kg("SELECT state FROM kg_batch.progress WHERE job_id = $job"), 'running', 'the job waits for more');
is($node->kg("SELECT count(*) FROM kg_batch.progress WHERE job_id = $job AND conversations_done = 0"), 1, 'and is not done');
is(questions(), $before, 'nothing is asked while it is open');
is($node->kg('SELECT kg_batch.flush()'), 1, 'flush closes it');
ok($node->wait_for_job($job, 'done'), 'and it is read');
is(questions(), $before + 1, 'by one question');
is_deeply(new_sentences(), [ 'I moved to Bristol.', 'My sister Eve lives in Bath.' ], 'about what is new');
ok(visible('Bristol') && visible('Clyde'), 'added to what is there');
is($node->kg('SELECT kg_batch.flush()'), 0, 'there is nothing more to flush');
is($node->kg(q{SELECT count(*) FROM kg_batch_internal.conversation}), 1, 'it is one conversation');

# Without final and without flush: when it has settled.
$node->kg(q{SELECT kg_batch.create_job('soon', '{"settle":1}')});
($job) = enqueue([ { speaker => 'Carol', content => 'I bought a piano.' } ], key => 'quiet', job => 'soon');
ok($node->wait_for_job($job, 'done'), 'what has settled is read by itself');
ok(visible('piano'), 'and is in the graph');
# Without a key nothing more can come.
($job) = enqueue([ { speaker => 'Dave', content => 'I bought a kayak.' } ]);
ok($node->wait_for_job($job, 'done'), 'what has no key is read at once');
ok(visible('kayak'), 'and is in the graph, too');

my $total = $sim->stats->{all}{usd};
cmp_ok(abs(paid() - $total), '<', 1e-9, 'the ledger is the bill');
is($sim->stats->{repeated_answers}, 0, 'no question was asked twice');
is($sim->stats->{batch}{answers}, 0, 'none went by batch');
is($node->kg('SELECT count(*) FROM kg_batch.errors'), 0, 'no errors');

$node->stop('fast');
done_testing();

# Gives the job and what the caller is told.
sub enqueue
{
	my ($messages, %with) = @_;
	my $json = JSON::PP->new->ascii->encode($messages);
	my $arguments = join '', map { ', ' . $_ . ' => ' . ($_ eq 'final' ? $with{$_} : "'$with{$_}'") } sort keys %with;
	my ($out, $err) = ('', '');
	$node->psql('kg', "SELECT kg_batch.enqueue(\$json\$$json\$json\$::jsonb$arguments)", stdout => \$out, stderr => \$err,
		on_error_die => 1);
	return ($out, $err);
}

sub questions { return $sim->stats->{all}{answers}; }
sub requests_of { return $sim->stats->{routes}{ $_[0] }{requests} // 0; }
sub paid { return 0 + $node->kg('SELECT COALESCE(sum(cost), 0) FROM kg_batch.cost'); }
sub digest { return $node->kg('SELECT kg_batch.graph_digest()'); }

# Whether a visible node is called so.
sub visible { return $node->kg("SELECT count(*) FROM kg_batch.node WHERE label ~ '$_[0]' OR '$_[0]' = ANY (aliases)") > 0; }

# The sentences, without context, that the newest question asks about.
sub new_sentences
{
	return [ split /\n/, $node->kg(q{
		SELECT substr(m.content, c.starts[i] + 1, c.ends[i] - c.starts[i])
		FROM (SELECT * FROM kg_batch_internal.chunk ORDER BY chunk_id DESC LIMIT 1) c
		CROSS JOIN generate_series(c.context_size + 1, cardinality(c.message_ids)) i
		JOIN kg_batch_internal.message m ON m.message_id = c.message_ids[i] ORDER BY i}) ];
}
