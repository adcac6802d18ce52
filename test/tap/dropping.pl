# Dropping the extension or its database under full load ends: without a deadlock,
# without waiting for the network, with an error for whoever is still at work and
# none for who drops. What is made again afterwards works.

use strict;
use warnings;

use IPC::Run;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %settings = (
	'fsync' => 'off',
	'deadlock_timeout' => '100ms',
	'kg_batch.num_pipelines' => 4,
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	'kg_batch.budget_per_day' => 1000);

# Clients that hand in, pause, resume and look without end. By functions: PostgreSQL
# locks the tables of a view in an order that nobody can choose, so whoever reads one
# at that moment may be told of a deadlock, as with any extension.
sub clients
{
	my ($node, $database) = @_;
	my $script = $node->basedir . '/load.sql';
	unlink $script;
	append_to_file($script, <<'END');
\set n random(1, 1000000000)
SELECT kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Alice', 'content', 'I adopted a cat called Tom :n.')), key => 'key :n', final => true);
SELECT kg_batch.pause('inbox');
SELECT kg_batch.resume('inbox');
SELECT kg_batch.graph_digest();
END
	my $out = '';
	my $run = IPC::Run::start([ 'pgbench', '-n', '-c', 4, '-T', 60, '-f', $script, $node->connstr($database) ], '>', \$out, '2>&1', IPC::Run::timeout(180));
	return { run => $run, out => \$out };
}

sub under_load
{
	my ($node, $name, $database, $in, $sql) = @_;
	my $log = -s $node->logfile;
	my $clients = clients($node, $database);
	ok($node->wait_until(q{SELECT sum(chunks_done) > 20 FROM kg_batch.progress}, 60, $database), "$name: work is going on");
	my ($out, $err, $timed_out) = ('', '', 0);
	my $code = $node->psql($in, $sql, stdout => \$out, stderr => \$err, timeout => 120, timed_out => \$timed_out);
	is($timed_out ? 'still running after two minutes' : $code, 0, "$name succeeds") or diag($err);
	eval { $clients->{run}->finish };
	ok($node->wait_until(sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch' AND datname = '$database'") eq '0' }, 60),
		'… and its workers leave');
	my $said = slurp_file($node->logfile, $log);
	unlike($said, qr/deadlock detected/, '… without a deadlock');
	unlike($said, qr/PANIC|terminated by signal|server process .* was terminated/, '… and without a crash');
	return;
}

sub works_again
{
	my ($node, $name) = @_;
	$node->enqueue_many('dog', 3);
	return ok($node->wait_until(q{SELECT state = 'done' AND chunks_done = 3 FROM kg_batch.progress}, 60), "$name: made again it works");
}

for my $preload (1, 0)
{
	my $how = $preload ? 'preloaded' : 'not preloaded';
	my $node = KgBatch::Cluster->with_stand_in($preload ? 'preloaded' : 'loaded', preload => $preload, sim => [ '--batch-turnaround-s', 1 ],
		settings => { %settings, 'kg_batch.use_batch_api' => 'off' });
	for my $time (1 .. 3)
	{
		under_load($node, "$how, DROP EXTENSION $time", 'kg', 'kg', 'DROP EXTENSION kg_batch CASCADE');
		$node->kg('CREATE EXTENSION kg_batch');
	}
	works_again($node, "$how, the extension");
	under_load($node, "$how, DROP DATABASE WITH (FORCE)", 'kg', 'postgres', 'DROP DATABASE kg WITH (FORCE)');
	$node->safe_psql('postgres', 'CREATE DATABASE kg');
	$node->kg('CREATE EXTENSION kg_batch');
	works_again($node, "$how, the database");
	$node->stop('fast');
}

done_testing();
