# A stand-in for OpenAI's API, for one test: started on a free port with its
# state in the test's directory, and ended with the test however that ends.
#
#   my $sim = KgBatch::StandIn->start('main', options => ['--latency-ms', 20]);
#   $sim->url                                  http://127.0.0.1:…
#   $sim->stats->{requests}                    GET /_sim/stats
#   $sim->about_graph('answers')               the same, summed over questions about the graph
#   $sim->chats                                GET /_sim/journal: entries of chat completions
#   $sim->configure(rpm => 60);                POST /_sim/config
#   $sim->fault({ name => …, count => 1 });    POST /_sim/faults
#   $sim->advance(3600);                       POST /_sim/clock: seconds on its clock
#   $sim->upload($filename, $content)          POST /v1/files: a file for a batch
#   $sim->kill; $sim->restart;                 it comes back on its port, with its state
package KgBatch::StandIn;

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP ();
use POSIX qw(WNOHANG);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my @running;

# The program: KG_BATCH_SIM where test/run has put it, else the developer's build.
sub program
{
	my $built = 'build/dev/tools/openai_sim/openai_sim';
	return $ENV{KG_BATCH_SIM} // (-x $built ? $built : undef);
}

sub start
{
	my ($class, $name, %params) = @_;
	my $self = bless {
		name => $name,
		directory => PostgreSQL::Test::Utils::tempdir("sim_$name"),
		log => "$PostgreSQL::Test::Utils::log_path/sim_$name.log",
		options => $params{options} // [],
		port => 0,
		http => HTTP::Tiny->new(timeout => 30),
	}, $class;
	$self->_spawn;
	return $self;
}

sub _spawn
{
	my ($self) = @_;
	my $port_file = "$self->{directory}/port";
	unlink $port_file;
	my $pid = fork() // BAIL_OUT("could not fork: $!");
	if ($pid == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->{log};
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		my @mode = (grep { $_ eq '--mode' } @{ $self->{options} }) ? () : ('--mode', 'rules');
		exec program(), '--port', $self->{port}, '--port-file', $port_file,
		  '--state', "$self->{directory}/state", @mode, @{ $self->{options} };
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	push @running, $self;
	for (1 .. 200)
	{
		if (-s $port_file)
		{
			chomp($self->{port} = slurp_file($port_file));
			return;
		}
		last if waitpid($pid, WNOHANG) == $pid;
		sleep 0.05;
	}
	BAIL_OUT('the stand-in did not start: ' . (-e $self->{log} ? slurp_file($self->{log}) : ''));
}

sub url { return "http://127.0.0.1:$_[0]->{port}"; }

sub request
{
	my ($self, $method, $path, $body) = @_;
	my $response = $self->{http}->request($method, $self->url . $path,
		{
			headers => { Authorization => 'Bearer of-a-test', 'Content-Type' => 'application/json' },
			defined $body ? (content => JSON::PP::encode_json($body)) : ()
		});
	die "$method $path: $response->{status} $response->{content}" unless $response->{success};
	return length($response->{content}) ? JSON::PP::decode_json($response->{content}) : undef;
}

sub upload
{
	my ($self, $filename, $content) = @_;
	my $body = join "\r\n", '--between', 'Content-Disposition: form-data; name="purpose"', '', 'batch',
	  '--between', qq(Content-Disposition: form-data; name="file"; filename="$filename"), 'Content-Type: application/octet-stream', '', $content,
	  '--between--', '';
	my $response = $self->{http}->request('POST', $self->url . '/v1/files',
		{ headers => { Authorization => 'Bearer of-a-test', 'Content-Type' => 'multipart/form-data; boundary=between' }, content => $body });
	die "POST /v1/files: $response->{status} $response->{content}" unless $response->{success};
	return JSON::PP::decode_json($response->{content});
}

sub stats { return $_[0]->request('GET', '/_sim/stats'); }
# Of questions about the graph, whatever sort: 'answers', 'repeated_answers', 'usd'.
our @about_graph = qw(kg_merge kg_classify kg_predicate);
sub about_graph
{
	my ($self, $what) = @_;
	my ($stages, $sum) = ($self->stats->{stages}, 0);
	$sum += $stages->{$_}{$what} // 0 for @about_graph;
	return $sum;
}
sub journal { return $_[0]->request('GET', '/_sim/journal'); }

# The journal's chat completions in the order in which they came.
sub chats
{
	my ($self) = @_;
	return @{ $self->request('GET', '/_sim/journal?limit=1000000&path=chat/completions')->{entries} };
}

sub fault { return $_[0]->request('POST', '/_sim/faults', $_[1]); }
sub advance { return $_[0]->request('POST', '/_sim/clock', { advance_s => $_[1] }); }

sub configure
{
	my ($self, %settings) = @_;
	return $self->request('POST', '/_sim/config', \%settings);
}

sub stop { return $_[0]->_end('TERM'); }
sub kill { return $_[0]->_end('KILL'); }

sub _end
{
	my ($self, $signal) = @_;
	my $pid = delete $self->{pid} or return;
	CORE::kill $signal, $pid;
	waitpid $pid, 0;
	@running = grep { $_ != $self } @running;
	return;
}

sub restart
{
	my ($self) = @_;
	$self->stop;
	$self->_spawn;
	return;
}

END
{
	my $status = $?;
	$_->kill for my @all = @running;
	$? = $status;
}

1;
