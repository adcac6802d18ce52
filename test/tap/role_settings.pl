# What a role or a database sets for itself changes nothing of the graph and stops
# no worker: time-outs, read-only and isolation defaults, a search_path full of
# look-alikes, how dates, bytes, numbers and strings are written, and what the
# planner may do. Who writes in a read-only transaction gets one clear error.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('role_settings', settings => {
	'fsync' => 'off',
	'kg_batch.use_batch_api' => 'off',
	'kg_batch.budget_per_day' => 1000 });

# Those that would stop the client of this test before they could stop a worker.
my %for_workers_only = (
	statement_timeout => '1ms', lock_timeout => '1ms', idle_in_transaction_session_timeout => '1ms', idle_session_timeout => '1ms',
	default_transaction_read_only => 'on');
my %for_everybody = (
	default_transaction_isolation => 'serializable', default_transaction_deferrable => 'on', search_path => 'look_alikes, public',
	row_security => 'off', DateStyle => 'SQL, DMY', IntervalStyle => 'sql_standard', TimeZone => 'Asia/Kathmandu',
	standard_conforming_strings => 'off', escape_string_warning => 'on', backslash_quote => 'off', bytea_output => 'escape',
	client_encoding => 'LATIN1', extra_float_digits => '-15', array_nulls => 'off', transform_null_equals => 'on', quote_all_identifiers => 'on',
	session_replication_role => 'replica', synchronous_commit => 'off', plan_cache_mode => 'force_generic_plan', work_mem => '64kB',
	enable_indexscan => 'off', enable_hashjoin => 'off', enable_nestloop => 'off', enable_material => 'off', default_table_access_method => 'heap',
	default_toast_compression => 'pglz', check_function_bodies => 'off', client_min_messages => 'debug1', from_collapse_limit => 1);

$node->kg(q{CREATE SCHEMA look_alikes;
	CREATE FUNCTION look_alikes.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''-infinity''';
	CREATE FUNCTION look_alikes.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''low''';
	CREATE FUNCTION look_alikes.length(text) RETURNS int LANGUAGE sql AS 'SELECT 0';
	CREATE FUNCTION look_alikes.unnest(bigint[]) RETURNS SETOF bigint LANGUAGE sql AS 'SELECT 0::bigint';
	CREATE FUNCTION look_alikes.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
	CREATE OPERATOR look_alikes.= (LEFTARG = text, RIGHTARG = text, FUNCTION = look_alikes.same);
	CREATE TABLE look_alikes.graph (graph_id bigint, name text)});

my $run = KgBatch::DemoRun->new($node, conversations => 6);

# ---- workers and their graph ----

