# What is sent to the API for a batch, and when: files that it takes, whose lines are
# known again, within its limits and of one model; polls and cancels as few as needed.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('batch_wire', sim => [ '--batch-turnaround-s', 0.3 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '100ms',
		'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
my $run = KgBatch::DemoRun->new($node);

{
	my $name = 'the file';
	$sim->configure(batch_turnaround_s => 3600);
	$run->begin($name);
	ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted'}), "$name: it is out");
	my $batch = $sim->request('GET', '/v1/batches?limit=1')->{data}[0];
	my $content = $sim->{http}->get($sim->url . "/v1/files/$batch->{input_file_id}/content", { headers => { authorization => 'Bearer x' } })->{content};
	like($content, qr/\n\z/, "$name: ends with its last line");
	unlike($content, qr/[\x00-\x09\x0b-\x1f\x7f]/, "$name: no control character but the ends of lines");
	my @lines = map { JSON::PP->new->utf8->decode($_) } split /\n/, $content;
	is(scalar @lines, $run->chunks, "$name: a line a question");
	my %ids = map { $_->{custom_id} => 1 } @lines;
	is(scalar keys %ids, scalar @lines, "$name: no id twice");
	is(scalar(grep { !/^[0-9a-f]{64}$/ } keys %ids), 0, "$name: ids of 64 characters that hold nothing of the data");
	is(join(' ', map { "$_->{method} $_->{url} $_->{body}{model}" } @lines), join(' ', ("POST /v1/chat/completions gpt-6-luna") x @lines), "$name: one method, one address, one model");
	my $file = $sim->request('GET', "/v1/files/$batch->{input_file_id}");
	is($file->{expires_at} - $file->{created_at}, 30 * 86_400, "$name: it does not stay for ever");
	my ($entry) = grep { $_->{method} eq 'POST' } @{ $sim->request('GET', '/_sim/journal?limit=1000000&path=/v1/files$')->{entries} };
	is($entry->{status}, 200, "$name: uploaded at once");

	# A person cancels: the API is told once, what it answered meanwhile is in the ledger.
	$sim->advance(2000);
	ok($node->wait_until(sub { $sim->request('GET', "/v1/batches/$batch->{id}")->{request_counts}{completed} > 0 }), 'cancelled by a person: it has answered some');
	$node->kg("SELECT kg_batch.cancel(" . $run->job . ", graph => '$name')");
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{'POST /v1/batches/{batch_id}/cancel'}{requests} }), 'cancelled by a person: the API hears of it');
	$sim->advance(1000);
	ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch_internal.batch WHERE ended_at IS NULL'), 'cancelled by a person: the batch is read to its end');
	is($sim->stats->{routes}{'POST /v1/batches/{batch_id}/cancel'}{requests}, 1, 'cancelled by a person: the API was told once');
	is($run->progress('state'), 'cancelled', 'cancelled by a person: the job is cancelled');
	is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 1, 'cancelled by a person: and nothing is asked again');
	is($sim->stats->{direct}{answers}, 0, 'cancelled by a person: nor directly');
	$sim->configure(batch_turnaround_s => 0.3);
}

# Its time is over at the moment at which it is done: the API does not cancel it any more, and it is read.
{
	my $name = 'too late to cancel';
	$run->begin($name, { fault => 'unavailable', method => 'GET', path => '^/v1/batches/', retry_after_ms => 100 });
	ok($node->wait_until(sub { my ($one) = @{ $sim->request('GET', '/v1/batches?limit=1')->{data} }; $one && $one->{status} eq 'completed' }), "$name: it is done");
	$node->kg('UPDATE kg_batch_internal.batch SET deadline = clock_timestamp() WHERE ended_at IS NULL');
	ok($node->wait_for_stand_in(sub { $_[0]{routes}{'POST /v1/batches/{batch_id}/cancel'}{requests} }), "$name: a cancel is tried");
	$sim->request('DELETE', '/_sim/faults');
	$run->whole($name);
	is($sim->stats->{routes}{'POST /v1/batches/{batch_id}/cancel'}{requests}, 1, "$name: once");
}

# Asked to wait, it waits.
{
	my $name = 'polls: told to wait';
	$run->begin($name, { fault => 'rate_limited', method => 'GET', path => '^/v1/batches/', retry_after => 2, count => 2 });
	$run->whole($name);
	my @polls = grep { $_->{method} eq 'GET' } @{ $sim->request('GET', '/_sim/journal?limit=1000000&path=/v1/batches/')->{entries} };
	cmp_ok($polls[$_]{started_ms} - $polls[ $_ - 1 ]{started_ms}, '>=', 1900, "$name: poll $_ came after that") for 1, 2;
}

