# What is forgotten is gone: no table holds a word of it, the graph is the one that
# never had it, what it cost stays, and it is not taken in again; at whatever point
# of its life it is.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('forgetting', sim => [ '--batch-turnaround-s', 1 ],
	settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_linger' => '100ms' });

sub enqueue
{
	my ($graph, $key, @messages) = @_;
	my $json = JSON::PP->new->encode([ map { { speaker => $_->[0], content => $_->[1], ($_->[2] ? (id => $_->[2]) : ()), ($_->[3] ? (sent_at => $_->[3]) : ()) } } @messages ]);
	my ($out, $err) = ('', '');
	$node->psql('kg', "SELECT kg_batch.enqueue(\$m\$$json\$m\$::jsonb, key => '$key', final => true, graph => '$graph')", stdout => \$out, stderr => \$err);
	return $err;
}
sub done { return $node->wait_until(q{SELECT bool_and(state IN ('done', 'paused')) FROM kg_batch.progress}); }
sub digest { return $node->kg("SELECT kg_batch.graph_digest('$_[0]')"); }
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '… and the error says why');
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

# What stands in no row that leads nowhere.
sub sound
{
	my ($name) = @_;
	return is($node->kg(q{SELECT (SELECT count(*) FROM kg_batch_internal.node n WHERE NOT EXISTS (SELECT FROM kg_batch_internal.identity i
			WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.identity i WHERE i.node_id IS NULL OR i.mentions = 0
			OR i.mentions <> (SELECT count(*) FROM kg_batch_internal.node_mention m WHERE m.graph_id = i.graph_id AND m.key = i.key AND m.live))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node_redirect r WHERE NOT EXISTS (SELECT FROM kg_batch_internal.node n
			WHERE n.graph_id = r.graph_id AND n.node_id = r.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.ready r WHERE r.kind = 3 AND NOT EXISTS (SELECT FROM kg_batch_internal.chunk c
			WHERE c.graph_id = r.graph_id AND c.chunk_id = r.chunk_id))}), '0 0 0 0', "$name: the graph is sound");
}

my %others = (
	work => [ [ Anna => 'I live in Oslo.', undef, '2024-01-10T10:00:00Z' ], [ Anna => 'I adopted a dog called Rex.' ] ],
	club => [ [ Ben => 'Anna lives in Oslo.', undef, '2024-02-10T10:00:00Z' ], [ Ben => 'My mother lives in Porto.' ] ],
	same => [ [ Zora => 'I like chess.' ] ],
);
# It shares Anna with others, and closes where she lived.
my @secret = ([ Anna => 'I live in Quuxholm.', 's1', '2024-05-10T10:00:00Z' ], [ Anna => 'I adopted a quuxcat called Quuxi.', 's2' ], [ Quuxman => 'I live in Oslo.', 's3' ]);

# ---- a graph that never had it ----

$node->kg("SELECT kg_batch.create_graph('$_')") for qw(never had);
enqueue('never', $_, @{ $others{$_} }) for sort keys %others;
enqueue('had', $_, @{ $others{$_} }) for qw(work same);
enqueue('had', 'secret', @secret);
enqueue('had', 'club', @{ $others{club} });
ok(done(), 'read');
isnt(digest('had'), digest('never'), 'to begin with the graphs differ');
like($node->kg(q{SELECT string_agg(v.status, ' ') FROM kg_batch.validity(graph => 'had') v}), qr/ended|superseded/, 'it closed a State of another conversation');
like(tables_with('quux'), qr/message.*node/, 'its words stand in tables');
my $bill = $node->kg('SELECT sum(requests) || $$ $$ || sum(cost) || $$ $$ || sum(output_tokens) FROM kg_batch_internal.usage');
my $answers = $node->kg('SELECT count(*) FROM kg_batch_internal.answer');

refused(q{SELECT kg_batch.forget('secrets', graph => 'had')}, qr/conversation "secrets" does not exist.*Perhaps you mean "secret"/s, 'an unknown key');
refused(q{SELECT kg_batch.forget(NULL)}, qr/"key" must not be null/, 'no key');

is($node->kg(q{SELECT kg_batch.forget('secret', graph => 'had')}), 3, 'three messages are forgotten');
is(digest('had'), digest('never'), 'the graph is the one that never had it');
is(tables_with('quux'), '', 'no table holds a word of it');
sound('forgotten');
is($node->kg('SELECT sum(requests) || $$ $$ || sum(cost) || $$ $$ || sum(output_tokens) FROM kg_batch_internal.usage'), $bill, 'what it cost stays');
is($node->kg('SELECT count(*) FROM kg_batch_internal.answer'), $answers, '… in the ledger too');
is($node->kg(q{SELECT kg_batch.forget('secret', graph => 'had')}), 0, 'a second time there is nothing to forget');

like(enqueue('had', 'secret', @secret), qr/3 messages stayed forgotten/, 'handed in again it is skipped, and counted');
is(digest('had'), digest('never'), '… and the graph is the same');
is($node->kg(q{SELECT sum(skipped) FROM kg_batch_internal.tombstone}), 3, '… and the tombstones counted');
is($node->kg(q{SELECT count(*) FROM kg_batch.skipped WHERE reason = 'forgotten'}), 3, '… which a view shows');
is($node->kg(q{SELECT count(*) FROM kg_batch_internal.conversation WHERE key = 'secret'}), 0, '… without a conversation');
is($node->kg(q{SELECT kg_batch.enqueue_text(E'Anna: Quuxtext is mine.', key => 'text', graph => 'had') > 0}), 't', 'a transcript');
ok(done(), 'read');
is($node->kg(q{SELECT kg_batch.forget('text', graph => 'had')}), 1, '… is forgotten');
$node->kg(q{SELECT kg_batch.enqueue_text(E'Anna: Quuxtext is mine.', key => 'text', graph => 'had');
	SELECT kg_batch.enqueue_query($$SELECT 'secret' AS conversation, 'Anna' AS speaker, 'I live in Quuxholm.' AS content, 's1' AS message_id$$, graph => 'had')});
is(tables_with('quux'), '', 'neither enqueue_text nor enqueue_query takes it in again');
is(digest('had'), digest('never'), '… nor does the graph have it');

# ---- an answer that several conversations share ----

$node->kg("SELECT kg_batch.create_graph('$_')") for qw(twins one);
enqueue('twins', $_, [ Ola => 'I adopted a dog called Quuxrex.' ]) for qw(a b);
enqueue('one', 'b', [ Ola => 'I adopted a dog called Quuxrex.' ]);
ok(done(), 'read');
is($node->kg(q{SELECT count(*) FROM kg_batch_internal.request r JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'twins'}), 1, 'two conversations share a question');
is($node->kg(q{SELECT kg_batch.forget('a', graph => 'twins')}), 1, 'one is forgotten');
is(digest('twins'), digest('one'), '… the other stays');
is($node->kg(q{SELECT count(a.body) FROM kg_batch_internal.answer a JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'twins'}), 0, '… and the answer of both is cut');
$node->kg(q{SELECT kg_batch.forget('b', graph => 'twins'), kg_batch.forget('b', graph => 'one')});
is(tables_with('quux'), '', 'then nothing is left');

# ---- what is not folded yet ----

$node->kg(q{SELECT kg_batch.create_graph('early'); SELECT kg_batch.create_job('waits', '{"paused":true}', graph => 'early')});
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I live in Quuxville."}]', key => 'early', job => 'waits', final => true, graph => 'early')});
is($node->kg(q{SELECT kg_batch.forget('early', graph => 'early')}), 1, 'what is not cut is forgotten');
is(tables_with('quux'), '', '… without a trace');
$node->kg(q{SELECT kg_batch.resume('waits', graph => 'early')});
ok(done(), '… and its job is done');

for my $way (qw(direct batch))
{
	my $by_batch = $way eq 'batch' ? 'true' : 'false';
	$node->sim->configure(latency_ms => 1500) if $way eq 'direct';
	$node->kg("SELECT kg_batch.create_job('$way', '{\"use_batch_api\":$by_batch,\"batch_min_requests\":1}', graph => 'early')");
	my ($asked, $paid) = split / /, $node->kg(q{SELECT count(*) || ' ' || COALESCE(sum(output_tokens), 0) FROM kg_batch_internal.answer});
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I live in Quuxtown$way."}]', key => '$way', job => '$way', final => true, graph => 'early')});
	ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch_internal.request r LEFT JOIN kg_batch_internal.batch b USING (batch_id)
		WHERE r.state = 'asking' AND (r.mode = 'direct' OR b.state = 'submitted'))}), "$way: it is asked");
	is($node->kg("SELECT kg_batch.forget('$way', graph => 'early')"), 1, "$way: it is forgotten while it is out");
	ok($node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE job = '$way'"), "$way: its job is done");
	is($node->kg(q{SELECT count(*) FROM kg_batch_internal.answer}), $asked + 1, "$way: the answer is booked when it comes");
	cmp_ok($node->kg(q{SELECT sum(output_tokens) FROM kg_batch_internal.answer}), '>', $paid, "$way: … with what it cost");
	is(tables_with('quux'), '', "$way: … and its text is not kept");
	$node->sim->configure(latency_ms => 0);
}

