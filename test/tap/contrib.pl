# contrib/monitor.psql through psql: once, for one job, and again and again; and
# contrib/pg_cron.sql as pg_cron has it run, by a role with the rights that the file
# asks for and no others.

use strict;
use warnings;

use FindBin;
use IPC::Run ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

chdir "$FindBin::RealBin/../.." or die "could not go to the source tree: $!";

my $node = KgBatch::Cluster->with_stand_in('contrib', sim => [ '--batch-turnaround-s', 3600 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms' });
sub done { return $node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE job = '$_[0]'"); }

# ---- monitor.psql ----

my @psql = ('psql', '-XAt', '-F', '|', '-d', $node->connstr('kg'), '-f', 'contrib/monitor.psql');
sub screen { my ($out, $err) = run_command([ @psql, '-v', 'once=1', @_ ]); is($err, '', "monitor.psql @_ runs"); return $out; }

$node->kg(q{SELECT kg_batch.create_job('july', '{"batch_min_requests": 1}')});
$node->enqueue_many('cat', 30, job => 'july');
ok($node->wait_until(q{SELECT doing ~ '^\d+ of 30 answers in' FROM kg_batch.progress WHERE job = 'july'}), 'a batch is out');
my $out = screen();
like($out, qr{^job\|default / july\|\.{20} 0\.0 %\|\|0(?:\.0+)?\|0 of 30 answers in, the API works on the rest$}m, 'a job is a line');
my $batches = 0;
$batches += $1 while $out =~ /^batch\|\d+ for july\|0 of (\d+)\|\|\|submitted since [\d:]+, \w+$/mg;
is($batches, 30, 'each batch is one, with all questions in them');
like($out, qr{^worker\|batch manager\|1\|}m, 'workers of a kind are one');
# Workers serve all graphs.
$node->kg(q{SELECT kg_batch.create_graph('family'); CREATE ROLE of_family; SELECT kg_batch.grant_access('of_family', 'reader', 'family')});
my $did = q{SET ROLE of_family; SELECT count(*) > 0, count(chunks_done), count(requests), count(nodes_per_second), count(last_error) FROM kg_batch.pipelines};
is($node->kg($did), 't|0|0|0|0', 'who reads one graph sees workers, and not what they did for another');
$node->kg(q{SELECT kg_batch.grant_access('of_family', 'reader', name) FROM kg_batch.graph});
like($node->kg($did), qr/^t\|[1-9]/, 'who reads all graphs sees what they did');
$node->sim->advance(3600);
ok(done('july'), 'it is read');
$node->sim->fault({ fault => 'status', status => 400, message => 'not today', stage => 'kg_extract', count => 2 });
$node->kg(q{SELECT kg_batch.create_job('it''s august', '{"use_batch_api": false, "max_attempts": 1}', 'family');
	SELECT kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Anna', 'content', format('I adopted a dog called Rex number %s.', n))),
		job => 'it''s august', graph => 'family') FROM generate_series(1, 4) n});
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE graph = 'family'}), 'another job is done, but for two chunks');

