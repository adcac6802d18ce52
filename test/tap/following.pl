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

# ---- deletions, in a partitioned table ----

$node->kg(q{SELECT kg_batch.unfollow('said')});
$node->kg(q{
	CREATE TABLE part (id bigint, day date, conversation text, speaker text, content text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
	CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
	CREATE TABLE part_b (content text, gone int, speaker text, day date NOT NULL, conversation text, id bigint NOT NULL, PRIMARY KEY (id, day));
	ALTER TABLE part_b DROP COLUMN gone;
	SELECT kg_batch.follow('part', message_id => 'id', deletions => true);
	ALTER TABLE part ATTACH PARTITION part_b FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
	INSERT INTO part VALUES (1, '2024-01-01', 'p', 'Ann', 'By the root.'), (2, '2024-02-01', 'p', 'Ann', 'By the root, too.');
	INSERT INTO part_b (id, day, conversation, speaker, content) VALUES (3, '2024-02-03', 'p', 'Ann', 'By a partition.');
	COPY part FROM STDIN;
4	2024-02-04	p	Ann	By COPY.
\.
	INSERT INTO part VALUES (5, '2024-01-05', 'p', 'Ann', 'It moves.'), (6, '2024-01-06', 'p', 'Ann', 'It goes.'), (7, '2024-01-07', 'p', 'Ann', 'It comes again.'), (8, '2024-01-08', 'p', 'Ann', 'Old key.');
});
waiting();
is(said_in('p'), 'By the root. By the root, too. By a partition. By COPY. It moves. It goes. It comes again. Old key.', 'rows of all partitions, by whatever way');
$node->kg(q{UPDATE part SET day = '2024-02-05' WHERE id = 5});
$node->kg(q{DELETE FROM part WHERE id = 6});
$node->kg(q{BEGIN; DELETE FROM part WHERE id = 7; INSERT INTO part VALUES (7, '2024-02-07', 'p', 'Ann', 'It came again.'); COMMIT});
$node->kg(q{UPDATE part SET id = 80 WHERE id = 8});
waiting();
is(said_in('p'), 'By the root. By the root, too. By a partition. By COPY. It moves. It came again. Old key.', 'what is deleted is forgotten, what moved or came again is not');
is($node->kg(q{SELECT count(*) FROM kg_batch_internal.message m WHERE m.message_key = 'i:8'}), '0', 'a row whose key changed is another message');
$node->kg('TRUNCATE part');
waiting();
is(said_in('p'), '', 'TRUNCATE deletes all');
is($node->kg('SELECT count(*) FROM kg_batch.errors'), '0', 'nothing failed');
$node->kg(q{SELECT kg_batch.unfollow('part')});

# ---- keys of other types, one log ----

$node->kg(q{
	CREATE TYPE mood AS ENUM ('glad', 'sad');
	CREATE DOMAIN code AS char(3);
	CREATE TABLE odd ("The key" timestamptz, k2 mood, k3 code, k4 numeric, "order" text, role text, PRIMARY KEY ("The key", k2, k3, k4));
	SELECT kg_batch.follow('odd', content => 'order', message_id => 'k4');
});
$node->kg(q{SET DateStyle = 'German'; SET TimeZone = 'Asia/Kolkata'; SET extra_float_digits = -10;
	INSERT INTO odd VALUES ('2024-05-01 12:00:00.123456+02', 'sad', 'it', 1.50, 'It''s odd.', 'user')});
waiting();
is(said_in('public.odd'), q{It's odd.}, 'a key of any types, as it is whatever the settings of the writer are');
$node->kg(q{SELECT kg_batch.unfollow('odd')});

# ---- what keeps a table from being read ----

$node->kg(q{CREATE TABLE renamed (id int PRIMARY KEY, speaker text, content text); SELECT kg_batch.follow('renamed');
	ALTER TABLE renamed RENAME TO named_anew; INSERT INTO named_anew VALUES (1, 'Ann', 'Under another name.')});
waiting();
is(said_in('public.renamed'), 'Under another name.', 'a table that is renamed is read on, as the same conversation');
$node->kg(q{ALTER TABLE named_anew RENAME COLUMN content TO body; ALTER TABLE named_anew RENAME COLUMN id TO number; INSERT INTO named_anew VALUES (2, 'Ann', 'Two.')});
my $problem = 'column "content", "id" of table public.named_anew, which is followed, does not exist any more';
ok($node->wait_until(q{SELECT next_retry IS NOT NULL FROM kg_batch.follows}), 'it is tried again later');
is($node->kg('SELECT state, error, waiting FROM kg_batch.follows'), "failing|$problem|1", 'follows says what is wrong, and writers go on');
is($node->kg('SELECT what, reason FROM kg_batch.errors'), "follow|$problem", 'and so does errors');
like($node->kg(q{SELECT detail FROM kg_batch.health() WHERE name = 'follows' AND NOT ok}), qr/\Q$problem\E/, 'and health');
like(waiting(), qr/^[^\n]*WARNING:  1 followed table cannot be read$/, 'wait says so, and does not wait for a person');
is($node->kg(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'kg_batch pipeline'}) > 0, 1, 'no worker ended by it');
$node->kg(q{SELECT kg_batch.follow('named_anew', content => 'body', message_id => 'number', existing => false)});
waiting();
is(said_in('public.renamed'), 'Under another name. Two.', 'nothing was lost meanwhile');
$node->kg(q{ALTER TABLE named_anew DROP COLUMN body; INSERT INTO named_anew VALUES (3, 'Ann')});
ok($node->wait_until(q{SELECT state = 'failing' AND next_retry IS NOT NULL FROM kg_batch.follows}), 'a column that is dropped');
$node->kg(q{ALTER TABLE named_anew ADD COLUMN body text DEFAULT 'Three.'; SELECT kg_batch.retry('inbox')});
waiting();
is(said_in('public.renamed'), 'Under another name. Two. Three.', 'retry tries again at once');
my $oid = $node->kg(q{SELECT 'named_anew'::regclass::oid});
$node->kg(q{INSERT INTO named_anew VALUES (4, 'Ann', 'Four.'); DROP TABLE named_anew});
ok($node->wait_until(q{SELECT bool_and(state = 'failing' AND error LIKE 'table public.% does not exist any more') FROM kg_batch.follows}), 'a table that is dropped');
like($node->kg('SELECT hint FROM kg_batch.follows'), qr/SELECT kg_batch\.unfollow\($oid, graph => 'default'\)/, 'follows says how to end that');
$node->kg("SELECT kg_batch.unfollow($oid)");

# ---- deletions by sessions with settings of their own, of columns that are gone ----

my $hostile = q{SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'German'; SET IntervalStyle = 'postgres_verbose'; SET extra_float_digits = -10; SET bytea_output = 'escape';};
$node->kg(q{CREATE TABLE timed (id bytea PRIMARY KEY, day timestamptz, speaker text, content text); SELECT kg_batch.follow('timed', conversation => 'day', deletions => true)});
$node->kg(qq{$hostile INSERT INTO timed SELECT convert_to('no ' || n, 'UTF8'), '2024-05-01 12:00:00.123456+02', 'Ann', 'Number ' || n || '.' FROM generate_series(1, 3) n});
waiting();
is(said_in('2024-05-01 10:00:00.123456+00'), 'Number 1. Number 2. Number 3.', 'a conversation by a time is one, whatever the settings of the writer are');
$node->kg(qq{$hostile DELETE FROM timed WHERE content = 'Number 2.'});
waiting();
is(said_in('2024-05-01 10:00:00.123456+00'), 'Number 1. Number 3.', '… DELETE forgets what was said in it');
$node->kg(qq{$hostile TRUNCATE timed});
waiting();
is(said_in('2024-05-01 10:00:00.123456+00'), '', '… and so does TRUNCATE');
for my $column (qw(id day))
{
	$node->kg(qq{INSERT INTO timed VALUES ('$column', '2024-06-01', 'Ann', 'It stays.'); ALTER TABLE timed RENAME COLUMN $column TO former_$column});
	is($node->kg('TRUNCATE timed; SELECT count(*) FROM timed'), '0', "a table of which the column $column was renamed can be emptied");
	$node->kg(qq{ALTER TABLE timed RENAME COLUMN former_$column TO $column});
}
$node->kg(q{SELECT kg_batch.unfollow('timed'); DROP TABLE timed});

# ---- a table that somebody has locked ----

# Whoever alters a table and says in the same transaction how it is followed has locked
# the table before the row of what is followed, the other way round than a worker.
$node->kg(q{CREATE TABLE locked (id int PRIMARY KEY, conversation text, speaker text, content text); SELECT kg_batch.follow('locked', existing => false)});
for my $case ([ 'follow', 'ALTER TABLE locked RENAME COLUMN content TO words', q{kg_batch.follow('locked', content => 'words')} ],
	[ 'unfollow', 'DROP TABLE locked', 'kg_batch.unfollow(%s)' ])
{
	my ($name, $alter, $call) = @$case;
	$call = sprintf $call, $node->kg(q{SELECT 'locked'::regclass::oid}) if $name eq 'unfollow';
	$node->kg('SELECT kg_batch.stop()');
	$node->kg("INSERT INTO locked VALUES (length('$name'), 'locked', 'Ann', 'Before $name.')");
	my $holder = $node->background_psql('kg', on_error_stop => 0);
	$holder->query_safe("BEGIN; $alter");
	$node->kg('SELECT kg_batch.start()');
	ok($node->wait_until(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'kg_batch pipeline' AND wait_event_type = 'Lock' AND wait_event = 'relation'}),
		"$name: a worker waits for a table that somebody has altered");
	is($holder->query("SELECT 'done ' || count($call)"), 'done 1', '… who can follow it anew, or no more, in the same transaction');
	$holder->query('COMMIT');
	$holder->quit;
	is(waiting(), '', '… after which nothing waits') if $name eq 'follow';
	is(said_in('locked'), 'Before follow.', '… and what was written is taken in, once and as long as it is followed');
}

# ---- strangers ----

$node->kg(q{
	CREATE ROLE mallory; CREATE ROLE bystander;
	SELECT kg_batch.grant_access('mallory', 'writer', 'default');
	CREATE SCHEMA hers AUTHORIZATION mallory; GRANT USAGE ON SCHEMA hers TO PUBLIC; CREATE TABLE mine (id int PRIMARY KEY, speaker text, content text);
	SET ROLE mallory;
	CREATE TABLE hers.seen (what text, who text, role text); GRANT INSERT ON hers.seen TO PUBLIC;
	CREATE TABLE hers.talk (id bigint PRIMARY KEY, speaker text, content text); GRANT INSERT, UPDATE ON hers.talk TO PUBLIC;
	-- Whatever it is called with and for, it says so.
	CREATE FUNCTION hers.spy(what text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		BEGIN
			RESET ROLE;
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
		BEGIN
			SET SESSION AUTHORIZATION DEFAULT;
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
		PERFORM set_config('search_path', 'hers', false);
		INSERT INTO hers.seen VALUES (what, current_user, (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user));
		RETURN true;
	END $$;
	CREATE FUNCTION hers.equal(a bigint, b bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT hers.spy('operator') $$;
	CREATE OPERATOR hers.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = hers.equal);
	CREATE FUNCTION hers.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT NULL::timestamptz FROM (SELECT hers.spy('now')) x $$;
	CREATE FUNCTION hers.format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' FROM (SELECT hers.spy('format')) x $$;
	CREATE FUNCTION hers.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'x' FROM (SELECT hers.spy('unnest')) x $$;
	CREATE TYPE hers.mood AS ENUM ('glad');
	CREATE FUNCTION hers.mood_text(hers.mood) RETURNS text LANGUAGE sql AS $$ SELECT 'cast' FROM (SELECT hers.spy('cast')) x $$;
	CREATE CAST (hers.mood AS text) WITH FUNCTION hers.mood_text(hers.mood) AS IMPLICIT;
	ALTER TABLE hers.talk ADD COLUMN session hers.mood;
	CREATE POLICY all_rows ON hers.talk USING (hers.spy('policy')) WITH CHECK (true);
	ALTER TABLE hers.talk ENABLE ROW LEVEL SECURITY;
	ALTER TABLE hers.talk FORCE ROW LEVEL SECURITY;
	SELECT kg_batch.follow('hers.talk', conversation => 'speaker');
});
$node->kg(q{SET ROLE bystander; SET search_path = hers, pg_catalog; INSERT INTO hers.talk VALUES (1, 'bystander', 'I have no rights here.', 'glad')});
waiting();
is(said_in('bystander'), 'I have no rights here.', 'who writes needs no right on kg_batch');
is($node->kg(q{SELECT DISTINCT who, role FROM hers.seen WHERE what <> 'policy'}), '', 'nothing of a search_path is called');
is($node->kg(q{SELECT DISTINCT who, role FROM hers.seen}), 'mallory|false', 'what a table evaluates, it evaluates as its follower');
$node->kg(q{
	SET ROLE mallory;
	CREATE FUNCTION hers.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hers.seen VALUES ('late', current_user, (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)); RETURN NULL; END $$;
	CREATE TABLE hers.trap (n int);
	CREATE CONSTRAINT TRIGGER late AFTER INSERT ON hers.trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hers.late();
	CREATE FUNCTION hers.lays_a_trap() RETURNS boolean LANGUAGE sql AS $$ INSERT INTO hers.trap VALUES (1) RETURNING true $$;
	ALTER POLICY all_rows ON hers.talk USING (hers.lays_a_trap());
	INSERT INTO hers.talk VALUES (2, 'mallory', 'Now it is late.');
});
ok($node->wait_until(q{SELECT error LIKE 'cannot fire deferred trigger within security-restricted operation%' FROM kg_batch.follows}), 'nothing is put off to where it would run as the worker');
is($node->kg(q{SELECT count(*) FROM hers.seen WHERE what = 'late'}), '0', 'and nothing of it ran');
$node->kg(q{SET ROLE mallory;
	CREATE FUNCTION hers.never_ends() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN LOOP END LOOP; END $$;
	ALTER POLICY all_rows ON hers.talk USING (hers.never_ends())});
$node->kg(q{SELECT kg_batch.retry('inbox')});
ok($node->wait_until(q{SELECT error = 'canceling statement due to statement timeout' FROM kg_batch.follows}), 'a function that does not end is ended');
$node->kg(q{SET ROLE mallory; ALTER POLICY all_rows ON hers.talk USING (speaker <> 'secret'); INSERT INTO hers.talk VALUES (3, 'secret', 'Not for her.')});
$node->kg(q{SELECT kg_batch.retry('inbox')});
waiting();
is(said_in('mallory') . said_in('secret'), 'Now it is late.', 'rows that a policy hides from the follower are not read');
$node->kg(q{SELECT kg_batch.grant_access('mallory', 'reader', 'default')});
$node->kg(q{SET ROLE mallory; INSERT INTO hers.talk VALUES (4, 'mallory', 'No writer any more.')});
ok($node->wait_until(q{SELECT error = 'role "mallory", which follows table hers.talk, may not write to graph "default" any more' FROM kg_batch.follows}), 'the follower needs the right when it is read');
$node->kg(q{SELECT kg_batch.unfollow('hers.talk'); DROP SCHEMA hers CASCADE});

# ---- a copy, and the end ----

$node->kg(q{CREATE TABLE kept (id int PRIMARY KEY, speaker text, content text); SELECT kg_batch.follow('kept'); SELECT kg_batch.stop();
	INSERT INTO kept VALUES (1, 'Ann', 'Before the dump.')});
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'bash', '-c', 'set -o pipefail; pg_dump -d "$1" | psql -Xq -v ON_ERROR_STOP=1 -d "$2" > /dev/null', 'dump', $node->connstr('kg'), $node->connstr('copy') ], 'dump and restore');
is($node->safe_psql('copy', q{INSERT INTO kept VALUES (2, 'Ann', 'In the copy.'); SELECT waiting FROM kg_batch.follows}), '3', 'a copy follows its copy of the table, and reads nothing by itself');
$node->safe_psql('copy', 'SELECT kg_batch.resume()');
ok($node->wait_until(q{SELECT count(*) = 2 FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation USING (graph_id, conversation_id) WHERE key = 'public.kept'}, 60, 'copy'),
	'until it is resumed');
$node->kg(q{SELECT kg_batch.start()});
waiting();
is(said_in('public.kept'), 'Before the dump.', 'the original has its own');
$node->kg('DROP EXTENSION kg_batch');
$node->kg(q{INSERT INTO kept VALUES (3, 'Ann', 'Without it.')});
is($node->kg(q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'kg_batch%'}), '0', 'DROP EXTENSION takes the triggers along, and nothing else');

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

sub said_in
{
	my ($conversation) = @_;
	return $node->kg(qq{SELECT string_agg(m.content, ' ' ORDER BY m.position) FROM kg_batch_internal.message m
		JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key = '$conversation' AND NOT m.replaced});
}
