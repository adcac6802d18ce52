# An upgrade of the schema runs while workers are at work: it waits for no network
# and deadlocks with nobody, the workers of the old library leave, whoever calls is
# told what is the matter, and once library and schema are of one version all goes on by
# itself. pg_upgrade takes a database along, and
# its batch is found again when told that it is the same installation.

use strict;
use warnings;

use File::Path qw(make_path);
use IPC::Run;
use KgBatch::Cluster;
use KgBatch::DemoRun;
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

# ---- an installation of this test's own, with two versions ----

my %directory = map { chomp(my $path = `pg_config --$_`); ($_ => $path) } qw(bindir sharedir pkglibdir);
my ($program) = grep { -x "$_/postgres" } split /:/, $ENV{PATH};
my $from = $program =~ s/\Q$directory{bindir}\E$//r;    # what stands before all three in the one that tests use
my $own = PostgreSQL::Test::Utils::tempdir('installation');
for my $which (qw(bindir sharedir pkglibdir))
{
	make_path("$own$directory{$which}");
	system_or_bail($which eq 'bindir' ? ('sh', '-c', "cp -L '$from$directory{$which}'/* '$own$directory{$which}/'")
		: ('cp', '-as', "$from$directory{$which}/.", "$own$directory{$which}/"));
}
my $extension = "$own$directory{sharedir}/extension";
my ($version) = slurp_file("$extension/kg_batch.control") =~ /default_version = '([^']*)'/;
(my $next = $version) =~ s/\d$/9/;
# Hot tables one after the other, in an order that nobody else has.
my $table_of_next = 'of_next_version';
unlink "$extension/kg_batch--$version--$next.sql";
append_to_file("$extension/kg_batch--$version--$next.sql", join "\n",
	'\echo Use "ALTER EXTENSION kg_batch UPDATE" to load this file. \quit',
	'SELECT kg_batch_internal.begin_upgrade();',
	(map { "ALTER TABLE kg_batch_internal.$_ ADD COLUMN $table_of_next int;" } qw(claimed answer chunk ready request message job conversation batch worker usage)), '');
unlink "$extension/kg_batch--$next--$version.sql";
append_to_file("$extension/kg_batch--$next--$version.sql", join "\n",
	'SELECT kg_batch_internal.begin_upgrade();',
	(map { "ALTER TABLE kg_batch_internal.$_ DROP COLUMN $table_of_next;" } qw(usage worker request ready chunk answer claimed batch conversation job message)), '');

# ---- ALTER EXTENSION UPDATE ----

sub cluster
{
	my ($name) = @_;
	return KgBatch::Cluster->with_stand_in($name, install_path => "$own$directory{bindir}" =~ s{/bin$}{}r, sim => [ '--batch-turnaround-s', 1 ], settings => \%settings);
}
sub workers { my ($node) = @_; return $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch' AND datname = 'kg'}); }

sub updates
{
	my ($node, $to, $name) = @_;
	my ($out, $err, $timed_out) = ('', '', 0);
	my $code = $node->psql('kg', "ALTER EXTENSION kg_batch UPDATE TO '$to'", stdout => \$out, stderr => \$err, timeout => 60, timed_out => \$timed_out);
	my $done = is($timed_out ? 'still running after a minute' : $code, 0, $name);
	diag($err) unless $done;
	return $done;
}

{
	my $node = cluster('updated');
	my $run = KgBatch::DemoRun->new($node, conversations => 6);
	my $log = -s $node->logfile;
	$node->sim->configure(latency_ms => 3_600_000, batch_turnaround_s => 3600);    # it stays so until we say otherwise
	$node->safe_psql('kg', q{SELECT kg_batch.create_job('busy', '{"use_batch_api": false}')});
	$node->enqueue_many('cat', 100, job => 'busy');
	$run->begin('updated');
	ok($node->wait_for_stand_in(sub { $_[0]{in_flight} > 3 }), 'much is going on');
	updates($node, $next, 'ALTER EXTENSION UPDATE under running workers');
	ok($node->wait_until(sub { workers($node) eq '0' }), '… and those of the old library leave') ;
	my ($out, $err) = ('', '');
	$node->psql('kg', 'SELECT * FROM kg_batch.health()', stdout => \$out, stderr => \$err);
	like($err, qr/ERROR:  library and schema versions of kg_batch differ\nDETAIL:  The library is \Q$version\E, the schema \Q$next\E\./, '… and whoever calls is told');
	# Back and forth, each time with workers that have just begun.
	for my $time (1 .. 3)
	{
		updates($node, $version, "back $time");
		ok($node->wait_until(sub { workers($node) > 1 }), '… and workers come by themselves') or last;
		updates($node, $next, "forth $time") or last;
		ok($node->wait_until(sub { workers($node) eq '0' }), '… and leave') or last;
	}
	# And at whatever moment of their leaving and coming that is.
	for my $time (1 .. 20)
	{
		updates($node, $version, "at once back $time");
		updates($node, $next, "at once forth $time") if $time < 20;
	}
	ok($node->wait_until(sub { workers($node) > 1 }), '… and workers are there in the end');
	updates($node, $next, 'and forth');
	ok($node->wait_until(sub { workers($node) eq '0' }), '… and they leave');
	unlike(slurp_file($node->logfile, $log), qr/deadlock detected|PANIC|terminated by signal/, 'all of it without a deadlock or a crash');
	# As with a library of the next version and its schema: both are of one again.
	$node->sim->configure(latency_ms => 0, batch_turnaround_s => 1);
	$node->sim->advance(3600);
	$node->restart;
	$node->psql('kg', 'SELECT kg_batch.start()', stderr => \$err);
	like($err, qr/HINT:  Run ALTER EXTENSION kg_batch UPDATE/, 'a library and a schema that differ say what to do, after a restart, too');
	# The launcher's coordinator comes to see that, and goes.
	ok($node->wait_until(sub { workers($node) eq '0' }), '… and nothing runs');
	updates($node, $version, 'which is done');
	# Whoever left between a create and its answer does not know whether there is a batch: when it is not found, a person has to say.
	my $unclear = q{EXISTS (SELECT FROM kg_batch_internal.batch WHERE state = 'unclear' AND ended_at IS NULL)};
	ok($node->wait_until(qq{SELECT bool_and(state = 'done') OR $unclear FROM kg_batch.progress}, 180), '… and all goes on by itself');
	$node->kg(qq{SELECT kg_batch.retry(job_id, graph => graph) FROM kg_batch.progress WHERE state <> 'done' AND $unclear});
	ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 120), '… but for what only a person can know');
	is($node->kg(q{SELECT chunks_done FROM kg_batch.progress WHERE job = 'busy'}), '100', '… to its end');
	is($node->kg(q{SELECT kg_batch.graph_digest('updated') = kg_batch.graph_digest('undisturbed')}), 't', '… and to the same graph');
	$node->stop('fast');
}

