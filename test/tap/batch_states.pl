# Whatever the API says of a batch, or does with it, its questions are asked once:
# an unclear create is looked for and adopted, what is said wrongly changes nothing,
# what ended early goes on, and what only a person can mend waits for one.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('batch_states', sim => [ '--batch-turnaround-s', 0.3 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '500ms', 'kg_batch.batch_poll_interval' => '100ms',
		'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
my $run = KgBatch::DemoRun->new($node);
my @create = (method => 'POST', path => '^/v1/batches$');
my @list = (method => 'GET', path => '^/v1/batches$');
my @poll = (method => 'GET', path => '^/v1/batches/');

# ---- a create of which it is not known what came of it ----

# Who waited for the answer is gone as well.
{
	my $name = 'create: nobody waits for it';
	$run->begin($name, { fault => 'hang', accepted => JSON::PP::true, @create, count => 1 });
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{'POST /v1/batches'}{requests} }), "$name: it is out");
	ok($node->wait_until(sub { remote() == 1 }), "$name: and taken");
	is($node->kg(q{SELECT pg_terminate_backend(pid, 60000) FROM kg_batch_internal.live_workers() WHERE kind = 'batch manager'}), 't', "$name: the batch manager ends");
	$run->whole($name);
	created_once($name);
}

# The list does not have it yet.
{
	my $name = 'create: late in the list';
	$run->begin($name, { fault => 'accepted_but_500', @create, count => 1 }, { fault => 'missing_in_list', @list, for_s => 86_400, count => 1 });
	$run->whole($name);
	created_once($name);
	cmp_ok($sim->stats->{routes}{'GET /v1/batches'}{requests}, '>=', 3, "$name: it was looked for again");
}

# It did not arrive: nobody but a person makes another one.
{
	my $name = 'create: it did not arrive';
	$run->begin($name, { fault => 'drop_after_read', @create, count => 1 });
	ok($node->wait_until(sub { $node->ask_about_batches('creating'); return $node->kg(q{SELECT count(*) FROM kg_batch_internal.batch WHERE state = 'unclear' AND ended_at IS NULL}) }), "$name: it is said");
	is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 1, "$name: and not made anew");
	is_told($name);
	# By the statement that the hint gives.
	my ($retry) = unclear_hint() =~ /(SELECT kg_batch\.retry\(.*\))/;
	$node->kg($retry);
	$run->whole($name, errors => 1);
	is(join(' ', $run->batches('state')), 'lost done', "$name: but by a person's word");
	is($node->kg(q{SELECT ok FROM kg_batch.health() WHERE name = 'batches'}), 't', "$name: health has nothing to say of it any more");
}

# It did, and was in no list for as long as it was looked for: a person who sees it has it taken.
{
	my $name = 'create: it is seen later';
	$run->begin($name, { fault => 'accepted_but_500', @create, count => 1 }, { fault => 'missing_in_list', @list, for_s => 86_400 });
	my $unclear = sub { $node->ask_about_batches('creating'); return $node->kg(q{SELECT count(*) FROM kg_batch_internal.batch WHERE state = 'unclear' AND ended_at IS NULL}) };
	ok($node->wait_until($unclear), "$name: it is not found");
	is_told($name);
	my ($resume) = unclear_hint() =~ /(SELECT kg_batch\.resume\(.*?\))/;
	$node->kg($resume);
	ok($node->wait_until($unclear), "$name: who looks too early finds nothing, and it is as before");
	is_told($name);
	$sim->request('DELETE', '/_sim/faults');
	$node->kg($resume);
	$run->whole($name);
	created_once($name);
	is(join(' ', $run->batches('state')), 'done', "$name: it was taken");
	is($node->kg(q{SELECT ok FROM kg_batch.health() WHERE name = 'batches'}), 't', "$name: health has nothing to say of it any more");
}

