# No wake-up is lost. The coordinator leaves as soon as nothing is to do, and
# whatever was enqueued meanwhile is taken up by itself: committed, or prepared and
# committed later, by many at once, with the library preloaded and without, and
# after a crash. Nothing here waits for a second enqueue to come along: a
# conversation that only the next one would bring to life hangs the test.
#
#   KG_BATCH_WAKE_SECONDS   how long the clients go on in sum (60), half of it on
#                           each of two servers at once

use strict;
use warnings;

use IPC::Run;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = ($ENV{KG_BATCH_WAKE_SECONDS} // 60) / 2;

sub make_node
{
	my ($name, $preload) = @_;
	my $node = KgBatch::Cluster->with_stand_in($name,
		preload => $preload,
		settings => {
			'max_prepared_transactions' => 20,
			'restart_after_crash' => 'on',
			'kg_batch.use_batch_api' => 'off',
			'kg_batch.num_pipelines' => 2,
			'kg_batch.budget_per_day' => 1000 });
	# Who enqueued something leaves a note of it in the same transaction.
	$node->kg('CREATE TABLE enqueued (key text)');
	return $node;
}

# The statements that enqueue a conversation and note it; said is what no other says.
sub enqueuing
{
	my ($key) = @_;
	return qq{INSERT INTO enqueued VALUES ('$key');
SELECT kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Alice', 'content', 'I adopted a cat called Tom $key.')), key => '$key', final => true);
};
}

my $undone = q{FROM enqueued e WHERE NOT EXISTS (SELECT FROM kg_batch_internal.conversation c JOIN kg_batch_internal.chunk k
  USING (graph_id, conversation_id) WHERE c.key = e.key AND k.state = 'done')};
my $all_done = "SELECT count(*) = 0 $undone";
my $left = q{SELECT count(*) FROM kg_batch_internal.worker WHERE kind = 'coordinator' AND ended_at IS NOT NULL};
my $nobody = q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'kg_batch coordinator'};
my $somebody = q{SELECT count(*) = 1 FROM kg_batch_internal.live_workers() WHERE kind = 'coordinator'};

# One after the other: each has to be done before the next one is made, now when the
# coordinator has left, now at whatever moment of its leaving that is.
sub one_by_one
{
	my ($node, $how) = @_;
	my $before = $node->kg($left);
	for my $n (1 .. 17)
	{
		my $work = enqueuing("$how single $n") . "SELECT pg_sleep(random() * 0.025 + 0.005);\n";
		my $end = $n % 5 == 3 ? 'ROLLBACK' : $n % 5 == 4 ? "PREPARE TRANSACTION 'single'; COMMIT PREPARED 'single'" : 'COMMIT';
		$node->kg("BEGIN; $work $end");
		next if $n % 5 == 3;
		if (!$node->wait_until($all_done)) { fail("$how, one by one: conversation $n is taken up by itself"); return; }
		if ($n % 2 && !$node->wait_until($nobody)) { fail("$how, one by one: the coordinator leaves after conversation $n"); return; }
	}
	is($node->kg(q{SELECT count(*) FROM enqueued WHERE key LIKE '%single%'}), '14', "$how, one by one: each was done before the next was made");
	# After each odd one that was committed, that is.
	cmp_ok($node->kg($left) - $before, '>=', 7, '… and the coordinator left again and again');
	return;
}

# A transaction that is open or prepared keeps the coordinator there, which it has
# called while it ran.
sub held_open
{
	my ($node, $how) = @_;
	for my $end ('COMMIT', 'ROLLBACK', 'PREPARE')
	{
		my $before = $node->kg($left);
		my $work = "BEGIN;\n" . enqueuing("$how held $end");
		my ($in, $out) = ('', '');
		my $client = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($KgBatch::Cluster::database) ], '<', \$in, '>', \$out, '2>&1', IPC::Run::timeout(120));
		$in .= "$work\\echo enqueued\n";
		$client->pump until $out =~ /enqueued/;
		ok($node->wait_until($somebody), "$how: enqueue calls the coordinator while its transaction is open");
		$in .= $end eq 'PREPARE' ? "PREPARE TRANSACTION 'held';\n\\q\n" : "$end;\n\\q\n";
		$client->finish;
		if ($end eq 'PREPARE')
		{
			is($node->kg($left), $before, '… which stays while it is prepared');
			$node->kg(q{COMMIT PREPARED 'held'});
		}
		ok($node->wait_until($end eq 'ROLLBACK' ? $nobody : $all_done), $end eq 'ROLLBACK'
			? '… and leaves after a rollback' : '… and takes up what was committed' . ($end eq 'PREPARE' ? ' in two phases' : ''));
	}
	return;
}

# What a rollback to a savepoint takes back, the lock of the work before it included,
# says nothing of the work after it.
sub rolled_back_in_part
{
	my ($node, $how) = @_;
	my ($in, $out) = ('', '');
	my $client = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($KgBatch::Cluster::database) ], '<', \$in, '>', \$out, '2>&1', IPC::Run::timeout(120));
	$in .= "BEGIN;\nSAVEPOINT before;\n" . enqueuing("$how taken back") . "ROLLBACK TO before;\n" . enqueuing("$how kept") . "\\echo enqueued\n";
	$client->pump until $out =~ /enqueued/;
	ok($node->wait_until($somebody), "$how: a transaction that was rolled back in part has its coordinator");
	is($node->kg(q{SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 11 AND mode = 'ShareLock' AND granted}), '1',
		'… and keeps it there');
	$in .= "COMMIT;\n\\q\n";
	$client->finish;
	ok($node->wait_until($all_done), '… which takes up what was committed');
	return;
}