# ---- a question about the graph that is out, with another pair in it ----

$node->kg(q{SELECT kg_batch.create_graph('asked'); SELECT kg_batch.create_job('pairs', '{"paused":true}', graph => 'asked')});
for ([ 'Marcelina Holloway', 'I live in Oslo.' ], [ 'M. Holloway', 'I adopted a dog called Quuxi.' ], [ 'Konstantin Vandermeer', 'I live in Graz.' ], [ 'K. Vandermeer', 'I adopted a cat called Tom.' ])
{
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker":"$_->[0]","content":"$_->[1]"}]', key => '$_->[0]', job => 'pairs', final => true, graph => 'asked')});
}
$node->sim->fault({ fault => 'delay', stage => 'kg_merge', ms => 3000, count => 1 });
$node->kg(q{SELECT kg_batch.resume('pairs', graph => 'asked')});
ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch_internal.inquiry JOIN kg_batch_internal.request r USING (graph_id, request_id)
	WHERE r.state = 'asking' AND pg_catalog.strpos(document, 'Quuxi') > 0)}), 'a question about the graph that quotes it is out');
my $asked = $node->kg(q{SELECT request_id FROM kg_batch_internal.inquiry});
is($node->kg(q{SELECT kg_batch.forget('M. Holloway', graph => 'asked')}), 1, 'it is forgotten while it is');
is(tables_with('quux'), '', '… and its document with it');
ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.answer WHERE request_id = $asked)"), '… the answer is booked when it comes');
is($node->kg("SELECT bool_or(body IS NOT NULL) FROM kg_batch_internal.answer WHERE request_id = $asked"), 'f', '… and its text is not kept');
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'pairs'}), '… its job is done');
is($node->kg(q{SELECT string_agg(label_a || ' ' || label_b || ' ' || (verdict = 'open'), ', ') FROM kg_batch.decision WHERE graph_id = kg_batch.graph_id('asked')
		AND (label_a ~ 'Vandermeer' OR label_b ~ 'Vandermeer') AND label_a <> 'Tom' AND label_b <> 'Tom'}) =~ /false/, 1, '… when the other pair was asked about again');