# There are two: the older one is it, the other is cancelled.
{
	my $name = 'create: two of it';
	$sim->configure(batch_turnaround_s => 3600);
	$run->begin($name, { fault => 'accepted_but_500', @create, count => 1 }, { fault => 'unavailable', @list });
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{'GET /v1/batches'}{requests} }), "$name: it is looked for");
	my ($entry) = grep { $_->{batch_id} } @{ $sim->request('GET', '/_sim/journal?limit=1000000&path=/v1/batches$')->{entries} };
	my $first = $sim->request('GET', "/v1/batches/$entry->{batch_id}");
	$sim->advance(2);
	my $second = $sim->request('POST', '/v1/batches', { map { $_ => $first->{$_} } qw(input_file_id endpoint completion_window metadata) });
	$sim->request('DELETE', '/_sim/faults');
	ok($node->wait_until(q{SELECT state = 'submitted' FROM kg_batch.batches ORDER BY batch_id DESC LIMIT 1}), "$name: it is found");
	is(($run->batches('remote_id'))[-1], $first->{id}, "$name: the older one");
	ok($node->wait_until(sub { $sim->request('GET', "/v1/batches/$second->{id}")->{status} =~ /cancel/ }), "$name: the other is cancelled");
	$sim->configure(batch_turnaround_s => 0.3);
	$sim->advance(3600);
	$run->whole($name);
}

# A hundred newer ones are in the list before it, and the API's clock is two days behind or ahead.
for my $skew (-172_800, 172_800)
{
	my $name = "create: behind a hundred others, clock off by $skew s";
	$run->begin($name, { fault => 'accepted_but_500', @create, count => 1 }, { fault => 'unavailable', @list });
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{'GET /v1/batches'}{requests} }), "$name: it is looked for");
	$sim->request('POST', '/v1/batches', { input_file_id => 'file-none', endpoint => '/v1/chat/completions', completion_window => '24h' }) for 1 .. 101;
	$sim->request('DELETE', '/_sim/faults');
	$sim->fault([ { fault => 'clock_skew', s => $skew } ]);
	$run->whole($name);
	is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 102, "$name: it was created once");
}

# ---- what is said of it while it runs ----

for my $fault (qw(internal_error bad_gateway unavailable reset_in_body truncated_body reset_before_response rate_limited unauthorized not_found unknown_status status_regression))
{
	my $name = "poll: $fault";
	$run->begin($name, { fault => $fault, @poll, count => 3, retry_after_ms => 50 });
	$run->whole($name);
	created_once($name);
}
{
	my $name = 'poll: neither counts nor use';
	$run->begin($name, { fault => 'changed_answer', @poll, remove => [ '/request_counts', '/usage', '/metadata', '/expires_at', '/errors' ] });
	$run->whole($name);
	created_once($name);
	$run->begin("$name, in capitals", { fault => 'unknown_status', text => 'IN_PROGRESS', @poll, count => 2 });
	$run->whole("$name, in capitals");
	created_once("$name, in capitals");
}
for my $skew (-172_800, 172_800)
{
	my $name = "clock off by $skew s";
	$run->begin($name, { fault => 'clock_skew', s => $skew });
	$run->whole($name);
	created_once($name);
}
{
	my $name = 'connections refused';
	$run->begin($name, { fault => 'refuse_connections', ms => 700, @create, count => 1 });
	$run->whole($name);
	created_once($name);
}

# ---- it is gone, or stuck ----

{
	my $name = 'vanished';
	$run->begin($name, { fault => 'not_found', @poll, retry_after_ms => 20 });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: it is given up");
	is(join(' ', $run->batches('state')), 'lost', "$name: as lost");
	cmp_ok($sim->stats->{routes}{'GET /v1/batches/{batch_id}'}{requests}, '>', 10, "$name: after more than one question");
	is($run->progress('chunks_failed = chunks'), 't', "$name: its chunks failed, and are not asked again by themselves");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE job_id = " . $run->job . " AND what = 'batch' AND reason ~ 'does not know' AND hint ~ 'retry'"), 1, "$name: errors says so, and what to do");
	is($node->kg(q{SELECT ok FROM kg_batch.health() WHERE name = 'batches'}), 'f', "$name: health as well");
	is($sim->stats->{direct}{answers}, 0, "$name: nor directly");
	is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 1, "$name: nor in another batch");
	$sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.retry(" . $run->job . ", graph => '$name')");
	$run->whole($name, repeated => $run->chunks, errors => 1, bill => 0);
	is($node->kg(q{SELECT ok FROM kg_batch.health() WHERE name = 'batches'}), 't', "$name: … until it is asked again");
}
# An outage before one 404 is no reason to give it up.
{
	my $name = 'an outage, then not found';
	$run->begin($name, { fault => 'unavailable', @poll, count => 12, retry_after_ms => 20 }, { fault => 'not_found', @poll, count => 3, retry_after_ms => 20 });
	$run->whole($name);
	created_once($name);
}
for my $status (qw(validating in_progress finalizing))
{
	my $name = "stuck: $status";
	$run->begin($name, { fault => 'stuck', status => $status }, { fault => 'internal_error', method => 'POST', path => '/cancel$', count => 2, retry_after_ms => 700 });
	my $seen = $status eq 'finalizing' ? 'finalizing' : $status;
	ok($node->wait_until(sub { join(' ', $run->batches('remote_status')) eq $seen }), "$name: it is");
	$node->kg('UPDATE kg_batch_internal.batch SET deadline = clock_timestamp() WHERE ended_at IS NULL');
	$run->whole($name);
	my $stats = $sim->stats;
	created_once($name);
	is($stats->{routes}{'POST /v1/batches/{batch_id}/cancel'}{requests}, 3, "$name: cancelled, as often as it failed and once more");
	my @entries = @{ $sim->request('GET', '/_sim/journal?limit=1000000')->{entries} };
	my ($cancelled) = map { $_->{seq} } grep { $_->{path} =~ /cancel$/ && $_->{status} == 200 } @entries;
	my @early = grep { $_->{path} =~ /chat/ && $_->{stage} eq 'kg_extract' && $_->{seq} < $cancelled } @entries;
	is(scalar @early, 0, "$name: nothing was asked directly while it might still run");
}

