# What a chunk costs does not creep up: statements and pages from cutting to the graph,
# and instructions of the core, against figures that are written down here. Nothing is
# timed. Ten percent more fails; who makes it cheaper writes the new figure down.
#
# The figures are of one pipeline, by batch, of 100 generated conversations after 100
# others in another graph, so that the database has statistics that know nothing of this
# one; and answers are all there before the first of them is read. What is asked
# of the queue while there is nothing to do (claims that find nothing, looks of the
# coordinator) depends on the machine and is not counted.
#
# Nor does it grow with what is there: 100 more in the same graph, among tens of
# thousands of rows that have nothing to do with them, touch as many pages.

use strict;
use warnings;

use FindBin;
BEGIN { $FindBin::Bin = "$FindBin::RealBin/../bench"; }
use lib "$FindBin::RealBin/../bench";

use Bench::Conversations;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %recorded = (
	'statements a chunk' => 23.2,
	'statements for many chunks at once' => 104,
	'pages a chunk' => 4850,
	'pages a message that is handed in' => 21.5,
	'pages of a look at a request that waits' => 3.0,
	'instructions to cut 100 messages' => 9_620_000,
	'instructions to ask about a chunk' => 646_000,
	'instructions to read an answer' => 2_901_000);

sub is_no_more_than_recorded
{
	my ($what, $figure) = @_;
	cmp_ok($figure, '<=', 1.1 * $recorded{$what}, "$what: at most 10 percent more than $recorded{$what}");
	note(sprintf '%s: %.1f, recorded %s', $what, $figure, $recorded{$what});
	diag(sprintf '%s: %.1f, recorded %s: cheaper, write it down', $what, $figure, $recorded{$what}) if $figure < 0.8 * $recorded{$what};
	return;
}

# ---- the database ----

my $conversations = 100;
Bench::Conversations::begin(1);
my @portions = map { my $portion = $_; [ map { [ Bench::Conversations::conversation($portion * $conversations + $_, 5) ] } 1 .. $conversations ] } 0 .. 2;
my $gold = PostgreSQL::Test::Utils::tempdir() . '/gold.json';
append_to_file($gold, Bench::Conversations::gold());

my $node = KgBatch::Cluster->with_stand_in('work_per_chunk', preload => 0, sim => [ '--mode', 'oracle', '--gold', $gold, '--batch-turnaround-s', 1 ],
	settings => { shared_preload_libraries => 'kg_batch,pg_stat_statements', 'pg_stat_statements.track' => 'all', 'pg_stat_statements.max' => 5000, autovacuum => 'off',
		'kg_batch.num_pipelines' => 1, 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.enable_progress_tracking' => 'off' });
$node->kg('CREATE EXTENSION pg_stat_statements; CREATE TABLE said (portion int, n int GENERATED ALWAYS AS IDENTITY, conversation text, speaker text, content text, sent_at timestamptz)');
$node->kg("COPY said (portion, conversation, speaker, content, sent_at) FROM stdin;\n"
	  . join('', map { my $portion = $_; map { join("\t", $portion, @$_{qw(conversation speaker content sent_at)}) . "\n" } map { @$_ } @{ $portions[$portion] } } 0 .. 2) . "\\.\n");

# Reads a portion into a graph; how many chunks it has.
sub read_portion
{
	my ($portion, $graph) = @_;
	my $before = $node->kg('SELECT count(*) FROM kg_batch_internal.chunk');
	$node->kg('SELECT pg_stat_statements_reset()');
	$node->kg(qq{SELECT kg_batch.create_job('read $portion', '{"batch_min_requests": 1, "batch_chunk_size": 5, "batch_chunk_max": 5}', graph => '$graph')});
	$node->kg(qq{SELECT kg_batch.enqueue_query('SELECT conversation, speaker, content, sent_at FROM said WHERE portion = $portion ORDER BY n', job => 'read $portion', graph => '$graph', final => true)});
	ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 300), "conversations $portion are read") or BAIL_OUT('they are not read');
	return $node->kg('SELECT count(*) FROM kg_batch_internal.chunk') - $before;
}

$node->kg(q{SELECT kg_batch.create_graph('before'), kg_batch.create_graph('graph')});
read_portion(0, 'before');
$node->kg('ANALYZE');
my $chunks = read_portion(1, 'graph');
cmp_ok($chunks, '>=', $conversations, 'they made chunks');
is($node->kg('SELECT count(*) FROM kg_batch.errors'), '0', 'nothing went wrong');