is(tables_with('quux'), '', '… and no table holds a word of it');

$node->kg(q{SELECT kg_batch.cancel('pairs', graph => 'asked')});
is($node->kg(q{SELECT kg_batch.forget('K. Vandermeer', graph => 'asked')}), 1, 'of a cancelled job something is forgotten');
is($node->kg(q{SELECT state FROM kg_batch.progress WHERE job = 'pairs'}), 'cancelled', '… which does not begin to spend again');
$node->kg(q{SELECT kg_batch.drop_graph('asked')});
is($node->kg(q{SELECT count(*) FROM kg_batch.graph WHERE name = 'asked'}), 0, '… and its graph, with all that was asked about it, is dropped');

# ---- where kinds belong, as far as a model said it on the ground of what is gone ----

my %likes = (a => [ [ Anna => 'I like zorump.', undef, '2024-01-10T10:00:00Z' ], [ Anna => 'I like vintink.' ] ],
	b => [ [ Ben => 'I like zorump.', undef, '2024-02-10T10:00:00Z' ], [ Ben => 'I like quuxump.' ] ]);
my $filed = sub { return $node->kg("SELECT string_agg(category || ' ' || COALESCE(decided_by, 'open'), ', ' ORDER BY category) FROM kg_batch_internal.kind
	WHERE graph_id = kg_batch.graph_id('$_[0]') AND category ~ 'ump|ink'"); };
$node->kg("SELECT kg_batch.create_graph('$_'); SELECT kg_batch.create_job('likes', '{\"paused\":true}', graph => '$_')") for qw(liked out);
$node->kg("SELECT kg_batch.create_graph('only')");
my $likes = sub {
	my ($graph) = @_;
	for my $key (sort keys %likes)
	{
		my $json = JSON::PP->new->encode([ map { { speaker => $_->[0], content => $_->[1], ($_->[3] ? (sent_at => $_->[3]) : ()) } } @{ $likes{$key} } ]);
		$node->kg("SELECT kg_batch.enqueue(\$m\$$json\$m\$::jsonb, key => '$key', job => 'likes', final => true, graph => '$graph')");
	}
	return $node->kg("SELECT kg_batch.resume('likes', graph => '$graph')");
};
$likes->('liked');
enqueue('only', 'a', @{ $likes{a} });
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph IN ('liked', 'only')}), 'kinds were asked about');
is($filed->('liked'), 'quuxump model, vintink model, zorump model', '... and filed');
like(tables_with('quuxump'), qr/answer.*taxon_suggestion/, '... with a suggestion out of the answer');
my $request_of = "SELECT request_id FROM kg_batch_internal.kind WHERE graph_id = kg_batch.graph_id('liked') AND category";
my ($vintink, $zorump) = ($node->kg("$request_of = 'vintink'"), $node->kg("$request_of = 'zorump'"));
is($node->kg(q{SELECT kg_batch.forget('b', graph => 'liked')}), 2, 'one of the conversations is forgotten');
is(tables_with('quux'), '', '... and no table holds a word of it');
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE graph = 'liked'}), '... its job is done again');
is($filed->('liked'), 'vintink model, zorump model', '... with its own kind gone');
isnt($node->kg("$request_of = 'zorump'"), $zorump, '... and the one that was shown with words of it asked about again');
is($node->kg("$request_of = 'vintink'"), $vintink, '... but not the one that was not');
is(digest('liked'), digest('only'), '... so the graph is the one that never had it');