# The longer a batch takes, the less often it is asked about: the first three times sooner, then
# a twelfth later each time, give or take a tenth.
{
	my $name = 'polls: ever later';
	$node->kg(q{CREATE TABLE public.pause (polls int, ms float8); GRANT ALL ON public.pause TO PUBLIC;
		CREATE FUNCTION public.note_pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.pause
			VALUES (NEW.polls, 1000 * EXTRACT(epoch FROM NEW.next_poll_at OPERATOR(pg_catalog.-) NEW.polled_at)); RETURN NULL; END $$;
		CREATE TRIGGER note_pause AFTER UPDATE ON kg_batch_internal.batch FOR EACH ROW WHEN (NEW.polls > OLD.polls) EXECUTE FUNCTION public.note_pause()});
	$sim->configure(batch_turnaround_s => 3600);
	$run->begin($name);
	ok($node->wait_until('SELECT max(polls) >= 20 FROM public.pause'), "$name: it is asked about again and again");
	my %pause = map { split /\|/ } split /\n/, $node->kg('SELECT polls, ms FROM public.pause WHERE polls <= 20');
	is(join(' ', sort { $a <=> $b } keys %pause), join(' ', 1 .. 20), "$name: each time is noted");
	my %wanted = map { $_ => 100 * ($_ <= 3 ? $_ / 4 : (13 / 12)**($_ - 4)) } 1 .. 20;
	is(join(', ', map { "$_ after $pause{$_} ms, not $wanted{$_}" } grep { abs($pause{$_} - $wanted{$_}) > 0.11 * $wanted{$_} + 2 } 1 .. 20), '', "$name: the next one is due as long after as it should be");
	$node->kg('DROP TRIGGER note_pause ON kg_batch_internal.batch');
	$sim->advance(4000);
	$run->whole($name);
	$sim->configure(batch_turnaround_s => 0.3);
}

# Batches of a few requests, each within the limit, all at once; and no two models in one.
{
	my $name = 'limits';
	$node->safe_psql('postgres', 'ALTER SYSTEM SET kg_batch.batch_max_requests = 4');
	$node->reload;
	$run->begin($name);
	$run->whole($name);
	my @sizes = $run->batches('requests');
	is((sort { $b <=> $a } @sizes)[0], 4, "$name: none is larger");
	is(eval(join '+', @sizes), $run->chunks, "$name: each question is in one");
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET kg_batch.batch_max_requests');
	$node->reload;

	$sim->request('POST', '/_sim/reset');
	$node->kg(join ';', 'BEGIN', (map { my $model = $_; "SELECT kg_batch.create_graph('of $model')", "SELECT kg_batch.create_job('of $model', '{\"model\":\"$model\"}', graph => 'of $model')",
		map { "SELECT kg_batch.enqueue('[{\"speaker\":\"Anna\",\"content\":\"I adopted cat number $_.\"}]'::jsonb, job => 'of $model', final => true, graph => 'of $model')" } 1 .. 3 } 'gpt-6-luna', 'gpt-5.6-luna'), 'COMMIT');
	ok($node->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE job LIKE 'of %'"), "$name: two models: done");
	my @batches = map { $sim->request('GET', "/v1/batches/$_->{id}") } @{ $sim->request('GET', '/v1/batches?limit=100')->{data} };
	is(join(' ', sort map { "$_->{model} $_->{request_counts}{completed}" } @batches), 'gpt-5.6-luna 3 gpt-6-luna 3', "$name: a batch a model");
}

# Lines are built some hundreds at a time: each of a batch that is larger is in its file once.
{
	my ($name, $count) = ('a large file', 450);
	$sim->request('POST', '/_sim/reset');
	$sim->configure(batch_turnaround_s => 3600);
	# As long as more come within that time, they go together.
	$node->safe_psql('postgres', q{ALTER SYSTEM SET kg_batch.batch_linger = '5s'});
	$node->reload;
	$node->kg(q{SELECT kg_batch.create_graph('large'); SELECT kg_batch.create_job('large', graph => 'large')});
	$node->kg(qq{SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I adopted cat number '' || n || ''.'' AS content FROM generate_series(1, $count) n',
		job => 'large', graph => 'large', final => true)});
	ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted' AND requests = $count"), "$name: one batch is out") or $node->describe_work;
	my $batch = $sim->request('GET', '/v1/batches?limit=1')->{data}[0];
	my $content = $sim->{http}->get($sim->url . "/v1/files/$batch->{input_file_id}/content", { headers => { authorization => 'Bearer x' } })->{content};
	my @ids = sort map { JSON::PP->new->utf8->decode($_)->{custom_id} } split /\n/, $content;
	my @asked = sort split /\n/, $node->kg(q{SELECT encode(r.input_hash, 'hex') FROM kg_batch_internal.request r JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = 'large'});
	is(scalar @asked, $count, "$name: each is asked");
	is_deeply(\@ids, \@asked, "$name: on a line of its own");
}

$node->stop('fast');
done_testing();
