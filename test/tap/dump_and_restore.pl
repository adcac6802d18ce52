# A dump holds everything that cannot be made again: graph, answers, words of
# persons, own prompts, taxonomy and prices come back row by row, and the graph with
# the same digest. What comes back rests: a restored database asks nothing and
# touches no batch of the original before somebody says `resume`. Then it takes up
# what was running, asks nothing that was answered, and leaves the original alone.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('dump_and_restore', sim => [ '--batch-turnaround-s', 3600 ],
	settings => {
		'fsync' => 'off',
		'log_min_messages' => 'debug1',    # says when a worker leaves
		'kg_batch.batch_linger' => '200ms',
		'kg_batch.batch_poll_interval' => '200ms',
		'kg_batch.batch_min_requests' => 1,
		'kg_batch.budget_per_day' => 1000 });
my $sim = $node->sim;
my $hour_ms = 3_600_000;

# What is not in a dump, and why: the only tables of which that may be said.
my %not_dumped = (
	home => 'says whose database this is: a restored one belongs to nobody yet',
	ready => 'made again from the other tables',
	claimed => 'what a live worker has in hand',
	turn => 'made again with the queue',
	worker => 'workers of this installation',
	spending => 'money of this installation, by day',
	work_minute => 'what the workers of this installation did',
	answer_minute => 'how fast the API answered this installation',
	(map { $_ => 'counted while the rows come back' } qw(job_count job_count_change conversation_count conversation_change)),
	shipped_taxon => 'comes with the extension, and nobody adds to it');

# ---- every table is either in it, or known not to be ----

my @tables = split /\n/, $node->kg(q{SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1});
my %dumped = map { ($_ => 1) } split /\n/,
  $node->kg(q{SELECT c.relname FROM pg_extension e CROSS JOIN unnest(e.extconfig) o JOIN pg_class c ON c.oid = o WHERE e.extname = 'kg_batch'});
is_deeply([ grep { !$dumped{$_} } @tables ], [ sort keys %not_dumped ], 'every table is dumped, or known not to be');
my @sequences = split /\n/, $node->kg(q{SELECT s.relname FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'i'
	JOIN pg_class c ON c.oid = d.refobjid WHERE s.relkind = 'S' AND s.relnamespace = 'kg_batch_internal'::regnamespace AND c.relname NOT IN ('worker', 'job_count_change', 'conversation_change') ORDER BY 1});
is_deeply([ grep { !$dumped{$_} } @sequences ], [], '… and every sequence of one that is');
my @kept = grep { $dumped{$_} } @tables;

# ---- a database with something of each ----

my @conversations = map { JSON::PP->new->utf8->decode(slurp_file($_)) } sort glob 'demo/conversations/*.json';
sub enqueue_demo
{
	my ($graph, @which) = @_;
	return $node->kg(join ';', 'BEGIN', (map {
		my $messages = JSON::PP->new->ascii->encode($_->{messages});
		"SELECT kg_batch.enqueue(\$json\$$messages\$json\$::jsonb, key => '$_->{key}', job => 'read', final => true, graph => '$graph')" } @which), 'COMMIT');
}

$node->safe_psql('postgres', 'CREATE ROLE analyst');
$node->kg(q{SELECT kg_batch.create_graph(g) FROM unnest('{finished,out,resting,own}'::text[]) g;
	SELECT kg_batch.create_job('read', '{"use_batch_api": false}', graph => 'finished');
	SELECT kg_batch.create_job('read', graph => 'out');
	SELECT kg_batch.create_job('read', '{"use_batch_api": false, "paused": true}', graph => 'resting');
	SELECT kg_batch.create_job('read', '{"use_batch_api": false}', graph => 'own');
	SELECT kg_batch.grant_access('analyst', 'auditor', 'finished');
	SELECT kg_batch.set_model_price('our-model', 1.5, 3.25);
	SELECT kg_batch.load_taxonomy('[{"path": "Entity > animal > Llama", "definition": "a woolly animal"}]', 'finished');
	INSERT INTO kg_batch_internal.prompt (stage, version, plan, step, text) SELECT stage, 77, plan, step, text || ' Answer briefly.'
		FROM kg_batch_internal.prompt WHERE stage = 'kg_extract' ORDER BY version DESC LIMIT 1});