$out = screen('-v', q{job=it's august});
is($out =~ s/^(?!job|error).*\n?//mgr =~ s/\s+\z//r, join("\n",
	$node->kg(q{SELECT concat_ws('|', 'job', 'family / it''s august', bar || ' ' || percent || ' %', '', round(cost, 4), doing) FROM kg_batch.progress WHERE graph = 'family'}) =~ s/\|\|/||/r,
	$node->kg(q{SELECT concat_ws('|', 'error', 'family / it''s august', '2 times', '', '', reason || '. ' || hint) FROM kg_batch.error_groups})),
	'of one job it has what the views have of that job');
like($out, qr/^error.*not today.*SELECT kg_batch\.retry\('it''s august', graph => 'family'\)$/m, 'with why it failed and the call that retries');
unlike($out, qr/july/, 'and nothing of others');
unlike(screen('-v', 'graph=family'), qr/july/, 'nor has one graph anything of another');
like(screen('-v', 'job=' . $node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'july'}), '-v', 'graph=default'), qr{^job\|default / july\|\#{20} 100\.0 %\|}m, 'a job can be given by id');
$node->kg('SELECT kg_batch.stop()');
like(screen(), qr/^check\|enabled\|not well\|.*kg_batch\.start\(\)/m, 'a check that fails is a line');
$node->kg('SELECT kg_batch.start()');

# Until it is ended: what is new is on a later screen.
my ($in, $seen, $errors) = ('', '', '');
my $timeout = IPC::Run::timer(60);
my $watching = IPC::Run::start([ @psql, '-v', 'every=0.1' ], \$in, \$seen, \$errors, $timeout);
pump $watching until $seen =~ /july/ || $timeout->is_expired;
$node->kg(q{SELECT kg_batch.create_job('new one', '{"paused": true}')});
pump $watching until $seen =~ /new one/ || $timeout->is_expired;
like($seen, qr{july.*^job\|default / new one\|\.{20} 0\.0 %\|\|0(?:\.0+)?\|paused}ms, 'without "once" it looks again') or diag($errors);
$watching->kill_kill;

# A reader may use it, and sees no errors.
$node->kg(q{CREATE ROLE looks_on LOGIN; SELECT kg_batch.grant_access('looks_on', 'reader', 'family')});
$out = screen('-U', 'looks_on');
like($out, qr{^job\|family}m, 'a reader sees jobs');
unlike($out, qr/^error|july/m, 'but no errors, and no other graph');

# ---- pg_cron.sql ----

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kg_batch, pg_cron'\ncron.database_name = 'kg'\ncron.use_background_workers = on");
$node->restart;
$node->kg(<<'END_OF_SQL');
CREATE EXTENSION pg_cron;
CREATE TABLE public.chat_message (id bigint PRIMARY KEY, chat_id int, author text, body text, sent_at timestamptz);
INSERT INTO public.chat_message VALUES
  (1, 1, 'Anna', 'I adopted a dog called Clyde.', now() - interval '3 years'),
  (2, 2, 'Bob', 'I live in Leeds.', now() - interval '1 hour'),
  (3, 2, 'Anna', 'I live in Bristol.', now() - interval '10 minutes');
SELECT kg_batch.enqueue_query('SELECT chat_id AS conversation, id AS message_id, author AS speaker, body AS content, sent_at FROM public.chat_message WHERE chat_id = 1');
CREATE ROLE night LOGIN;
GRANT USAGE ON SCHEMA cron TO night;
GRANT SELECT ON public.chat_message TO night;
GRANT CREATE ON SCHEMA public TO night;
SELECT kg_batch.grant_access('night', 'admin');
END_OF_SQL
ok(done('inbox'), 'an old conversation is in the graph');
is($node->kg(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Clyde'}), 1, 'with what it says');
my ($said, $error) = run_command([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', 'night', '-d', $node->connstr('kg'), '-f', 'contrib/pg_cron.sql' ]);
is($error, '', 'the file runs as that role');
run_command([ 'psql', '-XAtq', '-U', 'night', '-d', $node->connstr('kg'), '-f', 'contrib/pg_cron.sql' ]);
is($node->kg(q{SELECT count(*) || ' ' || string_agg(DISTINCT username, ' ') FROM cron.job}), '3 night', 'three jobs are that role\'s, also after a second time');

# It has the day's name, whichever that is when pg_cron runs it.
my $night = sub { return $node->kg(q{SELECT job FROM kg_batch.progress WHERE job ~ '^night of \d{4}-\d{2}-\d{2}$' ORDER BY job_id LIMIT 1}); };
# As pg_cron runs them, in the order of the night, not at its hours: every full minute.
for my $names ([ 'new messages', 'forget' ], ['report'])
{
	$node->kg(join ';', map { "SELECT cron.alter_job(jobid, schedule => '* * * * *') FROM cron.job WHERE jobname = 'kg_batch: $_'" } @$names);
	for my $name (@$names)
	{
		my $runs = "FROM cron.job_run_details d JOIN cron.job j USING (jobid) WHERE j.jobname = 'kg_batch: $name' AND d.status IN ('succeeded', 'failed')";
		ok($node->wait_until("SELECT count(*) > 0 $runs", 150), "pg_cron runs: $name");
		is($node->kg("SELECT d.status $runs ORDER BY runid LIMIT 1"), 'succeeded', '... as the role, and it works') or diag($node->kg('SELECT return_message FROM cron.job_run_details'));
	}
	$node->kg(join ';', map { "SELECT cron.alter_job(jobid, active => false) FROM cron.job WHERE jobname = 'kg_batch: $_'" } @$names);
	ok(done($night->()), 'the job of the night is read');
}
is($node->kg(q{SELECT string_agg(label, ' ' ORDER BY label) FROM kg_batch.node WHERE label IN ('Clyde', 'Leeds', 'Bristol')}), 'Bristol Leeds', 'new messages are in, the old conversation is out');
is($node->kg(q{SELECT budget = 1 FROM kg_batch.progress WHERE job ~ '^night of'}), 't', 'the night has a budget');
is($node->kg(q{SELECT r.job || ' ' || (r.chunks = p.chunks) || ' ' || (r.cost = p.cost) || ' ' || (r.page LIKE '<!%') FROM public.kg_report r JOIN kg_batch.progress p USING (job)}),
	$night->() . ' true true true', 'and a report');
$node->stop('fast');
done_testing();
