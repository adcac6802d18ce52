# A program that a test starts beside the server and that ends with the test,
# however that ends.
#
#   my $exporter = KgBatch::Daemon->start('exporter', 'prometheus-postgres-exporter', @arguments);
#   $exporter->answers($url)      true once it answers there; false when it ends before
#   $exporter->log                what it wrote
package KgBatch::Daemon;

use strict;
use warnings;

use HTTP::Tiny;
use POSIX qw(WNOHANG);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my @running;

sub start
{
	my ($class, $name, @command) = @_;
	my $self = bless { file => "$PostgreSQL::Test::Utils::log_path/$name.daemon.log" }, $class;
	$self->{pid} = fork() // BAIL_OUT("could not fork: $!");
	if ($self->{pid} == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $self->{file};
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		exec @command;
		POSIX::_exit(127);
	}
	push @running, $self;
	return $self;
}

sub answers
{
	my ($self, $url) = @_;
	my $deadline = time + 60;
	while (time < $deadline)
	{
		return 1 if HTTP::Tiny->new(timeout => 10)->get($url)->{success};
		return 0 if waitpid($self->{pid}, WNOHANG) == $self->{pid};
		sleep 0.05;
	}
	return 0;
}

sub log { return -e $_[0]->{file} ? slurp_file($_[0]->{file}) : ''; }

END
{
	my $status = $?;
	for my $daemon (@running)
	{
		kill 'KILL', $daemon->{pid};
		waitpid $daemon->{pid}, 0;
	}
	$? = $status;
}

1;
