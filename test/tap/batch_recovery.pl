# What can go wrong with a batch costs no answer and none twice: an upload that the
# API took and did not confirm leaves one file; a create that the API took and
# answered with an error makes exactly one batch; one that expires
# keeps what it finished, and the rest is asked again; one for which there is no
# room is tried again later.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('batch_recovery', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms',
		'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
my @conversations = map { JSON::PP->new->utf8->decode(slurp_file($_)) } sort glob 'demo/conversations/*.json';
my $job;

{
	begin('undisturbed');
	all_of_it('undisturbed');
	is(creates(), 1, 'undisturbed: one batch');
}

# The upload is done and its answer lost: the file is found by its name, with a
# hundred newer ones before it in the list, and taken.
for my $fault ({ fault => 'accepted_but_500' }, { fault => 'drop_after_read', accepted => JSON::PP::true }, { fault => 'reset_in_body' })
{
	my $name = "upload: $fault->{fault}";
	begin_with_lost_upload($name, $fault);
	my @uploaded = our_files();
	is(scalar(@uploaded), 1, "$name: it is there");
	$sim->upload("other $_.jsonl", qq({"line":$_}\n)) for 1 .. 101;
	$sim->request('DELETE', '/_sim/faults');
	one_file_one_batch($name);
	is((our_files())[0]{id}, $uploaded[0]{id}, "$name: the file that was there");
	is($sim->stats->{routes}{'POST /v1/files'}{requests}, 102, "$name: which was uploaded once");
	answer_it($name);
}

# Who waited for the answer is gone as well.
{
	my $name = 'upload: nobody waits for it';
	begin_with_lost_upload($name, { fault => 'hang', accepted => JSON::PP::true });
	my ($uploaded) = our_files();
	is($node->kg(q{SELECT pg_terminate_backend(pid, 60000) FROM kg_batch_internal.live_workers() WHERE kind = 'batch manager'}), 't', "$name: the batch manager ends");
	$sim->request('DELETE', '/_sim/faults');
	one_file_one_batch($name);
	is((our_files())[0]{id}, $uploaded->{id}, "$name: the file that was there");
	answer_it($name);
}

# It broke off: what is there is not what was sent.
{
	my $name = 'upload: half a file';
	begin_with_lost_upload($name, { fault => 'reset_before_response' });
	is(scalar(our_files()), 0, "$name: it is not there");
	$sim->upload(our_filename(), qq({"half":"a file"}\n));
	my ($half) = our_files();
	$sim->request('DELETE', '/_sim/faults');
	one_file_one_batch($name);
	isnt((our_files())[0]{id}, $half->{id}, "$name: another one");
	answer_it($name);
}

# Nothing came of it.
{
	my $name = 'upload: never arrived';
	begin_with_lost_upload($name, { fault => 'reset_before_response' });
	$sim->request('DELETE', '/_sim/faults');
	one_file_one_batch($name);
	is($sim->stats->{routes}{'POST /v1/files'}{requests}, 2, "$name: it is uploaded again");
	cmp_ok($sim->stats->{routes}{'GET /v1/files'}{requests}, '>=', 2, "$name: after more than one look");
	answer_it($name);
}