enqueue_demo('finished', @conversations[0 .. 4]);
ok($node->wait_until(q{SELECT state = 'done' AND chunks_done > 5 FROM kg_batch.progress WHERE graph = 'finished'}, 120), 'a graph is finished');
$node->kg(q{SELECT kg_batch.keep_apart(a.node_id, b.node_id, graph => 'finished') FROM (SELECT node_id FROM kg_batch.node n JOIN kg_batch.graph g USING (graph_id)
	WHERE g.name = 'finished' AND n.class = 'person' ORDER BY node_id LIMIT 1) a, (SELECT node_id FROM kg_batch.node n JOIN kg_batch.graph g USING (graph_id)
	WHERE g.name = 'finished' AND n.class = 'person' ORDER BY node_id DESC LIMIT 1) b});
enqueue_demo('own', @conversations[0 .. 1]);
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph IN ('finished', 'own')}, 120), '… and a small one');

# One has its questions out in a batch, of one they are out directly, one is paused.
enqueue_demo('resting', @conversations[2 .. 3]);
enqueue_demo('out', @conversations[0 .. 4]);
ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted'}), 'a batch is out');
$sim->configure(latency_ms => $hour_ms);
my $before = $sim->stats->{in_flight};
enqueue_demo('own', @conversations[2 .. 3]);
ok($node->wait_for_stand_in(sub { $_[0]{in_flight} > $before }), 'direct questions are out');
$node->kg('SELECT kg_batch.stop()');
ok($node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^kg_batch' AND datname = 'kg'}), 'nobody writes while we look');

# ---- dump and restore ----

my $dump = $node->basedir . '/dump';
sub quietly
{
	my ($name, @command) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ @command ], '>', \$out, '2>', \$err);
	ok($ok, $name);
	is($err, '', '… and says nothing of it');
	return $out;
}
quietly('pg_dump dumps', 'pg_dump', '-Fd', '-j', 2, '-f', $dump, $node->connstr('kg'));
$node->safe_psql('postgres', 'CREATE DATABASE restored; CREATE DATABASE at_once');
quietly('pg_restore restores', 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump);
{
	# pg_restore does not keep the order of an extension's tables when it fills several at once.
	local $ENV{PGOPTIONS} = '-c session_replication_role=replica';
	quietly('pg_restore restores two tables at once, foreign keys left aside', 'pg_restore', '-j', 2, '--exit-on-error', '-d', $node->connstr('at_once'), $dump);
}
my $listed = quietly('a dump can be listed', 'pg_restore', '-l', $dump);
is_deeply([ grep { $listed !~ /TABLE DATA kg_batch_internal $_ / } @kept ], [], '… and names every table that it is to hold');

sub contents
{
	my ($database, $table) = @_;
	my $own = (grep { $_ eq $table } qw(prompt predicate model_price)) ? 'WHERE NOT shipped' : '';    # the others come with the extension
	return $node->safe_psql($database, "SELECT count(*), md5(COALESCE(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\"), '')) FROM kg_batch_internal.$table t $own");
}
my @differ = grep { contents('kg', $_) ne contents('restored', $_) } @kept;
is_deeply(\@differ, [], scalar(@kept) . ' tables hold the same, row by row');
for my $in ('restored', 'at_once')
{
	is($node->safe_psql($in, 'SELECT count(*) FROM kg_batch_internal.count_difference'), 0, "$in: what is counted of jobs is right before anybody says resume");
	my $progress = 'SELECT graph, job, chunks, chunks_done, conversations, conversations_done, sentences, sentences_done, percent, nodes, edges FROM kg_batch.progress ORDER BY 1, 2';
	is($node->safe_psql($in, $progress), $node->kg($progress), '… and jobs are as far as they were');
}
is_deeply([ grep { contents('kg', $_) ne contents('at_once', $_) } @kept ], [], '… however it was restored');
$node->safe_psql('postgres', 'DROP DATABASE at_once');
my @filled = grep { contents('kg', $_) !~ /^0\|/ } @kept;
cmp_ok(scalar(@filled), '>=', 25, '… and most of them hold something') or diag("@filled");
sub counters { my ($database) = @_; return join ' ', map { $node->safe_psql($database, "SELECT '$_', last_value, is_called FROM kg_batch_internal.$_") } @sequences; }
is(counters('restored'), counters('kg'), 'every sequence goes on where it was');
is($node->safe_psql('restored', 'SELECT count(*) FROM kg_batch_internal.home'), '0', 'it belongs to nobody');
is($node->safe_psql('restored', 'SELECT count(*) FROM kg_batch_internal.ready'), '0', '… and its queue is empty');
for my $own ([ 'own prompt', q{SELECT version, text ~ 'Answer briefly' FROM kg_batch_internal.prompt WHERE NOT shipped}, '77|t' ],
	[ 'own price', q{SELECT input, output FROM kg_batch_internal.model_price WHERE NOT shipped}, '1.5|3.25' ],
	[ 'own taxon', q{SELECT count(*) FROM kg_batch_internal.taxon WHERE path ~ 'llama'}, '1' ],
	[ 'grant', q{SELECT role, level FROM kg_batch_internal.access}, 'analyst|2' ])
{
	my ($name, $query, $is) = @$own;
	is($node->safe_psql('restored', $query), $is, "the $name came back");
}
sub digests { my ($database) = @_; return $node->safe_psql($database, q{SELECT name, kg_batch.graph_digest(name) FROM kg_batch.graph ORDER BY name}); }
my $digests = digests('kg');
is(digests('restored'), $digests, 'every graph has the digest that it had');
isnt((split /\|/, (split /\n/, $digests)[0])[1], (split /\|/, (split /\n/, $digests)[1])[1], '… and digests differ where graphs do');

