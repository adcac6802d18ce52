# A table that is followed flows into the graph: each row that was committed is handed in
# once, over restarts too, and none that was rolled back; what is edited is read again,
# what is deleted is forgotten where that was asked for.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('following',
	settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.settle' => '1h', restart_after_crash => 'on' });

# ---- from an insert to a node ----

$node->kg(q{
	CREATE TABLE message (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, chat text NOT NULL, author text NOT NULL, body text, at timestamptz DEFAULT now(), seen boolean DEFAULT false);
	INSERT INTO message (chat, author, body) VALUES ('first', 'Alice', 'I adopted a cat called Tom.');
	SELECT kg_batch.create_graph('default');
	SELECT kg_batch.follow('message', content => 'body', speaker => 'author', conversation => 'chat', sent_at => 'at');
});
$node->kg(q{INSERT INTO message (chat, author, body) VALUES ('second', 'Bob', 'I saw Clyde in Oslo.')});
caught_up('what is there and what comes is taken in');
is(handed_in(), "first/1/I adopted a cat called Tom.\nsecond/2/I saw Clyde in Oslo.", 'both are messages');
is($node->kg(q{SELECT kg_batch.flush()}), '2', 'flush closes what is open');
$node->kg(q{CALL kg_batch.wait('inbox', 120)});
is($node->kg(q{SELECT count(*) FROM kg_batch.node WHERE label IN ('Tom', 'Oslo')}), '2', 'and both are in the graph');
is($node->kg(q{SELECT state, doing FROM kg_batch.progress}), 'following|has caught up with the tables that it follows', 'the job is following');

$node->stop('fast');
done_testing();

sub caught_up
{
	my ($what) = @_;
	return ok($node->wait_until(q{SELECT bool_and(state = 'following' AND waiting = 0) FROM kg_batch.follows}), $what);
}

sub handed_in
{
	return $node->kg(q{SELECT v.key || '/' || substr(m.message_key, 3) || '/' || m.content FROM kg_batch_internal.message m
		JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE NOT m.replaced ORDER BY m.message_id});
}