# ---- it ends early ----

for my $fault (qw(expires cancelled))
{
	my $name = "ends early: $fault";
	$run->begin($name, { fault => $fault, done => 0.4, count => 1 });
	$run->whole($name);
	my ($first, $second) = $run->batches('requests, answered');
	my ($requests, $answered) = split /\|/, $first;
	cmp_ok($answered, '>', 0, "$name: what it had answered stays");
	is($second, join('|', ($requests - $answered) x 2), "$name: the second one has just the rest");
}

# ---- it does not pass validation ----

{
	my $name = 'refused: two lines';
	$run->begin($name, { fault => 'validation_fails', count => 1, errors => [ map { { code => 'invalid_url', message => 'not this one', param => 'url', line => $_ } } 2, 3 ] });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	my ($entry) = grep { $_->{batch_id} } @{ $sim->request('GET', '/_sim/journal?limit=1000000&path=/v1/batches$')->{entries} };
	is($run->progress('chunks_failed'), 2, "$name: two chunks failed");
	is($run->progress('chunks_done + chunks_failed = chunks'), 't', "$name: all others are done");
	is(join(' ', $run->batches('requests')), join(' ', $run->chunks, $run->chunks - 2), "$name: they were sent again");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE job_id = " . $run->job . " AND what = 'chunk' AND reason ~ 'invalid_url: not this one'"), 2, "$name: errors has what was said");
	is($node->kg('SELECT string_agg(n::text, \' \' ORDER BY n) FROM (SELECT state, row_number() OVER (ORDER BY graph_id, request_id) AS n
			FROM kg_batch_internal.request WHERE job_id = ' . $run->job . " AND stage = 'kg_extract') r WHERE state = 'failed'"), '2 3', "$name: and they are the second and the third");
	is($sim->stats->{repeated_answers}, 0, "$name: nothing is paid twice");
}
# What was cancelled before the upload has no line, and moves the others up.
{
	my $name = 'refused: a line, after another was withdrawn';
	$run->begin($name, { fault => 'unavailable', method => 'POST', path => '^/v1/files$' }, { fault => 'validation_fails', count => 1, code => 'invalid_url', message => 'not this one', line => 2 });
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{'POST /v1/files'}{requests} }), "$name: it waits for its upload");
	my ($first) = split /\n/, $node->kg('SELECT request_id FROM kg_batch_internal.request WHERE job_id = ' . $run->job . " AND stage = 'kg_extract' ORDER BY request_id");
	$node->kg("UPDATE kg_batch_internal.request SET state = 'cancelled' WHERE request_id = $first AND job_id = " . $run->job);
	$sim->request('DELETE', '/_sim/faults');
	$sim->fault([ { fault => 'validation_fails', count => 1, code => 'invalid_url', message => 'not this one', line => 2 } ]);
	ok($node->wait_until('SELECT count(*) = 1 FROM kg_batch.errors WHERE job_id = ' . $run->job . " AND what = 'chunk'"), "$name: one chunk failed");
	is($node->kg('SELECT string_agg(n::text, \' \' ORDER BY n) FROM (SELECT state, row_number() OVER (ORDER BY graph_id, request_id) AS n
			FROM kg_batch_internal.request WHERE job_id = ' . $run->job . " AND stage = 'kg_extract') r WHERE state = 'failed'"), '3', "$name: that whose line was the second");
	$node->kg("UPDATE kg_batch_internal.request SET state = 'planned' WHERE request_id = $first AND job_id = " . $run->job . ';'
			. 'INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id) SELECT graph_id, 2, 4, input_tokens, request_id, job_id '
			. "FROM kg_batch_internal.request WHERE request_id = $first AND job_id = " . $run->job);
	ok($node->wait_for_job($run->job, 'done', 120), "$name: all others are done");
	is($run->progress('chunks_failed'), 1, "$name: and no other failed");
}
{
	my $name = 'refused: no line named';
	$run->begin($name, { fault => 'validation_fails', count => 1, code => 'invalid_request' });
	ok($node->wait_for_job($run->job, 'done', 120), "$name: done");
	is($run->progress('chunks_failed = chunks'), 't', "$name: all failed");
	$node->kg("SELECT kg_batch.retry(" . $run->job . ", graph => '$name')");
	$run->whole($name, errors => 1);
}

# ---- what only a person can mend ----

for my $case ([ 'file', 'unauthorized', 'invalid_api_key' ], [ 'file', 'forbidden', 'HTTP 403' ], [ 'file', 'insufficient_quota', 'insufficient_quota' ],
	[ 'batches', 'spend_limit', 'organization_spend_limit_exceeded' ], [ 'batches', 'unauthorized', 'invalid_api_key' ],
	[ 'validation', 'validation_fails', 'billing_hard_limit_reached' ])
{
	my ($where, $fault, $why) = @$case;
	my $name = "a person: $fault at the $where";
	my $listener = $node->background_psql('kg', on_error_stop => 1);
	$listener->query_safe('LISTEN kg_batch');
	$run->begin($name, $where eq 'validation' ? { fault => $fault, code => $why } : { fault => $fault, method => 'POST', path => $where eq 'file' ? '^/v1/files$' : '^/v1/batches$' });
	ok($node->wait_for_job($run->job, 'paused'), "$name: the job pauses");
	like($run->progress('reason'), qr/\Q$why\E/, "$name: and says why");
	ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch_internal.batch WHERE ended_at IS NULL'), "$name: no batch stays open");
	is(KgBatch::DemoRun::told($listener, 'paused'), 1, "$name: one NOTIFY");
	is($node->kg('SELECT count(*) FROM kg_batch_internal.request WHERE bad_answers > 0 AND job_id = ' . $run->job), 0, "$name: no attempt is used up");
	my $sent = $sim->stats->{routes}{'POST /v1/batches'}{requests} // 0;
	$sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.resume(" . $run->job . ", graph => '$name')");
	$run->whole($name, errors => 1);
	is($sim->stats->{routes}{'POST /v1/batches'}{requests} - $sent, 1, "$name: one batch after that");
}

$node->stop('fast');
done_testing();

sub unclear_hint { return $node->kg('SELECT hint FROM kg_batch.errors WHERE what = \'batch\' AND job_id = ' . $run->job); }

# What a person sees, who has to decide.
sub is_told
{
	my ($name) = @_;
	my $job = $run->job;
	is($node->kg("SELECT state, error FROM kg_batch.batches WHERE $job = ANY (job_ids)"), 'unclear|it is not known whether the batch was created; it was not found', "$name: batches has it");
	is($node->kg("SELECT reason, at IS NOT NULL FROM kg_batch.errors WHERE what = 'batch' AND job_id = $job"), 'it is not known whether the batch was created; it was not found|t', "$name: errors too");
	like(unclear_hint(), qr/resume\('read', graph => '\Q$name\E'\).*retry\('read', graph => '\Q$name\E'\)/, "$name: … and what to do");
	like($node->kg(q{SELECT ok, detail, hint FROM kg_batch.health() WHERE name = 'batches'}), qr/^f\|not known whether the API took.*\|.*kg_batch\.errors/, "$name: health says so");
	is($node->kg("SELECT state FROM kg_batch.progress WHERE job_id = $job"), 'running', "$name: the job is not done");
	return;
}

sub remote { return scalar @{ $sim->request('GET', '/v1/batches?limit=100')->{data} }; }

sub created_once
{
	my ($name) = @_;
	is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 1, "$name: it was created once");
	is(remote(), 1, "$name: and there is one");
	return;
}