$node->safe_psql('postgres', join ';',
	map { my $name = $_; my $value = $for_workers_only{$_} // $for_everybody{$_}; $value = "'$value'" unless $name eq 'search_path';
		("ALTER DATABASE kg SET $name = $value", "ALTER ROLE postgres IN DATABASE kg SET $name = $value") } keys %for_workers_only, keys %for_everybody);
{
	local $ENV{PGOPTIONS} = join ' ', '-c default_transaction_read_only=off', map { "-c $_=0" } grep { /timeout/ } keys %for_workers_only;
	is($node->kg('SHOW search_path') . $node->kg('SHOW DateStyle') . $node->kg('SHOW standard_conforming_strings'), 'look_alikes, publicSQL, DMYoff', 'the database sets what it likes');
	$node->kg('SELECT pg_terminate_backend(pid, 30000) FROM kg_batch_internal.live_workers()');
	my $log = -s $node->logfile;
	$run->begin('set');
	$run->whole('set');
	my @complaints = grep { /(?:WARNING|ERROR|FATAL|PANIC):/ && !/terminating background worker|nonstandard use of|client_min_messages/ } split /\n/, slurp_file($node->logfile, $log);
	is_deeply(\@complaints, [], 'no worker complains of anything') or diag(join "\n", @complaints[0 .. ($#complaints > 5 ? 5 : $#complaints)]);
}
$node->safe_psql('postgres', 'ALTER DATABASE kg RESET ALL; ALTER ROLE postgres IN DATABASE kg RESET ALL');

# ---- what a user calls ----

my %asked = (
	digest => q{SELECT kg_batch.graph_digest('set')},
	compared => q{SELECT * FROM kg_batch.compare('undisturbed', 'set')},
	(map { ("export $_" => "SELECT md5(string_agg(line, E'\\x0a' ORDER BY n)) FROM (SELECT e::text AS line, row_number() OVER () AS n FROM kg_batch.export('$_', 'set') e) x") }
		qw(jsonl graphml cypher turtle dot mermaid)),
	found => q{SELECT node_id, label FROM kg_batch.find('dog', graph => 'set') ORDER BY 1, 2},
	estimated => q{SELECT kg_batch.estimate('read', graph => 'set')},
	'rebuilt and digested' => q{SELECT kg_batch.rebuild('set'); SELECT kg_batch.graph_digest('set')});
my %plain = map { ($_ => $node->kg($asked{$_})) } keys %asked;
cmp_ok(length $plain{digest}, '==', 64, 'there is a digest');
# All at once; where that makes a difference, one by one, to say which.
sub differing
{
	my ($what, @names) = @_;
	local $ENV{PGOPTIONS} = join ' ', map { (my $value = $for_everybody{$_}) =~ s/ /\\ /g; "-c $_=$value" } @names;
	my ($out, $err) = ('', '');
	$node->psql('kg', $asked{$what}, stdout => \$out, stderr => \$err);
	return $out eq $plain{$what} ? () : join(' ', @names) . ": $err";
}
# What the planner may do cannot change what a statement gives, and takes its time.
my @names = grep { !/client_min_messages|^enable_|work_mem|collapse/ } sort keys %for_everybody;
for my $what (sort keys %asked)
{
	my @differ = differing($what, @names);
	@differ = map { differing($what, $_) } @names if @differ;
	is_deeply(\@differ, [], "$what: the same whatever the session sets");
}

# What is handed in is read the same, too.
my $said = q{[{"speaker":"Zoë","content":"I adopted a cat called \\\\\\\\Tom\\\\\\\\ for 1\\\\u00d7 money.","sent_at":"2025-03-04T05:06:07+01:00"}]};
{
	my @stored;
	for my $options ('', '-c standard_conforming_strings=off', '-c bytea_output=escape -c array_nulls=off -c client_encoding=UTF8', '-c DateStyle=SQL,DMY -c TimeZone=Asia/Kathmandu')
	{
		local $ENV{PGOPTIONS} = $options;
		$node->kg("BEGIN; SELECT kg_batch.create_graph('in'); SELECT kg_batch.create_job('held', '{\"paused\": true}', 'in');
			SELECT kg_batch.enqueue((\$json\$$said\$json\$)::jsonb, job => 'held', graph => 'in'); COMMIT");
		local $ENV{PGOPTIONS} = '';
		push @stored, $node->kg(q{SELECT content, participant, extract(epoch FROM sent_at) FROM kg_batch_internal.message JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'in'});
		$node->kg(q{SELECT kg_batch.cancel('held', 'in'); SELECT kg_batch.drop_graph('in')});
	}
	is_deeply(\@stored, [ ($stored[0]) x @stored ], 'a message is stored the same whatever the session sets') or diag(explain(\@stored));
}

# ---- read-only ----

my $digest = $node->kg(q{SELECT kg_batch.graph_digest('set')});
for my $call (q{enqueue('[{"speaker":"Dana","content":"I moved to Graz."}]', graph => 'set')}, q{pause('read', 'set')}, q{cancel('read', 'set')}, q{retry('read', graph => 'set')},
	q{create_graph('more')}, q{create_job('more', graph => 'set')}, 'stop()', 'start()', 'resume()', q{forget('nobody', graph => 'set')}, q{set_model_price('m', 1, 2)})
{
	my ($out, $err) = ('', '');
	$node->psql('kg', "SET default_transaction_read_only = on; SELECT kg_batch.$call", stdout => \$out, stderr => \$err, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my ($name) = $call =~ /^(\w+)/;
	like($err, qr/ERROR:  25006: kg_batch cannot write in a read-only transaction\nHINT:  /, "$name in a read-only transaction is refused");
	unlike($err, qr/CONTEXT:|ERROR.*ERROR/s, '… in one clear error');
}
is($node->kg(q{SET default_transaction_read_only = on; SELECT kg_batch.graph_digest('set')}), $digest, 'what only reads works in one');
like($node->kg(q{SET default_transaction_read_only = on; SELECT name FROM kg_batch.health()}), qr/^library$/m, '… health() too');

$node->stop('fast');
done_testing();