# Of what a worker asks: not what this test does, nor what is asked while waiting.
my $counted = q{FROM pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND s.query LIKE '%kg_batch_internal.%' AND s.query !~ 'kg_batch_internal\.(ready|claimed|turn|worker|home|is_open)\y' AND s.rows > 0};
# How many rounds there are depends on the machine too: what is asked for each chunk, or
# for the few that share a transaction (commit_frequency), is counted by calls, what is
# asked for many at once by how many statements that are.
my $for_each = "calls >= $chunks / 10";
my ($statements, $others, $pages) = split /\|/, $node->kg("SELECT sum(calls) FILTER (WHERE $for_each), count(*) FILTER (WHERE NOT ($for_each)), sum(shared_blks_hit + shared_blks_read) $counted");
is_no_more_than_recorded('statements a chunk', $statements / $chunks);
is_no_more_than_recorded('statements for many chunks at once', $others);
my $pages_a_chunk = $pages / $chunks;
is_no_more_than_recorded('pages a chunk', $pages_a_chunk);
note($node->kg("SELECT string_agg(format('%s pages, %s calls: %s', shared_blks_hit + shared_blks_read, calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 90)), E'\n')
	FROM (SELECT * $counted ORDER BY shared_blks_hit + shared_blks_read DESC LIMIT 12) s"));

# Copies of what is there, which nobody speaks of.
my $more = 30_000;
$node->kg(qq{
	INSERT INTO kg_batch_internal.segment (graph_id, conversation_id, first_message_id, last_message_id, key, began_by)
		SELECT s.graph_id, s.conversation_id, s.first_message_id, s.last_message_id, s.key || nth, s.began_by
		FROM (SELECT s.* FROM kg_batch_internal.segment s JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'graph' ORDER BY s.segment_id LIMIT 1) s, generate_series(1, $more) AS u (nth);
	INSERT INTO kg_batch_internal.node (graph_id, key, is_statement)
		SELECT g.graph_id, md5(nth::text)::uuid, false FROM kg_batch_internal.graph g, generate_series(1, $more) AS u (nth) WHERE g.name = 'graph';
	INSERT INTO kg_batch_internal.identity (graph_id, key, is_statement, class, type, kind, label_key, negated, named, scope, roles, role_keys, mentions, unresolved, node_id, first_node_id)
		SELECT n.graph_id, n.key, false, 'person', 'Entity', 'person', 'nobody ' || nth, false, true, '', '{}', '{}', 1, false, n.node_id, n.node_id
		FROM generate_series(1, $more) AS u (nth) JOIN kg_batch_internal.node n ON n.key = md5(nth::text)::uuid;
	INSERT INTO kg_batch_internal.node_mention (graph_id, chunk_id, n, key, is_statement, type, class, label, label_key, category, named, aliases, attributes, hash_tags,
			confidence, importance, replaces, negated, modality, facts, order_key)
		SELECT m.graph_id, m.chunk_id, 1000 + nth, md5(nth::text)::uuid, false, m.type, m.class, m.label, m.label_key, m.category, m.named, m.aliases, m.attributes, m.hash_tags,
			m.confidence, m.importance, m.replaces, m.negated, m.modality, m.facts, m.order_key
		FROM (SELECT m.* FROM kg_batch_internal.node_mention m JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'graph' AND NOT m.is_statement ORDER BY m.chunk_id, m.n LIMIT 1) m, generate_series(1, $more) AS u (nth)});
$node->kg('ANALYZE');
$chunks = read_portion(2, 'graph');
($pages) = $node->kg("SELECT sum(shared_blks_hit + shared_blks_read) $counted");
note($node->kg("SELECT string_agg(format('%s pages, %s calls: %s', shared_blks_hit + shared_blks_read, calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 90)), E'\n')
	FROM (SELECT * $counted ORDER BY shared_blks_hit + shared_blks_read DESC LIMIT 12) s"));
cmp_ok($pages / $chunks, '<=', 1.05 * $pages_a_chunk, "pages a chunk among $more more rows of each: at most 5 percent more");
note(sprintf 'pages a chunk: %.1f, among many: %.1f', $pages_a_chunk, $pages / $chunks);

# While requests wait to go into a batch, the batch manager looks at each of them once in
# a while: at the request, and not at its job too.
$node->kg($_) for q{ALTER SYSTEM SET kg_batch.batch_linger = '1h'}, 'SELECT pg_reload_conf()';
my $gathering = q{query LIKE 'SELECT g.model, pg_catalog.sum(g.requests)%'};
my $waiting = q{SELECT count(*) FROM kg_batch_internal.ready WHERE kind = 4};
my $many = 500;
$node->kg(qq{SELECT kg_batch.create_job('many', '{"batch_min_requests": 1}', graph => 'graph'); SELECT kg_batch.enqueue_query('SELECT ''m'' || n AS conversation, ''Anna'' AS speaker, ''I have met dolphin '' || n AS content
	FROM generate_series(1, $many) n', job => 'many', graph => 'graph', final => true)});
ok($node->wait_until("SELECT ($waiting) >= $many"), 'requests wait');
$node->kg('SELECT pg_stat_statements_reset()');
$node->kg(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I have met one more."}]', key => 'm0', job => 'many', graph => 'graph', final => true)});
ok($node->wait_until("SELECT ($waiting) > $many AND (SELECT sum(calls) > 0 FROM pg_stat_statements WHERE $gathering)"), 'the batch manager looks');
is_no_more_than_recorded('pages of a look at a request that waits', $node->kg("SELECT sum(shared_blks_hit + shared_blks_read) / sum(calls) FROM pg_stat_statements WHERE $gathering") / $many);

# Autovacuum comes by while a transaction fills a table, and finds no row that is
# committed in all its pages. What is planned after that must not believe it.
$node->kg(q{SELECT kg_batch.create_job('waits', '{"paused": true}', graph => 'graph'); SELECT pg_stat_statements_reset();
	UPDATE pg_class SET reltuples = 0 WHERE relnamespace = 'kg_batch_internal'::regnamespace AND relkind = 'r'});
my $messages = 10_000;
$node->kg("SELECT kg_batch.enqueue_query('SELECT n / 10 AS conversation, ''Anna'' AS speaker, ''I have seen whale '' || n AS content FROM generate_series(1, $messages) n', job => 'waits', graph => 'graph')");
is_no_more_than_recorded('pages a message that is handed in', $node->kg(q{SELECT sum(shared_blks_hit + shared_blks_read) FROM pg_stat_statements WHERE toplevel AND query LIKE '%enqueue_query%'}) / $messages);

# A job has a long queue, and what was noted of it for the counts leaves many empty
# pages: the coordinator's looks read neither. Nobody but the coordinator has room.
my %look = (
	'for what is parked' => [ 15, q{query LIKE 'WITH running AS MATERIALIZED (SELECT j.graph_id, j.job_id FROM kg_batch_internal.job j%left_over%'} ],
	'at what was counted' => [ 200, q{query LIKE 'SELECT kg_batch_internal.fold_counts(%'} ]);
$node->kg($_) for q{ALTER SYSTEM SET kg_batch.max_workers = 1}, 'SELECT pg_reload_conf()',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch (pipeline|batch)'};
ok($node->wait_until(q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type ~ '^kg_batch (pipeline|batch)')}), 'pipelines have left');
$node->kg(q{SELECT kg_batch.resume('waits', graph => 'graph');
	SELECT kg_batch.enqueue_query('SELECT -n AS conversation, ''Anna'' AS speaker, ''I have seen shark '' || n AS content FROM generate_series(1, 10000) n', job => 'waits', graph => 'graph')});
$node->kg($_) for q{INSERT INTO kg_batch_internal.conversation_change (graph_id, conversation_id) SELECT graph_id, -1 FROM kg_batch_internal.graph, generate_series(1, 200000) WHERE name = 'graph'},
	'DELETE FROM kg_batch_internal.conversation_change WHERE conversation_id = -1', 'VACUUM (TRUNCATE FALSE) kg_batch_internal.conversation_change';
for my $time (1 .. 3)
{
	# The first one meets what parked was.
	$node->kg('SELECT pg_stat_statements_reset()') if $time == 2;
	my %before = map { $_ => looks($_) } keys %look;
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I have seen one more."}]', key => 'more $time', job => 'waits', graph => 'graph')});
	ok($node->wait_until("SELECT COALESCE(sum(calls), 0) > $before{$_} FROM pg_stat_statements WHERE $look{$_}[1]"), "the coordinator looks $_") for keys %look;
}
cmp_ok($node->kg('SELECT count(*) FROM kg_batch_internal.ready WHERE priority < 1000'), '>', 10_000, 'there is a long queue');
cmp_ok($node->kg(q{SELECT pg_relation_size('kg_batch_internal.conversation_change') / 8192}), '>', 1_000, 'there are many empty pages');
for my $what (sort keys %look)
{
	my $pages_a_look = $node->kg("SELECT max((shared_blks_hit + shared_blks_read) / calls) FROM pg_stat_statements WHERE $look{$what}[1]");
	cmp_ok($pages_a_look, '<=', $look{$what}[0], "a look $what touches at most $look{$what}[0] pages");
	note("pages a look $what: $pages_a_look");
}

sub looks { my ($what) = @_; return $node->kg("SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements WHERE $look{$what}[1]"); }

$node->stop('fast');

# ---- the core ----

my $program = 'build/dev/test/bench/core_work';
for my $one ([ cut => 'instructions to cut 100 messages' ], [ ask => 'instructions to ask about a chunk' ], [ read => 'instructions to read an answer' ])
{
	my ($few, $many) = map { instructions($one->[0], $_) } 2, 12;
	is_no_more_than_recorded($one->[1], ($many - $few) / 10);
}

sub instructions
{
	my ($what, $times) = @_;
	my ($stdout, $stderr) = run_command([ 'valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', $program, $what, $times ]);
	return $1 if $stderr =~ /Collected : (\d+)/;
	fail("$what is counted");
	diag($stderr);
	return 0;
}

done_testing();
