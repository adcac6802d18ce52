# Result files of batches are read whatever they look like: no answer is lost that
# is there, none is paid twice that can be had, and one bad line costs no other.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('batch_results', sim => [ '--batch-turnaround-s', 0.3 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '100ms',
		'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
my $run = KgBatch::DemoRun->new($node);
my $content = '/content$';
sub batches_are { my ($name, $count) = @_; return is(scalar($run->batches('batch_id')), $count, "$name: so many batches"); }

# The answers are in the file, and the file does not come whole: it is read again.
for my $fault (qw(truncated_body truncated_lines reset_in_body cut_body wrong_length chunked_without_end))
{
	my $name = "download: $fault";
	$run->begin($name, { fault => $fault, path => $content, count => 1 });
	$run->whole($name);
	batches_are($name, 1);
	is($run->quarantined(''), 0, "$name: half a line is no line");
}

for my $fault (qw(not_found forbidden bad_gateway rate_limited))
{
	my $name = "download: $fault at first";
	$run->begin($name, { fault => $fault, path => $content, count => 2, retry_after_ms => 50 });
	$run->whole($name);
	batches_are($name, 1);
}

# It may not be read, and that lasts: a person has to know.
{
	my $name = 'download: forbidden for good';
	$run->begin($name, { fault => 'forbidden', path => $content, retry_after_ms => 20 });
	ok($node->wait_for_job($run->job, 'paused'), "$name: the job pauses");
	like($run->progress('reason'), qr/HTTP 403/, "$name: and says why");
	is(join(' ', $run->batches('state')), 'reading', "$name: its answers are not given up");
	$sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.resume(" . $run->job . ", graph => '$name')");
	$run->whole($name);
	batches_are($name, 1);
}
{
	my $name = 'download: forbidden, and cancelled by a person';
	$run->begin($name, { fault => 'forbidden', path => $content, retry_after_ms => 20 });
	ok($node->wait_for_job($run->job, 'paused'), "$name: the job pauses");
	$node->kg("SELECT kg_batch.cancel(" . $run->job . ", graph => '$name')");
	ok($node->wait_until(sub { join(' ', $run->batches('state')) eq 'failed' }), "$name: nobody waits for it");
	is($run->progress('reserved'), '0.000000000', "$name: nothing stays reserved");
}
# It is gone, and stays so: what was in it is asked again only by a person, for it was paid.
{
	my $name = 'download: gone for good';
	$run->begin($name, { fault => 'not_found', path => $content, retry_after_ms => 20 });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: it is given up");
	is(join(' ', $run->batches('state')), 'failed', "$name: the batch failed");
	is($run->progress('chunks_failed = chunks'), 't', "$name: and its chunks, which are not asked again by themselves");
	my $batch = 'FROM kg_batch.errors WHERE what = \'batch\' AND job_id = ' . $run->job;
	like($node->kg("SELECT reason $batch"), qr/its results are gone/, "$name: errors says so");
	my ($retry) = $node->kg("SELECT hint $batch") =~ /only by a person: (SELECT kg_batch\.retry.*)/;
	ok($retry, "$name: and what to do") or diag($node->kg("SELECT hint $batch"));
	$sim->request('DELETE', '/_sim/faults');
	$node->kg($retry);
	$run->whole($name, repeated => $run->chunks, errors => 1, bill => 0);
	is($node->kg("SELECT hint $batch"), 'Nothing to do: its requests are asked again by themselves.', "$name: once it was said, there is nothing more to do");
}

# The file comes slowly, and in pieces that end within lines.
{
	my $name = 'download: slow';
	$run->begin($name, { fault => 'drip', path => $content, bytes => 997, ms => 1 });
	$run->whole($name);
	batches_are($name, 1);
}

# Lines that are not there, or cannot be read, are asked about again, and no other.
{
	my $name = 'lines: missing';
	$run->begin($name, { fault => 'missing_line', count => 2 });
	$run->whole($name, repeated => 2, bill => 0);
	is(join(' ', $run->batches('requests')), $run->chunks . ' 2', "$name: the second batch has just these");
}
{
	my $name = 'lines: missing each time';
	$run->begin($name, { fault => 'missing_line', contains => 'Clyde' });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	my $failed = $run->progress('chunks_failed');
	cmp_ok($failed, '>', 0, "$name: some chunks failed");
	is(join(' ', $run->batches('requests')), join(' ', $run->chunks, $failed, $failed), "$name: they were asked about as often as max_attempts says");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE job_id = " . $run->job . " AND what = 'chunk' AND reason ~ 'without an answer'"), $failed, "$name: and errors says why");
}