# Many at once: 60 % commit, 20 % roll back, 20 % commit in two phases, with pauses
# in which the coordinator may find nothing and leave.
sub clients_of
{
	my ($node, $how) = @_;
	my $n = "$how :client_id :n";
	my $begin = "\\set n random(1, 1000000000)\n\\set us random(5000, 30000)\n\\set pause random(1, 3000)\nBEGIN;\n" . enqueuing($n) . "\\sleep :us us\n";
	my %ends = (
		'commit@6' => "COMMIT;\n",
		'rollback@2' => "ROLLBACK;\n",
		'two_phase@2' => "PREPARE TRANSACTION 'p :client_id :n';\nCOMMIT PREPARED 'p :client_id :n';\n");
	my @files;
	for my $end (sort keys %ends)
	{
		my ($file, $weight) = split /@/, $end;
		my $path = $node->basedir . "/$file.sql";
		append_to_file($path, "$begin$ends{$end}\\sleep :pause ms\n");
		push @files, '-f', "$path\@$weight";
	}
	return [ 'pgbench', '-n', '-c', 3, '-T', $seconds, @files, $node->connstr($KgBatch::Cluster::database) ];
}

# On all servers at once: they pause for most of the time.
sub many_at_once
{
	my (@servers) = @_;
	for my $server (@servers)
	{
		$server->{bench} = clients_of(@$server{qw(node how)});
		$server->{before} = $server->{node}->kg($left);
	}
	for (1 .. 4)
	{
		my @going = grep { !$_->{met} } @servers;
		for my $server (@going)
		{
			$server->{said} = '';
			$server->{run} = IPC::Run::start($server->{bench}, '>', \$server->{said}, '2>&1');
		}
		for my $server (@going)
		{
			$server->{failed} = $server->{said} if !$server->{run}->finish;
			$server->{met} = $server->{failed} || $server->{node}->kg($left) - $server->{before} >= 3;
		}
	}
	for my $server (@servers)
	{
		my ($node, $how) = @$server{qw(node how)};
		if ($server->{failed}) { fail("$how: the clients get through"); diag($server->{failed}); next; }
		ok($server->{met}, "$how, many at once: the coordinator left in between") or diag($node->kg($left) - $server->{before});
		ok($node->wait_until($all_done, 120), '… and all that was committed is done, without another call');
		my ($made, $kept) = split /\|/, $node->kg('SELECT (SELECT count(*) FROM enqueued), (SELECT count(*) FROM kg_batch_internal.conversation)');
		is($kept, $made, '… and nothing else');
		note("$how: $made conversations, the coordinator left ", $node->kg($left) - $server->{before}, ' times');
		ok($node->wait_until($nobody), '… and then the coordinator leaves');
	}
	return;
}

# The work that a crash interrupts: requests that are out and wait.
sub interrupted
{
	my ($node, $how, $crash) = @_;
	$node->sim->configure(latency_ms => 3_600_000);
	my $out = $node->sim->stats->{in_flight};
	$node->kg(enqueuing("$how crash $_")) for 1 .. 3;
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} == $out + 3 }), "$how: three requests are out");
	$node->sim->configure(latency_ms => 0);
	$crash->();
	return;
}

sub kill_a_pipeline
{
	my ($node) = @_;
	my ($pid) = $node->worker_pids('pipeline');
	my $log = -s $node->logfile;
	kill 'KILL', $pid;
	ok($node->wait_until(sub { slurp_file($node->logfile, $log) =~ /database system is ready to accept connections/ }), '… the server starts again');
	return;
}

my @servers = map { { preload => $_, how => $_ ? 'preloaded' : 'not preloaded', node => make_node($_ ? 'preloaded' : 'loaded', $_) } } (1, 0);

for my $server (@servers)
{
	my ($node, $how) = @$server{qw(node how)};
	one_by_one($node, $how);
	held_open($node, $how);
	rolled_back_in_part($node, $how);
}

many_at_once(@servers);

for my $server (@servers)
{
	my ($node, $how, $preload) = @$server{qw(node how preload)};
	interrupted($node, "$how, killed", sub { kill_a_pipeline($node); });
	ok($node->wait_until($all_done, 120), '… and goes on by itself');

	interrupted($node, "$how, stopped at once", sub { $node->stop('immediate'); $node->start; });
	$node->kg('SELECT kg_batch.start()') if !$preload;
	ok($node->wait_until($all_done, 120), $preload ? '… and goes on by itself' : '… and the first call takes up what was there');
	is($node->kg(q{SELECT count(*) FROM kg_batch_internal.answer WHERE outcome = 'lost'}), '6', '… with what was in flight shown as lost');
	$node->stop('fast');
}

done_testing();
