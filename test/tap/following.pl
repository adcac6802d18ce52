# A table that is followed flows into the graph: each row that was committed is handed in
# once, over restarts too, and none that was rolled back; what is edited is read again,
# what is deleted is forgotten where that was asked for.

use strict;
use warnings;

use IPC::Run ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
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

# ---- edits, and what is none ----

my $taken = $node->kg('SELECT taken FROM kg_batch.follows');
$node->kg(q{UPDATE message SET seen = true});
$node->kg(q{UPDATE message SET body = 'I adopted a cat called Luna.' WHERE chat = 'first'});
is(waiting(), '', 'wait returns when it has caught up, though conversations may go on');
is($node->kg('SELECT taken FROM kg_batch.follows'), $taken + 1, 'an update of other columns is no change');
is(handed_in(), "second/2/I saw Clyde in Oslo.\nfirst/1/I adopted a cat called Luna.", 'an edit takes the place of what it edits');
is($node->kg(q{SELECT string_agg(label, ',' ORDER BY label) FROM kg_batch.node WHERE label IN ('Tom', 'Luna')}), 'Luna', 'and is read again');
$node->kg(q{DELETE FROM message WHERE chat = 'second'});
is(waiting(), '', 'a deletion is nothing to wait for');
like(handed_in(), qr/Clyde/, 'and forgets nothing unless that was asked for');

# In one transaction that goes on after parts of it were undone.
$node->kg(q{
	BEGIN; SAVEPOINT a; INSERT INTO message (chat, author, body) VALUES ('parts', 'Eve', 'Undone.'); ROLLBACK TO a;
	INSERT INTO message (chat, author, body) VALUES ('parts', 'Eve', 'Done.'); COMMIT;
	COPY message (chat, author, body) FROM STDIN;
parts	Eve	Copied.
\.
	INSERT INTO message (id, chat, author, body) OVERRIDING SYSTEM VALUE VALUES (1, 'first', 'Alice', 'Conflicting.') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body;
});
waiting();
is($node->kg(q{SELECT string_agg(m.content, ' ' ORDER BY m.position) FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key = 'parts'}),
	'Done. Copied.', 'of a transaction what was not undone; COPY');
like(handed_in(), qr{^first/1/Conflicting\.$}m, 'ON CONFLICT DO UPDATE is an edit');

is($node->kg(q{SELECT kg_batch.unfollow('message')}), '0', 'unfollow');
$node->kg(q{INSERT INTO message (chat, author, body) VALUES ('late', 'Eve', 'Nobody follows.')});
unlike(handed_in(), qr/Nobody/, 'nothing is taken in after that');
like(handed_in(), qr/Conflicting/, 'what was taken in stays');
is($node->kg(q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'kg_batch%' AND tgrelid = 'message'::regclass}), '0', 'its triggers are gone');
is($node->kg(q{SELECT state FROM kg_batch.progress}), 'running', 'the job is one like others again, in which conversations wait to settle');

# ---- eight writers, two restarts ----

my ($writers, $transactions) = (8, 60);
$node->kg(q{
	CREATE TABLE said (id bigint PRIMARY KEY, conversation text, speaker text, content text);
	SELECT kg_batch.follow('said', existing => false);
	CREATE ROLE scribe LOGIN; GRANT INSERT ON said TO scribe; GRANT SELECT (id) ON said TO scribe;
});
my $directory = $node->basedir . '/writers';
mkdir $directory;
chmod 0755, $directory;
my (@running, $committed);
for my $writer (1 .. $writers)
{
	# Each file may be run again as a whole: what is in it was committed or was not.
	my $files = 0;
	my $text = '';
	for my $n (1 .. $transactions)
	{
		my $id = $writer * 1000 + $n;
		my $row = "INSERT INTO public.said VALUES ($id, 'writer $writer', 'W$writer', 'Sentence $n.') ON CONFLICT (id) DO NOTHING;";
		my $undone = $row =~ s/$id/$id + 100000/er;
		if ($n % 3 == 0)
		{
			$text .= "BEGIN; $undone ROLLBACK;\n";
		}
		else
		{
			$committed++;
			$text .= $n % 3 == 1 ? "$row\n" : "BEGIN; SAVEPOINT s; $undone ROLLBACK TO s; $row COMMIT;\n";
		}
		next if $n % 10;
		append_to_file(sprintf('%s/%d-%02d.sql', $directory, $writer, $files++), $text);
		$text = '';
	}
	my $connection = $node->connstr('kg') . ' user=scribe';
	push @running, IPC::Run::start([ 'bash', '-c', 'for file in "$1"/"$2"-*.sql; do until psql -Xq -v ON_ERROR_STOP=1 -d "$3" -f "$file" >/dev/null 2>&1; do sleep 0.2; done; done',
		'writer', $directory, $writer, $connection ]);
}
ok($node->wait_until('SELECT count(*) > 60 FROM said'), 'they write');
$node->stop('immediate');
$node->start;
ok($node->wait_until('SELECT count(*) > 160 FROM said'), 'they go on after a crash');
$node->restart;
$_->finish for @running;
is($node->kg('SELECT count(*) FROM said'), $committed, 'they wrote what they had to');
caught_up('what they wrote is taken in');
is($node->kg(q{SELECT count(*) || ' ' || count(DISTINCT m.message_key) FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key LIKE 'writer %'}),
	"$committed $committed", 'each row is there once');
is($node->kg(q{SELECT count(*) FROM (SELECT id::text, conversation, content FROM said EXCEPT SELECT substr(m.message_key, 3), v.key, m.content
	FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id)) x}), '0', 'as it was written');
is($node->kg(q{SELECT taken FROM kg_batch.follows}), $committed, 'and was taken in once');
is($node->kg(q{SELECT count(*) FROM (SELECT m.position, row_number() OVER (PARTITION BY v.key ORDER BY substr(m.message_key, 3)::int) AS n
	FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key LIKE 'writer %') x WHERE position <> n}), '0', 'in the order of its writer');
is($node->kg('SELECT count(*) FROM kg_batch_internal.follow_change'), '0', 'the queue is empty');

$node->stop('fast');
done_testing();

sub caught_up
{
	my ($what, $source) = @_;
	my $which = defined $source ? "WHERE source = 'public.$source'" : '';
	return ok($node->wait_until(qq{SELECT bool_and(state = 'following' AND waiting = 0) FROM kg_batch.follows $which}), $what);
}

# What wait complains of.
sub waiting
{
	my ($said) = ('');
	$node->psql('kg', q{CALL kg_batch.wait('inbox', 120)}, stderr => \$said);
	return join "\n", grep { /WARNING|ERROR/ } split /\n/, $said;
}

sub handed_in
{
	return $node->kg(q{SELECT v.key || '/' || substr(m.message_key, 3) || '/' || m.content FROM kg_batch_internal.message m
		JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE NOT m.replaced ORDER BY m.message_id});
}