# Doubled, contradicted, of nobody, in both files: the first answer counts.
{
	my $name = 'lines: twice';
	$run->begin($name, { fault => 'duplicated_line' });
	$run->whole($name);
	batches_are($name, 1);
	is($run->quarantined(''), 0, "$name: the same again is no contradiction");
}
{
	my $name = 'lines: contradicted';
	$run->begin($name, { fault => 'conflicting_line', count => 3 });
	$run->whole($name);
	batches_are($name, 1);
	is($run->quarantined('differs'), 3, "$name: the others are kept aside");
}
{
	my $name = 'lines: contradicted, read twice';
	$run->begin($name, { fault => 'conflicting_line', count => 3 }, { fault => 'unknown_line', custom_id => 'nobody', skip => 3, count => 1 },
		{ fault => 'truncated_lines', path => $content, count => 1 });
	$run->whole($name);
	is($run->quarantined('differs'), 3, "$name: kept once");
	is($run->quarantined('unknown'), 1, "$name: what is nobody's as well");
}
{
	my $name = 'lines: in both files';
	$run->begin($name, { fault => 'line_in_both_files' });
	$run->whole($name);
	batches_are($name, 1);
}
{
	my $name = 'lines: of nobody';
	$run->begin($name, { fault => 'unknown_line', count => 2 });
	$run->whole($name);
	batches_are($name, 1);
	is($run->quarantined('unknown custom_id'), 2, "$name: kept aside");
}

# Errors that pass are asked again, within bounds.
{
	my $name = 'lines: errors that pass';
	$run->begin($name, { fault => 'line_status', status => 429, code => 'rate_limit_exceeded', count => 1 }, { fault => 'line_status', status => 503, count => 1 },
		{ fault => 'line_error', count => 1 });
	$run->whole($name);
	is(join(' ', $run->batches('requests')), $run->chunks . ' 3', "$name: the second batch has just these");
}
{
	my $name = 'lines: an error file only';
	$run->begin($name, { fault => 'line_status', status => 500, count => $run->chunks });
	$run->whole($name);
	is(join(' ', $run->batches('requests')), join(' ', ($run->chunks) x 2), "$name: all of it again");
}
{
	my $name = 'lines: an error that stays';
	$run->begin($name, { fault => 'line_status', status => 500, contains => 'Clyde' });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	is($node->kg('SELECT max(n) FROM (SELECT count(*) AS n FROM kg_batch_internal.answer a JOIN kg_batch_internal.request r USING (graph_id, request_id) WHERE r.job_id = '
		  . $run->job . ' GROUP BY r.graph_id, r.request_id) r'), 3, "$name: asked as often as max_attempts says");
	cmp_ok($run->progress('chunks_failed'), '>', 0, "$name: and failed");
	is($sim->stats->{repeated_answers}, 0, "$name: nothing else was asked again");
}

# A limit of money in a line is no fault of the line's.
{
	my $name = 'lines: no money';
	$run->begin($name, { fault => 'line_status', status => 429, code => 'insufficient_quota', skip => 2, count => 3 });
	ok($node->wait_for_job($run->job, 'paused'), "$name: the job pauses");
	like($run->progress('reason'), qr/money.*insufficient_quota/, "$name: and says why");
	ok($node->wait_until("SELECT count(*) = 0 FROM kg_batch_internal.batch WHERE ended_at IS NULL"), "$name: the batch is read to its end");
	is($node->kg('SELECT count(*) FROM kg_batch_internal.request WHERE bad_answers > 0 AND job_id = ' . $run->job), 0, "$name: no attempt is used up");
	$node->kg("SELECT kg_batch.resume(" . $run->job . ", graph => '$name')");
	$run->whole($name);
	is(join(' ', $run->batches('requests')), $run->chunks . ' 3', "$name: the second batch has just these");
}

# What a round put up while the job was paused, and committed when it was resumed.
{
	my $name = 'parked for nobody';
	$sim->configure(batch_turnaround_s => 3600);
	$run->begin($name);
	ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted'}), "$name: it is out");
	$node->kg("INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) SELECT graph_id, 1002, 7, 0, job_id, job_id FROM kg_batch_internal.job WHERE job_id = " . $run->job . ' ON CONFLICT DO NOTHING');
	ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch_internal.ready WHERE priority >= 1000'), "$name: what a resumed job has is asked");
	$sim->configure(batch_turnaround_s => 0.3);
	$sim->advance(3600);
	$run->whole($name);
}