$node->sim->fault({ fault => 'delay', stage => 'kg_classify', ms => 3000, count => 1 });
$likes->('out');
ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch_internal.inquiry JOIN kg_batch_internal.request r USING (graph_id, request_id)
	WHERE r.state = 'asking' AND pg_catalog.strpos(document, 'quuxump') > 0)}), 'a question about kinds that quotes it is out');
my $out = $node->kg(q{SELECT request_id FROM kg_batch_internal.inquiry});
is($node->kg(q{SELECT kg_batch.forget('b', graph => 'out')}), 2, 'it is forgotten while it is');
is(tables_with('quux'), '', '... and its document with it');
ok($node->wait_until("SELECT EXISTS (SELECT FROM kg_batch_internal.answer WHERE request_id = $out)"), '... the answer is booked when it comes');
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE graph = 'out'}), '... its job is done');
is(tables_with('quux'), '', '... and no table holds a word of it');
is($filed->('out'), 'vintink model, zorump model', '... while the other kinds were asked about again');
is(digest('out'), digest('only'), '... in the graph that never had it');

# ---- what a model said ----

$node->kg("SELECT kg_batch.create_graph('judged')");
enqueue('judged', 'a', [ Ola => 'I adopted a dog called Rex.' ]);
enqueue('judged', 'b', [ Ola => 'I adopted a dog called Quuxo.' ], [ Ola => 'I adopted a cat called Rex.' ]);
ok(done(), 'read');
$node->kg(q{INSERT INTO kg_batch_internal.decision (graph_id, key_a, key_b, made_by, verdict, confidence, reason)
	SELECT a.graph_id, LEAST(a.key, b.key), GREATEST(a.key, b.key), 'model', 'different', 900, 'quux ' || b.label_key
	FROM kg_batch_internal.identity a JOIN kg_batch_internal.identity b USING (graph_id) JOIN kg_batch_internal.graph g USING (graph_id)
	WHERE g.name = 'judged' AND a.label_key = 'ola' AND b.label_key IN ('rex', 'quuxo') AND NOT a.is_statement AND NOT b.is_statement
	ON CONFLICT (graph_id, key_a, key_b) WHERE made_by = 'model' DO UPDATE SET verdict = 'different', reason = EXCLUDED.reason});
