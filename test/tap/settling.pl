# A job that has nothing left to do but to wait for conversations to settle says so:
# in progress, in each line of wait and at its end, with when the next one does and
# what closes them now.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('settling', settings => { 'kg_batch.use_batch_api' => 'off' });
$node->kg(q{SELECT kg_batch.create_graph('Anna''s'), kg_batch.create_job('chats', '{"settle": "2 hours"}', graph => 'Anna''s')});

my $progress = q{FROM kg_batch.progress WHERE job = 'chats'};
my $settles_at = $node->kg(qq{SET TimeZone = 'UTC'; WITH e AS MATERIALIZED (SELECT @{[ enqueuing('first') ]}) SELECT FROM e; SELECT date_trunc('second', settles_at) $progress});
is($node->kg("SELECT settling, settles_at > now() + interval '1 hour' $progress"), '1|t', 'progress counts what waits');

{
	my $said = waiting(1);
	like($said, qr/^.*NOTICE:  chats \[\.{20}\] 0 %, 0 of 0 chunks, cost \$0(\.0+)?; 1 conversation waits until it settles, at \Q$settles_at\E$/m, 'wait says that one waits, and until when');
	like($said, qr/^HINT:  SELECT kg_batch\.flush\('Anna''s'\) closes them now\.$/m, '… and what closes it');
	is(() = $said =~ /NOTICE/g, 1, '… once, while nothing moves');
	like($said, qr/WARNING:  wait is over before job "chats" is done\nDETAIL:  1 conversation waits until it settles, at \Q$settles_at\E\.\nHINT:  SELECT kg_batch\.flush\('Anna''s'\) closes them now\. It goes on/,
		'the end of wait says so too');
}

# What is final is read, and is what the line has; the rest waits.
$node->kg('SELECT ' . enqueuing('second') . '; SELECT ' . enqueuing('third', 'true'));
ok($node->wait_until("SELECT chunks_done = 1 $progress"), 'what is closed is read');
is($node->kg("SELECT conversations, conversations_done, settling, date_trunc('second', settles_at AT TIME ZONE 'UTC') = timestamptz '$settles_at' AT TIME ZONE 'UTC' $progress"),
	'3|1|2|t', 'progress counts what is done, and what waits, the first of it first');
like(waiting(1), qr/1 of 1 chunks.*; 2 conversations wait until they settle, the next one at \Q$settles_at\E$/m, 'and so does wait');

is($node->kg(q{SELECT kg_batch.flush('Anna''s')}), '2', 'flush closes them');
my $said = waiting(120);
unlike($said, qr/settle|WARNING|HINT/, 'wait says nothing of it any more');
is($node->kg("SELECT state, conversations_done, settling, settles_at IS NULL $progress"), 'done|3|0|t', 'and the job is done');

$node->stop('fast');
done_testing();

sub enqueuing
{
	my ($key, $final) = @_;
	$final //= 'false';
	return qq{kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Alice', 'content', 'I adopted a cat called Tom $key.')), key => '$key', job => 'chats', final => $final, graph => 'Anna''s')};
}

sub waiting
{
	my ($seconds) = @_;
	my $error = '';
	$node->psql($KgBatch::Cluster::database, "SET TimeZone = 'UTC';\nCALL kg_batch.wait('chats', $seconds, 'Anna''s');\n", stderr => \$error);
	return $error;
}