# The create is done and its answer lost: the batch is found by listing.
for my $fault ({ fault => 'accepted_but_500' }, { fault => 'drop_after_read', accepted => JSON::PP::true })
{
	my $name = "create: $fault->{fault}";
	begin($name, { %$fault, method => 'POST', path => '^/v1/batches$', count => 1 });
	all_of_it($name);
	is(creates(), 1, "$name: the create was sent once");
	is(batches(), 1, "$name: there is one batch");
	cmp_ok($sim->stats->{routes}{'GET /v1/batches'}{requests} // 0, '>', 0, "$name: it was looked for");
	is($node->kg("SELECT string_agg(remote_id, ' ') FROM kg_batch.batches b
			WHERE EXISTS (SELECT FROM kg_batch_internal.batch_job j WHERE j.batch_id = b.batch_id AND j.job_id = $job)"),
		$sim->request('GET', '/v1/batches?limit=1')->{data}[0]{id}, "$name: and it is ours");
}

# A create that was clearly not done is sent again, for the same file.
{
	my $name = 'create: rate limited';
	begin($name, { fault => 'rate_limited', retry_after_ms => 100, method => 'POST', path => '^/v1/batches$', count => 1 });
	all_of_it($name);
	is(creates(), 2, "$name: it is sent again");
	is(batches(), 1, "$name: and there is one batch");
	is($sim->stats->{routes}{'POST /v1/files'}{requests}, 1, "$name: of the file that is there");
}

# After 25 of 40 hours it expires: what it finished stays, the rest goes into another one.
{
	my $name = 'expired';
	$sim->configure(batch_turnaround_s => 40 * 3600);
	begin($name);
	ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted'"), "$name: it is out");
	my $chunks = $node->kg("SELECT chunks FROM kg_batch.progress WHERE job_id = $job");
	$sim->configure(batch_turnaround_s => 1);
	$sim->advance(25 * 3600);
	all_of_it($name);
	my ($first, $second, $more) = split /\n/, $node->kg("SELECT requests, answered, remote_status, state FROM kg_batch.batches b
		WHERE EXISTS (SELECT FROM kg_batch_internal.batch_job j WHERE j.batch_id = b.batch_id AND j.job_id = $job) ORDER BY batch_id");
	my ($requests, $answered, $status) = split /\|/, $first;
	is($status, 'expired', "$name: the first batch expired");
	is($requests, $chunks, "$name: with all of it");
	cmp_ok($answered, '>', 0, "$name: it had finished some");
	cmp_ok($answered, '<', $requests, "$name: and not all");
	my $left = $requests - $answered;
	is($second, "$left|$left|completed|done", "$name: the second one had just the rest");
	is($more, undef, "$name: that was all");
}

# No room at the API for a batch of this size; then there is.
{
	my $name = 'no room';
	$sim->configure(enqueued_tokens => { 'gpt-6-luna' => 1000 });
	begin($name);
	ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'failed' AND error ~ 'token_limit_exceeded'"), "$name: the batch failed");
	is($node->kg("SELECT chunks_failed FROM kg_batch.progress WHERE job_id = $job"), 0, "$name: but no chunk did");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE job_id = $job AND what = 'batch' AND hint ~ 'by themselves'"), 1, "$name: errors has it, and nothing to do");
	$sim->configure(enqueued_tokens => {});
	all_of_it($name, errors => 1);
	is(batches(), 2, "$name: it was tried again");
}

$node->stop('fast');
done_testing();

sub creates { return $sim->stats->{routes}{'POST /v1/batches'}{requests}; }
sub batches { return scalar @{ $sim->request('GET', '/v1/batches?limit=100')->{data} }; }

sub begin
{
	my ($graph, @faults) = @_;
	$sim->request('POST', '/_sim/reset');
	$sim->fault(\@faults) if @faults;
	my @sql = ("SELECT kg_batch.create_graph('$graph')", "SELECT kg_batch.create_job('read', graph => '$graph')");
	for my $conversation (@conversations)
	{
		my $messages = JSON::PP->new->ascii->encode($conversation->{messages});
		push @sql, "SELECT kg_batch.enqueue(\$json\$$messages\$json\$::jsonb, key => '$conversation->{key}', job => 'read', final => true, graph => '$graph')";
	}
	$job = (split /\n/, $node->kg(join ';', 'BEGIN', @sql, 'COMMIT'))[-1];
	return;
}

# A batch whose upload goes wrong, at the moment at which it is looked for and the
# list cannot be had yet. The API takes an hour for what it is given.
sub begin_with_lost_upload
{
	my ($name, $fault) = @_;
	$sim->configure(batch_turnaround_s => 3600);
	begin($name, { %$fault, method => 'POST', path => '^/v1/files$', count => 1 }, { fault => 'unavailable', method => 'GET', path => '^/v1/files$' });
	my $reached = $fault->{fault} eq 'hang' ? 'POST /v1/files' : 'GET /v1/files';
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{$reached}{requests} }), "$name: it is lost");
	ok($node->wait_until('SELECT count(*) = 1 FROM kg_batch.batches WHERE batch_id = (SELECT max(batch_id) FROM kg_batch.batches)'
			. q{ AND state = 'uploading'}), "$name: the batch is at its upload");
	return;
}

sub our_filename { return 'kg-' . $node->kg('SELECT token FROM kg_batch_internal.batch ORDER BY batch_id DESC LIMIT 1') . '.jsonl'; }

# One by one, for the list may be what is out of order.
sub our_files
{
	my $ours = our_filename();
	my @uploaded = grep { defined } map { $_->{file_id} } @{ $sim->request('GET', '/_sim/journal?limit=1000000&path=/v1/files$')->{entries} };
	return grep { $_->{filename} eq $ours } map { eval { $sim->request('GET', "/v1/files/$_") } // () } @uploaded;
}

sub one_file_one_batch
{
	my ($name) = @_;
	ok($node->wait_until(q{SELECT state = 'submitted' FROM kg_batch.batches ORDER BY batch_id DESC LIMIT 1}), "$name: the batch is out");
	ok($node->wait_until(sub { our_files() == 1 }), "$name: there is one file of its name");
	is(batches(), 1, "$name: and one batch");
	is($sim->request('GET', '/v1/batches?limit=1')->{data}[0]{input_file_id}, (our_files())[0]{id}, "$name: of this file");
	return;
}

sub answer_it
{
	my ($name) = @_;
	$sim->configure(batch_turnaround_s => 1);
	$sim->advance(3600);
	all_of_it($name);
	ok($node->wait_until(sub { our_files() == 0 }), "$name: no file of its name stays behind");
	return;
}

# Nothing lost, nothing paid twice, and the graph is that of the undisturbed run.
sub all_of_it
{
	my ($name, %expect) = @_;
	ok($node->wait_for_job($job, 'done', 120), "$name: done");
	is($node->kg("SELECT chunks_done = chunks AND chunks > 0 FROM kg_batch.progress WHERE job_id = $job"), 't', "$name: every chunk is done");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE job_id = $job"), $expect{errors} // 0, "$name: no more errors than there were");
	is($node->kg("SELECT kg_batch.graph_digest('$name') = kg_batch.graph_digest('undisturbed')"), 't', "$name: the same graph");
	my $stats = $sim->stats;
	is($stats->{repeated_answers}, 0, "$name: no question was answered twice");
	is($stats->{direct}{answers}, $sim->about_graph('answers'), "$name: none about a chunk went directly");
	cmp_ok(abs($stats->{all}{usd} - $node->kg("SELECT cost FROM kg_batch.progress WHERE job_id = $job")), '<', 1e-9, "$name: the ledger is the bill");
	return;
}
