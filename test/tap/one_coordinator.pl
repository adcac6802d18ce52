# Without shared_preload_libraries whoever makes work registers the coordinator, and
# many who come at once register one: it takes one slot, and nobody is warned of
# slots that another client's coordinator, or one that is just leaving, has in use.
# The server has three slots for it, as many as it needs.

use strict;
use warnings;

use IPC::Run;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('one_coordinator',
	preload => 0,
	slots => 4,    # one is logical replication's
	settings => {
		'log_min_messages' => 'debug1',
		'kg_batch.use_batch_api' => 'off',
		'kg_batch.budget_per_day' => 1000 });

my $all_done = q{SELECT count(*) = 0 FROM kg_batch.progress WHERE state <> 'done'};
my $nobody = q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%'};

sub enqueuing
{
	my ($key, $graph) = @_;
	$graph //= 'default';
	return qq{SELECT kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Alice', 'content', 'I adopted a cat called Tom $key.')), key => '$key', final => true, graph => '$graph')};
}

# What the postmaster says when it learns of a worker.
sub registered
{
	my ($since) = @_;
	my @lines = slurp_file($node->logfile, $since) =~ /:  registering background worker "kg_batch coordinator"/g;
	return scalar @lines;
}

sub client
{
	my $client = { in => '', out => '' };
	$client->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($KgBatch::Cluster::database) ],
		'<', \$client->{in}, '>', \$client->{out}, '2>&1', IPC::Run::timeout(180));
	return $client;
}

sub until_it_said
{
	my ($client, $what) = @_;
	$client->{run}->pump until $client->{out} =~ /$what/;
	return;
}

# All are connected before the first begins.
my $many = 24;
sub clients
{
	my @clients = map { client() } 1 .. $many;
	$_->{in} .= "\\echo is connected\n" for @clients;
	until_it_said($_, 'is connected') for @clients;
	return @clients;
}

sub warnings_of { return join '', grep { /WARNING|ERROR/ } map { split /^/, $_->{out} } @_; }

# A database in which nothing was ever done.
{
	my @clients = clients();
	for my $n (1 .. $many)
	{
		$clients[$n - 1]{in} .= enqueuing("first of client $n") . ";\n\\q\n";
		$clients[$n - 1]{run}->pump_nb;
	}
	$_->{run}->finish for @clients;
	ok($node->wait_until($all_done, 120), "the first work of $many clients is done");
	is($node->kg(q{SELECT count(*) FROM kg_batch_internal.chunk WHERE state = 'done'}), $many, '… all of it');
	is(warnings_of(@clients), '', '… and nobody was warned');
}

# None ends before the last began, so the coordinator stays; each has a graph of its
# own, or one would wait for the other.
$node->kg("SELECT kg_batch.create_graph('graph ' || n) FROM generate_series(1, $many) n");
for my $round (1 .. 3)
{
	ok($node->wait_until($nobody), "round $round: nobody is there");
	my $log = -s $node->logfile;
	my @clients = clients();
	for my $n (1 .. $many)
	{
		$clients[$n - 1]{in} .= "BEGIN;\n" . enqueuing("$round of client $n", "graph $n") . ";\n\\echo has enqueued\n";
		$clients[$n - 1]{run}->pump_nb;
	}
	until_it_said($_, 'has enqueued') for @clients;
	is(registered($log), 1, "… $many clients register one coordinator");
	$_->{in} .= "COMMIT;\n\\q\n" for @clients;
	$_->{run}->finish for @clients;
	is(warnings_of(@clients), '', '… nobody is warned');
	ok($node->wait_until($all_done, 120), '… and all that they enqueued is done');
	is($node->kg(q{SELECT count(*) FROM kg_batch_internal.chunk WHERE state = 'done'}), (1 + $round) * $many, '… nothing is lost');
}