# ---- it rests ----

sub batch_calls { my $routes = $sim->stats->{routes}; return join ' ', map { "$_ $routes->{$_}{requests}" } sort grep { m{/v1/} } keys %$routes; }
my $calls = batch_calls();
my $log = -s $node->logfile;
$node->psql('restored', q{SELECT kg_batch.start(); SELECT kg_batch.enqueue('[{"speaker":"Dana","content":"I moved to Graz."}]', key => 'dana', job => 'read', final => true, graph => 'finished')},
	stderr => \my $said);
like($said, qr/copy|restored/, 'enqueue in a restored database says that nothing is read');
my $left = qr/background worker "kg_batch coordinator" \(PID \d+\) exited with exit code 0/;
ok($node->wait_until(sub { slurp_file($node->logfile, $log) =~ $left }), 'a coordinator that is asked for looks and leaves');
ok($node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^kg_batch' AND datname = 'restored'}), '… each time');
unlike(slurp_file($node->logfile, $log), qr/starting background worker process "kg_batch (?:pipeline|batch manager)"/, '… and nobody else comes');
is(batch_calls(), $calls, '… and the API hears nothing');
like($node->safe_psql('restored', q{SELECT ok, hint FROM kg_batch.health() WHERE name = 'home'}), qr/^f\|SELECT kg_batch.resume\(\)/, 'health() says what to type');

# ---- it goes on when told to, with what was handed in meanwhile in its queue already ----

$sim->configure(latency_ms => 0, batch_turnaround_s => 1);
my $batch = $node->kg('SELECT remote_id FROM kg_batch.batches');
my $chats_before = scalar(grep { $_->{delivered} } $sim->chats);
$node->safe_psql('restored', 'SELECT kg_batch.resume()');
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph <> 'resting'}, 120, 'restored'), 'resume() finishes what was running');
is($node->safe_psql('restored', q{SELECT count(*) FROM kg_batch_internal.chunk c JOIN kg_batch.graph g USING (graph_id) WHERE c.state <> 'done' AND g.name <> 'resting'}), '0', '… all of it');
is($node->safe_psql('restored', q{SELECT state, chunks_done FROM kg_batch.progress WHERE graph = 'resting'}), 'paused|0', '… but not what a person paused');
is($node->safe_psql('restored', q{SELECT count(*) FROM (SELECT request_id FROM kg_batch_internal.answer WHERE outcome = 'ok' GROUP BY 1 HAVING count(*) > 1) a}), '0', '… and asks nothing that was answered');
$node->safe_psql('restored', q{SELECT kg_batch.resume('read', graph => 'resting')});
ok($node->wait_until(q{SELECT state = 'done' AND chunks_done = chunks AND chunks > 0 FROM kg_batch.progress WHERE graph = 'resting'}, 120, 'restored'), 'which its own resume finishes');

# ---- the original has lost nothing by it ----

like($sim->request("GET", "/v1/batches/$batch")->{status}, qr/^(?:validating|in_progress|finalizing|completed)$/, "the batch of the original goes on");
$sim->advance(3600);
$node->kg('SELECT kg_batch.start()');
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph <> 'resting'}, 120), 'the original goes on with it');
is($node->kg(q{SELECT state, answered = requests FROM kg_batch.batches}), 'done|t', '… reads its batch');
for my $graph (qw(own out))
{
	is($node->kg("SELECT kg_batch.graph_digest('$graph')"), $node->safe_psql('restored', "SELECT kg_batch.graph_digest('$graph')"), "… and ends with the same graph '$graph'");
}

$node->stop('fast');
done_testing();
