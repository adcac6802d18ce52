# Questions that go directly: what passes is asked again and what was paid is in the
# ledger; what cannot be read is not paid for without end; what only a person can mend
# pauses the job once.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('direct_faults', settings => { fsync => 'off' });
my $sim = $node->sim;
my $run = KgBatch::DemoRun->new($node, use_batch_api => JSON::PP::false);
my @ask = (path => '^/v1/chat/completions$', stage => 'kg_extract');

for my $fault (qw(internal_error bad_gateway unavailable gateway_timeout drop_after_read reset_before_response))
{
	my $name = $fault;
	$run->begin($name, { fault => $fault, @ask, count => 4, retry_after_ms => 20 });
	$run->whole($name);
}

# However long it says, or whatever it says instead of a time.
for my $said (0, 1, -1, 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT')
{
	my $name = "rate limited, retry after $said";
	$run->begin($name, { fault => 'rate_limited', @ask, retry_after => $said, count => 2 });
	$run->whole($name);
}

# Done, and the answer lost on its way: the question is asked again, and the ledger says what that may have cost.
for my $fault ({ fault => 'accepted_but_500' }, { fault => 'drop_after_read', accepted => JSON::PP::true }, { fault => 'reset_in_body' }, { fault => 'cut_body' }, { fault => 'truncated_body' },
	{ fault => 'wrong_length' }, { fault => 'chunked_without_end' })
{
	my $name = "lost: $fault->{fault}";
	$run->begin($name, { %$fault, @ask, count => 2 });
	$run->whole($name, repeated => 2, bill => 0);
	next if $fault->{fault} eq 'accepted_but_500';    # an error says that nothing is paid
	my $bill = $sim->stats->{all}{usd};
	cmp_ok($run->progress('cost'), '<=', $bill + 1e-9, "$name: the ledger is no higher than the bill");
	cmp_ok($run->progress('cost + lost_cost'), '>=', $bill - 1e-9, "$name: and with what is lost no lower");
	is($node->kg("SELECT sum(lost) FROM kg_batch.cost WHERE job_id = " . $run->job), 2, "$name: two stand there as lost");
}

# A question whose answer can never be read ends, after as many as max_attempts says.
{
	my $name = 'never readable';
	$run->begin($name, { fault => 'truncated_body', @ask, contains => 'Clyde' });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	my $failed = $run->progress('chunks_failed');
	cmp_ok($failed, '>', 0, "$name: it failed");
	is($sim->stats->{repeated_answers}, 2 * $failed, "$name: after three answers");
}

# What is in an answer stops nothing.
{
	my $name = 'hostile text';
	my $log = -s $node->logfile;
	my @kinds = qw(escaped_nul raw_nul control_character invalid_utf8 overlong_utf8 lone_surrogate line_separator huge_number huge_integer nan);
	$run->begin($name, (map { my $kind = $_; map { { fault => 'bad_text', kind => $kind, level => $_, stage => 'kg_extract', count => 1 } } 'answer', 'body' } @kinds),
		{ fault => 'deep_json', depth => 200_000, stage => 'kg_extract', count => 1 }, { fault => 'huge_answer', bytes => 5_000_000, stage => 'kg_extract', count => 1 });
	ok($node->wait_for_job($run->job, 'done', 180), "$name: done");
	is($run->progress('chunks_done + chunks_failed = chunks'), 't', "$name: each chunk has an end");
	unlike(slurp_file($node->logfile, $log), qr/ERROR|FATAL|PANIC/, "$name: no error of the server");
}
{
	my $name = 'answers of every kind';
	$run->begin($name, map { { fault => $_, stage => 'kg_extract', count => 1 } } qw(refusal content_filter null_content bad_schema not_json));
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	is($run->progress('chunks_done = chunks'), 't', "$name: asked again, all are done");
	is($node->kg("SELECT kg_batch.graph_digest('$name') = kg_batch.graph_digest('undisturbed')"), 't', "$name: nothing of them is in the graph");
}
{
	my $name = 'usage of another type';
	$run->begin($name, { fault => 'wrong_usage', usage => 'none', stage => 'kg_extract' });
	$run->whole($name, bill => 0);
	cmp_ok($run->progress('cost'), '>=', $sim->stats->{all}{usd}, "$name: the ledger is no lower than the bill");
}

for my $case ([ 'unauthorized', 'invalid_api_key' ], [ 'forbidden', 'HTTP 403' ], [ 'insufficient_quota', 'insufficient_quota' ], [ 'spend_limit', 'organization_spend_limit_exceeded' ])
{
	my ($fault, $why) = @$case;
	my $name = "a person: $fault";
	my $listener = $node->background_psql('kg', on_error_stop => 1);
	$listener->query_safe('LISTEN kg_batch');
	$run->begin($name, { fault => $fault, @ask });
	ok($node->wait_for_job($run->job, 'paused'), "$name: the job pauses");
	like($run->progress('reason'), qr/\Q$why\E/, "$name: and says why");
	# One that came and is stored after the resume would pause it once more.
	ok($node->wait_until("SELECT count(*) = 0 FROM kg_batch_internal.request WHERE state = 'asking' AND job_id = " . $run->job), "$name: nothing is out any more");
	is(KgBatch::DemoRun::told($listener, 'paused'), 1, "$name: one NOTIFY");
	is($node->kg('SELECT count(*) FROM kg_batch_internal.request WHERE bad_answers > 0 AND job_id = ' . $run->job), 0, "$name: no attempt is used up");
	$sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.resume(" . $run->job . ", graph => '$name')");
	$run->whole($name);
}

# ---- the key is nowhere but in the headers ----

{
	my $log = slurp_file($node->logfile);
	unlike($log, qr/sk-test-not-a-key/, 'the key is not in the log');
	is($node->kg(q{SELECT count(*) FROM pg_settings WHERE setting LIKE '%sk-test-not-a-key%'}), 0, 'nor in pg_settings');
	is($node->kg(q{SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%sk-test-not-a-key%'}), 0, 'nor in pg_stat_activity');
	my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr('kg') ]);
	unlike($dump, qr/sk-test-not-a-key/, 'nor in a dump');
}

$node->stop('fast');
done_testing();
