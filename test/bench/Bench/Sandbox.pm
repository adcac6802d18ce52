# A server of its own with kg_batch and a stand-in for the API, for one benchmark:
# made by tools/sandbox in a temporary directory, and stopped with the object. The next
# one, of which there is never another at the same time, has data, stand-in and
# settings of its own, and only the copy of PostgreSQL's programs in common with it.
#
#   my $server = Bench::Sandbox->new(built => DIR, settings => { name => value }, sim => '--latency-ms 50',
#     gold => what the stand-in's --gold file says, directory => where, instead of a temporary one);
#   $server->sql($text)              rows as arrays of text
#   $server->value($text)            the first column of the first row
#   $server->seconds($text)          what its statements took, as psql's \timing says
#   $server->wait_until($condition)  an SQL condition, looked at 50 times a second
#   $server->wait_until_done         all jobs are done, and nothing went wrong
#   $server->wait_until_workers_left what has nothing to do is gone; the launcher stays
#   $server->pages                   that were touched so far, by all whose sessions have ended
#   $server->sim($method, $path, $content)    decoded answer of the stand-in's control routes
#   $server->processor_seconds                of all of the server's processes so far
package Bench::Sandbox;

use strict;
use warnings;

use File::Path qw(rmtree);
use File::Temp ();
use FindBin;
use HTTP::Tiny;
use JSON::PP ();
use List::Util qw(sum0);

our $root = "$FindBin::Bin/../..";
my $longest_wait_s = 3600;

# There are batches that the API works on, and nothing waits to go into another.
our $everything_is_out = q{SELECT count(*) FILTER (WHERE ended_at IS NULL) > 0 AND bool_and(state = 'submitted' OR ended_at IS NOT NULL)
	AND NOT EXISTS (SELECT FROM kg_batch_internal.ready) AND NOT EXISTS (SELECT FROM kg_batch_internal.claimed) FROM kg_batch_internal.batch};

# As a server that is to be fast is set up, and no faster: what is committed is on disk.
my %settings = (shared_buffers => '512MB', max_wal_size => '4GB', checkpoint_timeout => '30min',
	'kg_batch.budget' => 1_000_000, 'kg_batch.budget_per_day' => 1_000_000);

my $place;

sub new
{
	my ($class, %params) = @_;
	$place //= $params{directory} // File::Temp->newdir('kg_batch_bench.XXXXXX', TMPDIR => 1);
	chmod 0755, $place or die "$place: $!\n";
	my $self = bless { directory => "$place", http => HTTP::Tiny->new(timeout => 600), sandbox => "$place/sandbox" }, $class;
	rmtree([ grep { -e } map { "$self->{sandbox}/$_" } qw(data sim sim.options settings env) ]);
	my $sim = $params{sim} // '--mode rules';
	if (defined $params{gold})
	{
		write_file("$self->{directory}/gold.json", $params{gold});
		$sim .= " --gold $self->{directory}/gold.json";
	}
	my %all = (%settings, %{ $params{settings} // {} });
	open my $up, '-|', "$root/tools/sandbox", 'up', $self->{sandbox}, $params{built} ? ('--built', $params{built}) : (),
	  (map { ('--set', "$_=$all{$_}") } sort keys %all), '--sim', $sim or die "tools/sandbox: $!\n";
	while (<$up>) { $self->{env}{$1} = $2 while /((?:PG|KG)\w+)='?([^' \n]+)/g; }
	close $up or die "tools/sandbox could not start the server\n";
	return $self;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	system "$root/tools/sandbox", 'down', $self->{sandbox};
	return;
}

END { local $?; system "$root/tools/sandbox", 'down', "$place/sandbox", '--remove' if $place; }

sub directory { my ($self) = @_; return "$self->{directory}"; }
sub data { my ($self) = @_; return "$self->{sandbox}/data"; }

# ---- the server ----

sub psql
{
	my ($self, $script) = @_;
	my $file = "$self->{directory}/statements.sql";
	write_file($file, "SET client_min_messages = warning;\n$script");
	local @ENV{ keys %{ $self->{env} } } = values %{ $self->{env} };
	open my $psql, '-|', 'psql', '-XqAt', '-F', "\t", '-v', 'ON_ERROR_STOP=1', '-f', $file or die "psql: $!\n";
	chomp(my @lines = <$psql>);
	close $psql or die 'psql failed: ' . substr($script, 0, 300) . "\n";
	return @lines;
}

