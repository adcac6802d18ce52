# The whole way of an exported chat: out of a file as the how-to says, into the
# graph, with evidence at the moment that its phone showed. Later the longer
# export of the same chat, from its beginning or from its middle: only what is
# new is asked about, and what is said twice in a minute counts twice.

use strict;
use warnings;

use FindBin;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('chat_exports', settings => { fsync => 'off' });
my $sim = $node->sim;
my $file = $node->basedir . '/chat.txt';

my @chat = (
	"31.12.24, 22:15 - Messages and calls are end-to-end encrypted. Tap to learn more.",
	"31.12.24, 22:15 - Anna added Ben",
	"31.12.24, 22:15 - Anna: I adopted a dog named Clyde.",
	"31.12.24, 22:16 - Ben: <Media omitted>",
	"31.12.24, 22:16 - Ben: Okay.",
	"31.12.24, 22:16 - Ben: Okay.",
	"31.12.24, 22:17 - Ben: I live in Leeds.");

my $notice = load(join "\n", @chat);
like($notice, qr/took 7 new messages of 1 conversation/, 'a NOTICE says what was taken');
like($notice, qr/Kept but not read: 1 media, 2 of a system, tool or app\./, 'and what of it is not read');
ok($node->wait_for_job(1, 'done'), 'it is read');
ok(visible('Clyde') && visible('Leeds'), 'what was said is in the graph');
is($node->kg(q{SELECT DISTINCT speaker || ' ' || (sent_at AT TIME ZONE 'UTC') FROM kg_batch.evidence WHERE quote ~ 'Leeds'}), 'Ben 2024-12-31 21:17:00',
	'with who said it, and when, in the zone of the phone');
ok(!visible('end-to-end') && $node->kg(q{SELECT count(*) FROM kg_batch.evidence WHERE quote ~ 'encrypted|added|omitted'}) == 0, 'what the app says is in no evidence');
my $asked = questions();

load(join "\n", @chat);
is(questions(), $asked, 'the same again asks nothing');
my @more = ("31.12.24, 22:17 - Ben: Okay.", "1.1.25, 00:01 - Anna: I moved to Bristol.", "1.1.25, 00:01 - Anna: I moved to Bristol.");
$notice = load(join("\n", @chat, @more) . "\n");
like($notice, qr/took 3 new messages.*7 repeats/s, 'of a longer export only what is new is taken');
ok($node->wait_for_job(1, 'done'), 'and read');
is(questions(), $asked + 1, 'by one question');
is($node->kg(q{SELECT string_agg(content, ' ' ORDER BY position) FROM kg_batch_internal.message WHERE delivery = 2}), 'Okay. I moved to Bristol. I moved to Bristol.',
	'which is about what is new, said twice where it was');
my $digest = digest();

$notice = load(join "\n", @chat[5, 6], @more);
like($notice, qr/took 0 new messages.*5 repeats/s, 'an export that begins later holds nothing new');
is(digest(), $digest, 'and the graph stays what it is');

# In another zone than the one that was said before, all moments are others.
unlike($notice, qr/messages of this export/, 'of which a NOTICE has nothing to say');
my ($out, $err) = ('', '');
$node->psql('kg', "\\set content `cat '$file'`\nBEGIN; SELECT kg_batch.enqueue_text(:'content', key => 'with Ben', timezone => 'Asia/Tokyo'); ROLLBACK",
	stdout => \$out, stderr => \$err, on_error_die => 1);
like($err, qr/conversation "with Ben" was there, but of \d+ messages of this export none was.*"timezone" must be the zone of the phone/s, 'a NOTICE says when an export has nothing of what is there');

# The same by chance: "ok" was said at what is one moment in both.
my $many = join "\n", '31.12.24, 14:15 - Ben: ok', '31.12.24, 22:15 - Ben: ok', map { "31.12.24, 21:$_ - Ben: Number $_." } 10 .. 35;
$node->kg("SELECT kg_batch.enqueue_text(\$m\$$many\$m\$, key => 'ok', timezone => 'Europe/Vienna')");
$node->psql('kg', "BEGIN; SELECT kg_batch.enqueue_text(\$m\$$many\$m\$, key => 'ok', timezone => 'Asia/Tokyo'); ROLLBACK", stderr => \$err);
like($err, qr/conversation "ok" was there, but of 28 messages of this export only 1 was/, 'also when some of them were there by chance');

# The whole export at once gives the graph that its two halves gave.
$node->kg(q{SELECT kg_batch.create_graph('at once')});
load(join("\n", @chat, @more), ", graph => 'at once'");
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = 'at once'}), 'the whole of it at once is read, too');
is($node->kg(q{SELECT string_agg(label, ' ' ORDER BY label COLLATE "C") FROM kg_batch.node JOIN kg_batch.graph USING (graph_id) WHERE graph.name = 'at once'}),
	$node->kg(q{SELECT string_agg(label, ' ' ORDER BY label COLLATE "C") FROM kg_batch.node JOIN kg_batch.graph USING (graph_id) WHERE graph.name = 'default'}),
	'and gives the same nodes');

# A channel of Slack, its days one after the other by the loop of the how-to.
my ($loop) = slurp_file("$FindBin::RealBin/../../doc/how-to/chat-exports.md") =~ /```sh\n(cd export\n.*?)```/s;
ok($loop, 'the how-to has a loop for the days of a channel');
my $folder = $node->basedir;
mkdir "$folder/$_" for 'export', 'export/general';
append_to_file("$folder/export/users.json", '[{"id": "U1", "profile": {"real_name": "Emma Lee"}}, {"id": "U2", "profile": {"real_name": "Tom Ash"}}]');
append_to_file("$folder/export/general/2024-12-31.json", '[{"type": "message", "user": "U1", "ts": "1735679701.000200", "text": "I adopted a cat named Mog."}]');
append_to_file("$folder/export/general/2025-01-01.json", q([{"type": "message", "user": "U2", "ts": "1735766101.000300", "text": "It's cold, <@U1>. I live in York."}]));
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'kg');
	command_ok([ 'sh', '-c', "set -e; cd '$folder'; $loop" ], 'which runs');
}
ok($node->wait_for_job(1, 'done'), 'and what it loads is read');
is($node->kg(q{SELECT string_agg(speaker || ': ' || rtrim(quote, '.'), ' / ' ORDER BY sent_at) FROM (SELECT DISTINCT speaker, quote, sent_at FROM kg_batch.evidence
	WHERE conversation = 'general' AND quote ~ 'cat|York') e}), q{Emma Lee: I adopted a cat named Mog / Tom Ash: I live in York}, 'with the names of the users');

$node->stop('fast');
done_testing();

# Writes the file and hands it in, as the how-to does it; gives what the caller is told.
sub load
{
	my ($text, $more) = @_;
	$more //= '';
	unlink $file;
	append_to_file($file, $text);
	my ($out, $err) = ('', '');
	$node->psql('kg', "\\set content `cat '$file'`\nSELECT kg_batch.enqueue_text(:'content', key => 'with Ben', timezone => 'Europe/Vienna'$more)",
		stdout => \$out, stderr => \$err, on_error_die => 1);
	return $err;
}

sub questions { return $sim->stats->{all}{answers}; }
sub digest { return $node->kg('SELECT kg_batch.graph_digest()'); }
sub visible { return $node->kg("SELECT count(*) FROM kg_batch.node WHERE label ~ '$_[0]' OR '$_[0]' = ANY (aliases)") > 0; }