my $decisions = q{SELECT count(*) || ' ' || COALESCE(string_agg(DISTINCT verdict, ','), '') FROM kg_batch_internal.decision JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'judged'};
like($node->kg($decisions), qr/^[23] different$/, 'a model said something');
$node->sim->fault({ fault => 'delay', stage => 'kg_merge', ms => 3000, count => 1 });    # it is asked about again, and not answered yet
$node->kg(q{SELECT kg_batch.forget('b', graph => 'judged')});
like($node->kg($decisions), qr/^[1-9] open$/, 'what it said of things of which something is gone is open again, of what is gone altogether it goes too');
is(tables_with('quux'), '', '… with its reasons');

# ---- one message ----

$node->kg("SELECT kg_batch.create_graph('$_')") for qw(message without);
my @talk = ([ Anna => 'I adopted a dog called Rex.', 'm1' ], [ Anna => 'My quuxson is called Quuxen and lives in Quuxdorf.', 'm2' ], [ Ben => 'I live in Oslo.', 'm3' ]);
enqueue('message', 'talk', @talk);
enqueue('message', 'other', [ Ben => 'I live in Bergen.' ]);
ok(done(), 'read');
refused(q{SELECT kg_batch.forget('talk', 'm4', graph => 'message')}, qr/message "m4" does not exist in conversation "talk".*Perhaps you mean "m1"/s, 'an unknown message');
is($node->kg(q{SELECT kg_batch.forget('talk', 'm2', graph => 'message')}), 1, 'a message is forgotten');
is(tables_with('quux'), '', '… and no table holds a word of it');
sound('without the message');
is($node->kg(q{SELECT string_agg(text, ' ' ORDER BY text) FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('message') AND conversation = 'talk'}),
	$node->kg(q{SELECT string_agg(text, ' ' ORDER BY text) FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('message') AND conversation = 'talk' AND text ~ 'Rex|Oslo'}), '… the facts of others stay');
like($node->kg(q{SELECT string_agg(label, ' ') FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('message')}), qr/(?=.*Rex)(?=.*Oslo)(?=.*Bergen)/, '… and what they speak of');
is($node->kg(q{SELECT kg_batch.forget('talk', 'm2', graph => 'message')}), 0, '… a second time there is nothing');
like(enqueue('message', 'talk', @talk), qr/1 message stayed forgotten/, '… and it is not taken in again');
ok(done(), 'read');
is(tables_with('quux'), '', '… so nothing comes back');
is($node->kg(q{SELECT kg_batch.rebuild('message') > 0}), 't', 'it is rebuilt');
sound('rebuilt');

$node->sim->configure(latency_ms => 1500);
enqueue('without', 'out', @talk);
ok($node->wait_until(q{SELECT EXISTS (SELECT FROM kg_batch_internal.request WHERE state = 'asking')}), 'a question with it is out');
is($node->kg(q{SELECT kg_batch.forget('out', 'm2', graph => 'without')}), 1, 'a message is forgotten while it is');
$node->sim->configure(latency_ms => 0);
ok(done(), '… what is left is asked again, and read');
ok($node->wait_until(q{SELECT count(*) = 0 FROM kg_batch_internal.request WHERE state = 'asking'}), '… and all answers came');
is(tables_with('quux'), '', '… no word of it anywhere');
like($node->kg(q{SELECT string_agg(text, ' ') FROM kg_batch.fact WHERE graph_id = kg_batch.graph_id('without')}), qr/Rex/, '… the rest is in the graph');

# ---- rights ----

$node->safe_psql('kg', q{CREATE ROLE writer LOGIN; SELECT kg_batch.grant_access('writer', 'writer', 'had')});
my $err = '';
$node->psql('kg', q{SELECT kg_batch.forget('work', graph => 'had')}, extra_params => [ '-U', 'writer' ], stderr => \$err);
like($err, qr/permission denied/, 'who is not admin cannot forget');

$node->stop('fast');
done_testing();