sub sql { my ($self, $script) = @_; return map { [ split /\t/, $_, -1 ] } $self->psql($script); }
sub value { my ($self, $script) = @_; return ($self->sql($script))[0][0]; }

sub seconds
{
	my ($self, $script) = @_;
	return sum0(map { /^Time: ([0-9.]+) ms/ ? $1 / 1000 : () } $self->psql("\\timing on\n$script"));
}

sub wait_until
{
	my ($self, $condition) = @_;
	# Each look is a transaction of its own, so that nothing is held back by who waits.
	$self->psql(<<"END");
DO \$wait\$ DECLARE until timestamptz = clock_timestamp() + make_interval(secs => $longest_wait_s); BEGIN
	LOOP
		EXIT WHEN ($condition);
		IF clock_timestamp() > until THEN RAISE 'after $longest_wait_s s this is still not so: %', \$condition\$$condition\$condition\$; END IF;
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END \$wait\$
END
	return;
}

sub wait_until_done
{
	my ($self) = @_;
	$self->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch_internal.job});
	my ($errors, $rejected) = @{ ($self->sql('SELECT (SELECT count(*) FROM kg_batch.errors), (SELECT count(*) FROM kg_batch.rejected)'))[0] };
	die "not all was answered: $errors errors, $rejected rejected\n" if $errors + $rejected;
	return;
}

# Workers say what they touched when they leave, at the latest.
sub wait_until_workers_left { my ($self) = @_; return $self->wait_until(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%'}); }

sub pages { my ($self) = @_; return $self->value('SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()'); }

sub version { my ($self) = @_; return $self->value(q{SELECT split_part(version(), ' (', 1)}); }

# ---- the stand-in ----

sub sim
{
	my ($self, $method, $path, $content) = @_;
	my $answer = $self->{http}->request($method, $self->{env}{KG_SIM_URL} . $path, defined $content ? { content => JSON::PP->new->encode($content) } : {});
	die "$method $path: $answer->{status} $answer->{content}\n" unless $answer->{success};
	return $answer->{content} ? JSON::PP->new->utf8->decode($answer->{content}) : undef;
}

sub stats { my ($self) = @_; return $self->sim('GET', '/_sim/stats'); }

# ---- processes ----

sub worker_pids
{
	my ($self, $kind) = @_;
	return map { $_->[0] } $self->sql("SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'kg_batch%$kind%' ORDER BY pid");
}

# Of all processes that the server has had: those that are gone are in the postmaster's
# account, in hundredths, those that are there in their own. Workers leave when there
# is nothing to do, so theirs alone cannot be had in the end.
sub processor_seconds
{
	my ($self) = @_;
	open my $file, '<', $self->data . '/postmaster.pid' or die "no postmaster.pid: $!\n";
	chomp(my $postmaster = <$file>);
	open my $stat, '<', "/proc/$postmaster/stat" or die "no postmaster: $!\n";
	(my $account = <$stat>) =~ s/^.*\) //;
	open my $children, '<', "/proc/$postmaster/task/$postmaster/children" or die "no children: $!\n";
	return sum0((split ' ', $account)[ 13, 14 ]) / 100 + sum0(map { processor_seconds_of($_) } split ' ', <$children> // '');
}

sub processor_seconds_of
{
	my ($pid) = @_;
	open my $stat, '<', "/proc/$pid/schedstat" or return 0;
	return (split ' ', <$stat> // '0')[0] / 1e9;
}

# Resident memory that is the process's own, in MB.
sub memory_mb
{
	my ($pid) = @_;
	open my $status, '<', "/proc/$pid/status" or return 0;
	my ($kb) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$status>;
	return ($kb // 0) / 1024;
}

sub write_file
{
	my ($name, $text) = @_;
	open my $file, '>', $name or die "$name: $!\n";
	print {$file} $text;
	close $file or die "$name: $!\n";
	return;
}

1;
