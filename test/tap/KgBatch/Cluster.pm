# A PostgreSQL::Test::Cluster with kg_batch in database `kg`, and a stand-in for the API.
#
#   my $node = KgBatch::Cluster->with_stand_in('main', sim => ['--latency-ms', 20],
#                                              settings => { 'kg_batch.num_pipelines' => 2 });
#   $node->kg('SELECT …')                   the result, as psql -At prints it
#   $node->enqueue($key, 'Alice' => 'I adopted Clyde.', 'Bob' => '…')       the job's id
#   $node->enqueue_many('cat', 100, job => 'name')    conversations of two sentences, each a chunk of its own
#   $node->wait_until('SELECT …', 60)       until it gives t; says what stood still if it does not
#   $node->wait_for_job($job, 'done')
#   $node->wait_for_stand_in(sub { $_[0]{in_flight} == 40 })    until its stats are so
#   $node->counts_are_right('name')   what is counted of jobs is what a plain count gives
#   $node->worker_pids('pipeline')          by what pg_stat_activity calls them
#   $node->sim                              KgBatch::StandIn
#
# Whenever a node is stopped in an orderly way, and at the end of each test that went
# well, that of the counts is looked at by itself, in each database.
#
# `preload => 0` leaves the library to be loaded when it is first called;
# `slots` is max_worker_processes (24); `install_path` is another installation than
# the one that all tests share.
package KgBatch::Cluster;

use strict;
use warnings;

use parent 'PostgreSQL::Test::Cluster';

use KgBatch::StandIn;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our $database = 'kg';
my @nodes;

# A test that runs into its time limit still stops its servers.
$SIG{TERM} = $SIG{INT} = sub { die "ended by a signal\n"; };

