# One-sentence conversations by batch, through the stand-in: what the batch manager
# does with them, alone, measured from outside fifty times a second at most.
#
#   my $reading = Bench::Batches::read_one($option)    { seconds, megabytes, memory_mb } of result files
#   my $writing = Bench::Batches::write_one($option)   { seconds, upload_seconds, megabytes, memory_mb } of files to send
#
# Batches that are ready stay out until the stand-in's clock is put on, and pipelines
# are sent away before: what is read is stored and waits. Answers are all the same,
# as long as the option `bytes` says.
package Bench::Batches;

use strict;
use warnings;

use Bench::Sandbox;
use JSON::PP ();
use List::Util qw(max);
use Time::HiRes qw(sleep time);

my $turnaround_s = 50_000;    # less than the day in which a batch expires

sub server_with
{
	my ($option, %settings) = @_;
	my $text = 'It is told again and again that nobody has seen what this was. ' x int($option->{bytes} / 64);
	my $answer = { facts => [ { id => 1, text => $text, modality => 'asserted', negated => JSON::PP::false(), evidence => [ { sentence => 1, quote => 'I told' } ] } ],
		things => [], statements => [] };
	return Bench::Sandbox->new(built => $option->{built}, gold => JSON::PP->new->encode({ answers => [], default => { kg_extract => $answer } }),
		sim => "--mode oracle --batch-turnaround-s $turnaround_s",
		settings => { 'kg_batch.batch_enqueued_tokens' => 0, 'kg_batch.batch_poll_interval' => '100ms', 'kg_batch.num_pipelines' => 2, %settings });
}

sub hand_in
{
	my ($server, $count) = @_;
	$server->sql(<<"END");
SELECT kg_batch.create_graph('many'); SELECT kg_batch.create_job('read', '{"batch_min_requests": 1, "batch_timeout": "7d"}', graph => 'many');
SELECT kg_batch.enqueue_query('SELECT n AS conversation, ''Anna'' AS speaker, ''I told number '' || n || '' that the house was sold.'' AS content
	FROM generate_series(1, $count) n', job => 'read', graph => 'many')
END
	return;
}

# While the condition does not hold, looks at states of batches and memory of the manager.
sub watch
{
	my ($server, $until, $on_look) = @_;
	while (1)
	{
		my @batches = $server->sql('SELECT batch_id, state, coalesce(bytes, 0) FROM kg_batch_internal.batch ORDER BY batch_id');
		$on_look->(time, @batches);
		return if $until->(@batches);
		sleep 0.02;
	}
}

sub read_one
{
	my ($option) = @_;
	my $server = server_with($option);
	hand_in($server, $option->{answers});
	$server->wait_until($Bench::Sandbox::everything_is_out);
	# Only coordinator and batch manager have room.
	$server->sql('ALTER SYSTEM SET kg_batch.max_workers = 2; SELECT pg_reload_conf();');
	$server->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%pipeline%'});
	$server->wait_until(q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%pipeline%')});
	my ($manager) = $server->worker_pids('batch');
	my $idle = Bench::Sandbox::memory_mb($manager);
	# Only while one is read: each is asked about when its time comes, one after the other.
	my ($seconds, $memory, $last) = (0, 0, time);
	$server->sim('POST', '/_sim/clock', { advance_s => $turnaround_s });
	watch($server, sub { !grep { $_->[1] !~ /^(?:done|failed|lost)$/ } @_ }, sub {
		my ($now, @batches) = @_;
		$seconds += $now - $last if grep { $_->[1] !~ /^(?:submitted|done)$/ } @batches;
		$memory = max($memory, Bench::Sandbox::memory_mb($manager));
		$last = $now;
	});
	my ($answers, $bytes) = @{ ($server->sql(q{SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM kg_batch_internal.answer WHERE outcome = 'answered'}))[0] };
	die "$answers of $option->{answers} answers were stored\n" if $answers != $option->{answers};
	# Around the answer a line has what the API says of it.
	return { seconds => max(0.02, $seconds), megabytes => ($bytes + $answers * 700) / 1e6, memory_mb => $memory - $idle };
}

sub write_one
{
	my ($option) = @_;
	# All of it is ready before the first batch is made.
	my $server = server_with({ %$option, bytes => 64 }, 'kg_batch.batch_linger' => '3s');
	hand_in($server, 1);
	$server->wait_until($Bench::Sandbox::everything_is_out);
	my ($manager) = $server->worker_pids('batch');
	my $idle = Bench::Sandbox::memory_mb($manager);
	$server->sql(q{SELECT kg_batch.create_job('more', '{"batch_min_requests": 1, "batch_timeout": "7d"}', graph => 'many');
		SELECT kg_batch.enqueue_query('SELECT ''more '' || n AS conversation, ''Anna'' AS speaker, ''I told number '' || n || '' that the garden was sold.'' AS content
			FROM generate_series(1, } . $option->{requests} . q{) n', job => 'more', graph => 'many')});
	my ($writing, $uploading, $memory) = (0, 0, 0);
	my $last = time;
	watch($server, sub { @_ > 1 && !grep { $_->[1] ne 'submitted' } @_ and $server->value($Bench::Sandbox::everything_is_out) eq 't' }, sub {
		my ($now, @batches) = @_;
		# One after the other is written; while one is, none of the others is sent.
		if (grep { $_->[1] eq 'planned' } @batches) { $writing += $now - $last }
		elsif (grep { $_->[1] eq 'uploading' } @batches) { $uploading += $now - $last }
		$memory = max($memory, Bench::Sandbox::memory_mb($manager));
		$last = $now;
	});
	my $bytes = $server->value('SELECT sum(bytes) FROM kg_batch_internal.batch WHERE batch_id > 1');
	return { seconds => max(0.02, $writing), upload_seconds => max(0.02, $uploading), megabytes => $bytes / 1e6, memory_mb => $memory - $idle };
}

1;