# One after the other, each at a moment at which the workers may be leaving: their
# slots are free as soon as they are gone, so that is no reason for a warning.
{
	my $warned = '';
	for my $n (1 .. 20)
	{
		my $error = '';
		$node->psql($KgBatch::Cluster::database, 'SELECT pg_sleep(random() * 0.02); ' . enqueuing("leaving $n"), stderr => \$error);
		$warned .= join '', grep { /WARNING|ERROR/ } split /^/, $error;
		last unless $node->wait_until($all_done);
	}
	is($warned, '', 'whoever comes while the workers leave is not warned');
	is($node->kg(q{SELECT count(*) FROM kg_batch_internal.chunk WHERE state = 'done'}), 4 * $many + 20, '… and their work is done');
}

# The postmaster starts a coordinator that died again, in the slot that it has:
# whoever comes meanwhile waits for that one.
{
	ok($node->wait_until($nobody), 'nobody is there');
	my $log = -s $node->logfile;
	my $client = client();
	$client->{in} .= "BEGIN;\n" . enqueuing('held', 'graph 1') . ";\n\\echo has enqueued\n";
	until_it_said($client, 'has enqueued');
	ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch_internal.live_workers() WHERE kind = 'coordinator'}), 'the coordinator is there');
	is($node->kg(q{SELECT pg_terminate_backend(pid, 60000) FROM kg_batch_internal.live_workers() WHERE kind = 'coordinator'}), 't', '… and is ended');
	$node->kg(enqueuing('after it died'));
	$client->{in} .= "COMMIT;\n\\q\n";
	$client->{run}->finish;
	ok($node->wait_until($all_done), 'what was enqueued meanwhile is done');
	is(registered($log), 1, '… by the one that was registered before');
}

# A coordinator that has left may take a while to end. Its successor is there by then,
# and stays the one that clients and pipelines know.
{
	ok($node->wait_until($nobody), 'nobody is there');
	my ($first, $holder, $second) = (client(), client(), client());
	$first->{in} .= "BEGIN;\n" . enqueuing('taken back', 'graph 1') . ";\n\\echo has enqueued\n";
	until_it_said($first, 'has enqueued');
	my $supervises = q{FROM pg_stat_activity WHERE backend_type = 'kg_batch coordinator' AND query = 'supervising'};
	ok($node->wait_until("SELECT count(*) = 1 $supervises"), 'a coordinator is there');
	my $leaving = $node->kg("SELECT pid $supervises");
	$holder->{in} .= "BEGIN;\nSELECT FROM kg_batch_internal.worker WHERE pid = $leaving AND ended_at IS NULL FOR UPDATE;\n\\echo has locked\n";
	until_it_said($holder, 'has locked');
	$first->{in} .= "ROLLBACK;\n\\q\n";
	$first->{run}->finish;
	ok($node->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $leaving AND wait_event_type = 'Lock'"), '… which leaves, and is held up');
	my $log = -s $node->logfile;
	$second->{in} .= "BEGIN;\n" . enqueuing('for the successor', 'graph 1') . ";\n\\echo has enqueued\n";
	until_it_said($second, 'has enqueued');
	ok($node->wait_until("SELECT count(*) = 1 $supervises AND pid <> $leaving"), '… while its successor begins');
	$holder->{in} .= "COMMIT;\n\\q\n";
	$holder->{run}->finish;
	ok($node->wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $leaving"), '… and then it ends');
	$node->kg(enqueuing('after it ended'));
	$second->{in} .= "COMMIT;\n\\q\n";
	$second->{run}->finish;
	ok($node->wait_until($all_done), 'all that was enqueued meanwhile is done');
	is(registered($log), 1, '… by the successor alone');
}

# No slot at all: then everybody is told, and the next one who comes when there is
# one finds it.
{
	ok($node->wait_until($nobody), 'nobody is there');
	$node->stop('fast');
	$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
	$node->start;
	my ($status, $output, $error) = $node->psql($KgBatch::Cluster::database, enqueuing('no slot'));
	like($error, qr/WARNING:  no background worker slot is free/, 'without a slot there is a warning');
	$node->append_conf('postgresql.conf', 'max_worker_processes = 4');
	$node->restart;
	$node->kg('SELECT kg_batch.start()');
	ok($node->wait_until($all_done), '… and what was enqueued is done when there is one');
}

$node->stop('fast');
done_testing();