sub with_stand_in
{
	my ($class, $name, %params) = @_;
	plan skip_all => 'the stand-in server is not built' unless KgBatch::StandIn::program();
	my $node = $class->new($name, $params{install_path} ? (install_path => $params{install_path}) : ());
	$node->{kg_sim} = KgBatch::StandIn->start($name, options => $params{sim});
	$node->init;
	$node->append_conf('postgresql.conf', join "\n",
		'max_worker_processes = ' . ($params{slots} // 24),
		($params{preload} // 1) ? "shared_preload_libraries = 'kg_batch'" : '',
		$node->_api_settings,
		map { "$_ = '$params{settings}{$_}'" } sort keys %{ $params{settings} // {} });
	$node->start;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->kg('CREATE EXTENSION kg_batch');
	push @nodes, $node;
	return $node;
}

sub _api_settings
{
	my ($self) = @_;
	my $key_file = $self->basedir . '/api_key';
	append_to_file($key_file, "sk-test-not-a-key\n");
	chmod 0600, $key_file;
	return ("kg_batch.api_base_url = '" . $self->sim->url . "/v1'", "kg_batch.api_key_file = '$key_file'");
}

sub sim { return $_[0]->{kg_sim}; }

sub kg
{
	my ($self, $sql, %params) = @_;
	return $self->safe_psql($database, $sql, %params);
}

sub enqueue
{
	my ($self, $key, @said) = @_;
	my @messages;
	while (my ($speaker, $content) = splice @said, 0, 2)
	{
		push @messages, { speaker => $speaker, content => $content };
	}
	my $json = JSON::PP->new->encode(\@messages);
	return $self->kg("SELECT kg_batch.enqueue(\$messages\$$json\$messages\$::jsonb, key => \$key\$$key\$key\$)");
}

# Conversations that say nothing twice: `$count` questions.
sub enqueue_many
{
	my ($self, $what, $count, %params) = @_;
	my $database = $params{database} // $database;
	my $job = defined $params{job} ? ", job => '$params{job}'" : '';
	return $self->safe_psql($database, <<"END");
SELECT count(kg_batch.enqueue(jsonb_build_array(
    jsonb_build_object('speaker', 'Alice', 'content', format('I adopted a %s called %s number %s.', '$what', initcap('$what'), n)),
    jsonb_build_object('speaker', 'Bob', 'content', format('I saw %s number %s in Oslo.', initcap('$what'), n)))$job))
FROM generate_series(1, $count) n
END
}

# The API is asked about batches in these states now, whenever it was to be asked next. Who
# changes a batch by hand has to wake the workers: flush does, and nothing else where all is closed.
sub ask_about_batches
{
	my ($self, @states) = @_;
	my $states = join ', ', map { "'$_'" } @states;
	my $changed = $self->kg("WITH changed AS (UPDATE kg_batch_internal.batch SET next_poll_at = now() WHERE ended_at IS NULL AND state IN ($states)
		AND next_poll_at > now() RETURNING 1) SELECT count(*) FROM changed");
	$self->kg('SELECT kg_batch.flush()') if $changed;
	return;
}

# True when `$what`, SQL or a function, gave t within the seconds; else a failed
# test that shows where the work stands.
sub wait_until
{
	my ($self, $what, $seconds, $in) = @_;
	$seconds //= 60;
	my $deadline = time + $seconds;
	my ($output, $error);
	my $pause = 0.05;    # longer each time: to ask costs what is waited for the processor
	do
	{
		return 1 if ref $what && $what->();
		# A psql that a server in recovery turns away may be gone before it is told what to ask.
		eval { $self->psql($in // $database, $what, stdout => \$output, stderr => \$error, timeout => 30); 1 } or $error = $@ unless ref $what;
		return 1 if defined $output && $output eq 't';
		sleep $pause;
		$pause = 0.3 if ($pause *= 1.4) > 0.3;
	} while (time < $deadline);
	diag("after $seconds s still not true: $what\n  last result: ", $output // '', ' ', $error // '');
	$self->describe_work($in);
	return 0;
}

sub wait_for_job
{
	my ($self, $job, $state, $seconds) = @_;
	$state //= 'done';
	return $self->wait_until("SELECT state = '$state' FROM kg_batch.progress WHERE job_id = $job", $seconds);
}

sub wait_for_stand_in
{
	my ($self, $is_so, $seconds) = @_;
	my $deadline = time + ($seconds // 60);
	my $stats;
	while (time < $deadline)
	{
		$stats = $self->sim->stats;
		return 1 if $is_so->($stats);
		sleep 0.05;
	}
	diag("the stand-in's stats at last: in_flight $stats->{in_flight}, ", JSON::PP->new->canonical->encode($stats->{requests} // {}));
	$self->describe_work;
	return 0;
}

# ---- what is counted of jobs ----

sub counts_are_right
{
	my ($self, $name) = @_;
	return is($self->kg(q{SELECT COALESCE(string_agg(d::text, ' '), '') FROM kg_batch_internal.count_difference d}), '', $name);
}

# At any time, workers or not: it is one statement. A server that cannot be asked has nothing to say.
sub _wrong_counts
{
	my ($self) = @_;
	my @wrong;
	eval {
		my ($databases, $wrong, $error) = ('', '', '');
		$self->psql('postgres', 'SELECT datname FROM pg_database WHERE datallowconn', stdout => \$databases, stderr => \$error, timeout => 30);
		for my $in (split /\n/, $databases)
		{
			next if $self->psql($in, "SELECT to_regclass('kg_batch_internal.count_difference') IS NOT NULL", stdout => \$wrong, stderr => \$error, timeout => 30) || $wrong ne 't';
			$self->psql($in, 'SELECT d FROM kg_batch_internal.count_difference d', stdout => \$wrong, stderr => \$error, timeout => 60);
			push @wrong, map { "$in: $_" } split /\n/, $wrong;
		}
		1;
	} or diag("what is counted of jobs could not be looked at: $@");
	return @wrong;
}

sub stop
{
	my ($self, $mode, %params) = @_;
	if (defined $self->{_pid} && ($mode // '') ne 'immediate')
	{
		my @wrong = $self->_wrong_counts;
		fail('what is counted of jobs is what a plain count gives: ' . join ', ', @wrong) if @wrong;
	}
	return $self->SUPER::stop($mode, %params);
}

# Before that of PostgreSQL::Test::Cluster, which ends the servers.
END
{
	my $exit_code = $?;
	for my $node ($exit_code == 0 ? grep { defined $_->{_pid} } @nodes : ())
	{
		my @wrong = $node->_wrong_counts;
		next unless @wrong;
		diag('what is counted of jobs is not what a plain count gives (job, what, step, how much is missing):', map { "\n  $_" } @wrong);
		$exit_code = 1;
	}
	$? = $exit_code;
}

sub worker_pids
{
	my ($self, $kind) = @_;
	return split /\n/, $self->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%$kind%' ORDER BY pid");
}

# What one would look at first when work does not go on.
sub describe_work
{
	my ($self, $in) = @_;
	for my $query (
		'TABLE kg_batch.progress',
		'TABLE kg_batch.errors LIMIT 10',
		"SELECT pid, backend_type, state, wait_event, query FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%'")
	{
		my $output = '';
		$self->psql($in // $database, $query, stdout => \$output, timeout => 10, extra_params => ['-x']);
		diag("$query\n$output");
	}
	my @log = grep { !/LOG:  statement:/ } split /\n/, slurp_file($self->logfile);
	diag('the end of the log:', map { "\n  $_" } @log[($#log > 20 ? $#log - 20 : 0) .. $#log]);
	return;
}

1;
