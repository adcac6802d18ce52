# enqueue_query takes turns between two roles: rows are fetched and turned into
# text as the caller, and stored as the extension's owner, who is a superuser. A
# function, a domain, a cast or a view of the caller's that was ever evaluated
# in the owner's turn would hand the whole server to whoever may enqueue. Each
# of them here writes down as whom it runs, over several pages of rows.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('rights');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kg_batch'\nmax_worker_processes = 16\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE kg');

sub as
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');
	my $code = $node->psql('kg', "SET ROLE $role; SET client_min_messages = warning; $sql", stdout => \$out, stderr => \$err);
	return ($code, $out, $err);
}

sub fails_with
{
	my ($role, $sql, $message, $name) = @_;
	my ($code, $out, $err) = as($role, $sql);
	ok($code != 0, "$name fails");
	like($err, $message, "$name says so");
	return;
}

$node->safe_psql('kg', q{
	CREATE EXTENSION kg_batch;
	SELECT kg_batch.create_graph('default');
	SELECT kg_batch.create_graph('not hers');
	SELECT kg_batch.stop();
	CREATE ROLE mallory; CREATE ROLE rita; CREATE ROLE nobody;
	SELECT kg_batch.grant_access('mallory', 'writer', 'default');
	SELECT kg_batch.grant_access('rita', 'reader', 'default');
	CREATE TABLE secret AS SELECT 'The safe is open.' AS content, 'Boss' AS speaker;
	CREATE SCHEMA hers AUTHORIZATION mallory;
	SET ROLE mallory;
	CREATE TABLE hers.seen (what text, who text);
	CREATE FUNCTION hers.spy(what text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO hers.seen VALUES (what, current_user);
		RETURN what;
	END $$;
	CREATE FUNCTION hers.checks(value text) RETURNS boolean LANGUAGE sql AS $$ SELECT hers.spy('domain') IS NOT NULL $$;
	CREATE DOMAIN hers.words AS text CHECK (hers.checks(value));
	CREATE TYPE hers.mood AS ENUM ('glad');
	CREATE FUNCTION hers.as_text(mood hers.mood) RETURNS text LANGUAGE sql AS $$ SELECT hers.spy('cast') $$;
	CREATE CAST (hers.mood AS text) WITH FUNCTION hers.as_text(hers.mood);
	CREATE VIEW hers.view AS SELECT n, hers.spy('view') AS content FROM generate_series(1, 1200) n;
	CREATE FUNCTION hers.joins(a text, b text) RETURNS text LANGUAGE sql AS $$ SELECT pg_catalog.concat(hers.spy('operator'), a, b) $$;
	CREATE OPERATOR hers.|| (FUNCTION = hers.joins, LEFTARG = text, RIGHTARG = text);
	CREATE FUNCTION hers.lower(value text) RETURNS text LANGUAGE sql AS $$ SELECT hers.spy('shadow') $$;
	CREATE FUNCTION hers.sha256(value bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT hers.spy('ours')::bytea $$;
	CREATE FUNCTION hers.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT hers.spy('ours')::timestamptz $$;
});

my $query = q{
	SELECT hers.spy('function') || n::text AS content,
		'said'::hers.words AS speaker,
		'glad'::hers.mood::text AS session,
		lower('X') AS reply_to,
		'log ' operator(pg_catalog.||) (n % 3) AS conversation,
		pg_catalog.now() AS sent_at
	FROM hers.view};

for my $function ('enqueue_query', 'estimate_query')
{
	$node->safe_psql('kg', 'DELETE FROM hers.seen');
	# Her path holds when the function begins, and is set anew by the query in the middle of a page.
	my ($code, $out, $err) = as('mallory', "SET search_path = hers, pg_catalog; SELECT kg_batch.$function(\$\$$query
		WHERE n <> 500 OR set_config('search_path', 'hers, pg_catalog', false) IS NOT NULL\$\$)");
	is($code, 0, "$function takes the query") or diag($err);
	is($node->safe_psql('kg', "SELECT string_agg(DISTINCT who, ',') FROM hers.seen"), 'mallory', "$function evaluates all of it as the caller");
	is( $node->safe_psql('kg', "SELECT string_agg(DISTINCT what, ',' ORDER BY what) FROM hers.seen"),
		'cast,domain,function,operator,shadow,view', "$function met each of them");
}
is( $node->safe_psql('kg', 'SELECT count(*), count(DISTINCT conversation_id) FROM kg_batch_internal.message'),
	'1200|3', 'all rows are stored, in pages');

my ($code, $out, $err) = as('mallory', "SELECT kg_batch.enqueue_query('SELECT * FROM hers.view, hers.seen'); SELECT current_user");
ok($code != 0, 'a query that lacks columns fails');
($code, $out, $err) = as('mallory', "SELECT current_user, session_user = 'mallory'");
is($out, 'mallory|f', 'the caller is the caller afterwards');

fails_with('mallory', "SELECT kg_batch.enqueue_query('SELECT * FROM secret')", qr/permission denied for table secret/, 'a table that is not hers');
fails_with('mallory', "SELECT kg_batch.estimate_query('SELECT * FROM secret')", qr/permission denied for table secret/, 'an estimate of a table that is not hers');
fails_with('mallory', q{SELECT kg_batch.enqueue_query($$SELECT 'x' AS content, 'A' AS speaker$$, graph => 'not hers')},
	qr/graph "not hers" does not exist/, 'a graph that is not hers');
fails_with('mallory', q{SELECT kg_batch.enqueue_query($$SELECT 'x' AS content, 'A' AS speaker, 'not hers' AS graph$$)},
	qr/graph "not hers" does not exist/, 'a row for a graph that is not hers');
fails_with('mallory', 'SELECT content FROM kg_batch_internal.message', qr/permission denied for schema kg_batch_internal/, 'reading the tables');
fails_with('rita', q{SELECT kg_batch.enqueue_query($$SELECT 'x' AS content, 'A' AS speaker$$)}, qr/permission denied for graph "default"/, 'a reader');
fails_with('rita', q{SELECT kg_batch.enqueue('[{"speaker":"A","content":"x"}]')}, qr/permission denied for graph "default"/, 'a reader with enqueue');
fails_with('nobody', q{SELECT kg_batch.enqueue('[{"speaker":"A","content":"x"}]')}, qr/permission denied for schema kg_batch/, 'a role without grants');
is( $node->safe_psql('kg', "SELECT count(*) FROM kg_batch_internal.message WHERE graph_id <> (SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'default')"),
	'0', 'nothing went elsewhere');

$node->stop;
done_testing();