# ---- pg_upgrade ----
# One major version is installed; pg_upgrade takes it to itself as to any other.

{
	my $old = KgBatch::Cluster->with_stand_in('old', sim => [ '--batch-turnaround-s', 1 ], settings => \%settings);
	my $run = KgBatch::DemoRun->new($old, conversations => 6);
	$old->sim->configure(batch_turnaround_s => 3600);
	$run->begin('upgraded');
	ok($old->wait_until(q{SELECT state = 'submitted' FROM kg_batch.batches ORDER BY batch_id DESC LIMIT 1}), 'a batch is out');
	my $digest = $old->kg(q{SELECT kg_batch.graph_digest('undisturbed')});
	my $new = KgBatch::Cluster->new('new');
	$new->init;
	$new->append_conf('postgresql.conf', slurp_file($old->data_dir . '/postgresql.conf') =~ s/^(?:port|unix_socket_directories|listen_addresses|log_file).*$//mgr);
	$new->append_conf('postgresql.conf', 'port = ' . $new->port . "\nunix_socket_directories = '" . $new->host . "'\nlisten_addresses = ''");
	$new->{kg_sim} = $old->sim;
	$old->stop;
	my ($out, $where) = ('', PostgreSQL::Test::Utils::tempdir('pg_upgrade'));
	my $bin = $program;
	my $ok = do {
		local $ENV{PGOPTIONS} = '';
		IPC::Run::run([ 'sh', '-c', 'cd "$0" && exec "$@"', $where, 'pg_upgrade', '-b', $bin, '-B', $bin, '-d', $old->data_dir, '-D', $new->data_dir,
			'-p', $old->port, '-P', $new->port, '-s', $new->host, '-N' ], '>', \$out, '2>&1'); } ;
	ok($ok, 'pg_upgrade takes it along') or diag($out);
	my $polls = sub { my $routes = $old->sim->stats->{routes}; my $n = 0; $n += $routes->{$_}{requests} for grep { m{/v1/batches} } keys %$routes; return $n; };
	my $before = $polls->();
	$new->start;
	is($new->kg(q{SELECT kg_batch.graph_digest('undisturbed')}), $digest, '… with the same digest');
	like($new->kg(q{SELECT ok, hint FROM kg_batch.health() WHERE name = 'home'}), qr/^f\|.*resume\(same => true\) after pg_upgrade/, '… which rests, and health() says what to type');
	is($polls->(), $before, '… and the API hears nothing');
	$new->kg('SELECT kg_batch.resume(same => true)');
	$old->sim->configure(batch_turnaround_s => 1);
	$old->sim->advance(3600);
	$run->{node} = $new;
	$run->whole('upgraded');
	is(scalar(my @batches = $run->batches('state')), 1, '… by the batch that was out');
	$new->stop('fast');
}

done_testing();