# However it is written.
{
	my $name = 'lines: written oddly';
	$run->begin($name, { fault => 'raw_line', before => "\x{feff}\r\n \n", after => "\r\n", count => 1 }, { fault => 'raw_line', before => "\n", after => "\r\n\r\n" },
		{ fault => 'empty_file_ids' });
	$run->whole($name);
	batches_are($name, 1);
	$run->begin("$name, bodies as text", { fault => 'body_as_text' }, { fault => 'no_batch_usage' });
	$run->whole("$name, bodies as text");
	batches_are($name, 1);
}
{
	my $name = 'lines: no answer in them';
	$run->begin($name, { fault => 'changed_line', set => { '/response/body' => {} }, count => 1 },
		{ fault => 'changed_line', set => { '/response' => undef }, count => 1 },
		{ fault => 'changed_line', remove => ['/response'], count => 1 },
		{ fault => 'changed_line', set => { '/response/body' => '<html>no</html>' }, count => 1 },
		{ fault => 'changed_line', set => { '/response/body' => { error => { message => 'no', code => 'server_error' } } }, count => 1 });
	$run->whole($name, repeated => 5, bill => 0);
	is(join(' ', $run->batches('requests')), $run->chunks . ' 5', "$name: the second batch has just these");
}

# What is in a line reaches the database, or stays outside of it, and stops nothing.
{
	my $name = 'lines: hostile text';
	my $log = -s $node->logfile;
	my @kinds = qw(escaped_nul raw_nul control_character invalid_utf8 overlong_utf8 lone_surrogate line_separator huge_number huge_integer nan);
	$run->begin($name, (map { my $kind = $_; map { { fault => 'bad_text', kind => $kind, level => $_, where => 'batch', count => 1 } } 'answer', 'body' } @kinds),
		{ fault => 'deep_json', depth => 200_000, where => 'batch', count => 1 }, { fault => 'huge_answer', bytes => 5_000_000, where => 'batch', count => 1 },
		{ fault => 'huge_answer', bytes => 40_000_000, where => 'batch', count => 1 });
	ok($node->wait_for_job($run->job, 'done', 180), "$name: done");
	is($run->progress('chunks_done + chunks_failed = chunks'), 't', "$name: each chunk has an end");
	is($run->progress('chunks_failed'), 0, "$name: and is done, for the next answer was good");
	my @faults = @{ $sim->request('GET', '/_sim/faults') };
	is(scalar(grep { $_->{taken} == 1 } @faults), scalar @faults, "$name: each was met");
	unlike(slurp_file($node->logfile, $log), qr/ERROR|FATAL|PANIC|batch manager:/, "$name: no error of the server");
}

# Answers that are none by what the model did.
{
	my $name = 'answers: of every kind';
	$run->begin($name, map { { fault => $_, where => 'batch', count => 1 } } qw(refusal content_filter null_content bad_schema not_json));
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	is($run->progress('chunks_done = chunks'), 't', "$name: asked again, all are done");
	my %outcomes = map { split /\|/ } split /\n/, $node->kg("SELECT outcome, count(*) FROM kg_batch_internal.answer a JOIN kg_batch_internal.request r USING (graph_id, request_id)
			WHERE r.job_id = " . $run->job . ' GROUP BY 1');
	is($outcomes{refused}, 1, "$name: a refusal is one");
	is($outcomes{content_filter}, 1, "$name: what was filtered as well");
	is($outcomes{empty}, 1, "$name: and nothing at all");
	is($node->kg("SELECT kg_batch.graph_digest('$name') = kg_batch.graph_digest('undisturbed')"), 't', "$name: nothing of them is in the graph");
}

# Who does not say what was used is paid for as if all had been used that could be.
{
	my $name = 'answers: without usage';
	$run->begin($name, { fault => 'no_usage', where => 'batch' });
	$run->whole($name, bill => 0);
	cmp_ok($run->progress('cost'), '>=', $sim->stats->{all}{usd}, "$name: the ledger is no lower than the bill");
}

# Storing fails in the middle of a file: what was read of it is read again.
{
	my $name = 'storing fails';
	$node->kg(q{CREATE SEQUENCE public.stored;
		CREATE FUNCTION public.fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.mode = 'batch' AND pg_catalog.nextval('public.stored') = 5 THEN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$;
		GRANT USAGE ON SEQUENCE public.stored TO PUBLIC;
		CREATE TRIGGER fail_once BEFORE INSERT ON kg_batch_internal.answer FOR EACH ROW EXECUTE FUNCTION public.fail_once()});
	$run->begin($name);
	$run->whole($name);
	cmp_ok($node->kg('SELECT last_value FROM public.stored'), '>', $run->chunks, "$name: it did");
	batches_are($name, 1);
	$node->kg('DROP FUNCTION public.fail_once CASCADE');
}

$node->stop('fast');
done_testing();
