# A stand-in server of its own for one test, and the calls that tests make.
# It is ended with the object; its state folder goes with it.

package StandIn;

use strict;
use warnings;

use File::Temp ();
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Time::HiRes ();

our $program;    # set by the runner

sub new {
    my ($class, @options) = @_;
    my $self = bless { options => \@options, folder => File::Temp->newdir, json => JSON::PP->new->canonical }, $class;
    $self->{http} = HTTP::Tiny->new(timeout => 60, keep_alive => 0);
    $self->start;
    return $self;
}

sub start {
    my ($self) = @_;
    my $port_file = "$self->{folder}/port";
    unlink $port_file;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', "$self->{folder}/stdout" or die;
        open STDERR, '>>', "$self->{folder}/stderr" or die;
        exec($program, '--port', '0', '--port-file', $port_file, '--state', "$self->{folder}/state",
            @{ $self->{options} })
            or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    # The file appears whole, when the server listens.
    for (1 .. 1200) {
        last if -e $port_file;
        die "the stand-in ended: " . $self->stderr if waitpid($pid, POSIX::WNOHANG()) == $pid;
        Time::HiRes::sleep(0.025);
    }
    open my $file, '<', $port_file or die "the stand-in does not listen";
    chomp($self->{port} = <$file>);
    return;
}

sub stop {
    my ($self, $signal) = @_;
    return unless $self->{pid};
    kill $signal // 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $self->{pid};
    return;
}

sub DESTROY { my ($self) = @_; local ($?, $@); $self->stop('KILL'); return }

sub stderr {
    my ($self) = @_;
    open my $file, '<', "$self->{folder}/stderr" or return '';
    local $/;
    return scalar(<$file>) // '';
}

sub url { my ($self, $path) = @_; return "http://127.0.0.1:$self->{port}$path" }

# Returns the response of HTTP::Tiny, with the parsed body as {json}.
sub call {
    my ($self, $method, $path, $body, %headers) = @_;
    my %request = (headers => { authorization => 'Bearer test', %headers });
    delete $request{headers}{authorization} if exists $headers{authorization} && !defined $headers{authorization};
    if (defined $body) {
        $request{content} = ref $body ? $self->{json}->encode($body) : $body;
        $request{headers}{'content-type'} //= 'application/json';
    }
    my $response = $self->{http}->request($method, $self->url($path), \%request);
    $response->{json} = eval { $self->{json}->decode($response->{content}) };
    return $response;
}

sub get { my ($self, $path, %headers) = @_; return $self->call('GET', $path, undef, %headers) }
sub post { my ($self, $path, $body, %headers) = @_; return $self->call('POST', $path, $body, %headers) }

# Control routes have to work.
sub control {
    my ($self, $path, $body) = @_;
    my $response = defined $body ? $self->post("/_sim/$path", $body) : $self->get("/_sim/$path");
    die "/_sim/$path: $response->{status} $response->{content}" unless $response->{success};
    return $response->{json};
}

sub multipart {
    my ($boundary, @parts) = @_;
    my $body = '';
    for my $part (@parts) {
        my ($name, $content, $filename) = @$part;
        $body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"";
        $body .= "; filename=\"$filename\"\r\nContent-Type: application/octet-stream" if defined $filename;
        $body .= "\r\n\r\n$content\r\n";
    }
    return "$body--$boundary--\r\n";
}

sub upload {
    my ($self, $content, %options) = @_;
    my $file = [ 'file', $content, $options{filename} // 'in.jsonl' ];
    my @parts = exists $options{purpose} && !defined $options{purpose} ? () : [ 'purpose', $options{purpose} // 'batch' ];
    push @parts, map { [$_, $options{fields}{$_}] } sort keys %{ $options{fields} // {} };
    @parts = $options{file_first} ? ($file, @parts) : (@parts, $file);
    my $boundary = 'boundary-' . int rand 1e9;
    return $self->call('POST', '/v1/files', multipart($boundary, @parts),
        'content-type' => "multipart/form-data; boundary=$boundary");
}

our $schema = {
    type => 'object', additionalProperties => JSON::PP::false, required => ['word'],
    properties => { word => { type => 'string' } },
};

sub chat_body {
    my ($self, $text, %more) = @_;
    return {
        model => 'gpt-6-luna', reasoning_effort => 'none',
        messages => [ { role => 'user', content => $text } ],
        response_format => { type => 'json_schema',
            json_schema => { name => 'words', strict => JSON::PP::true, schema => $schema } },
        %more,
    };
}

sub chat { my ($self, $text, %more) = @_; return $self->post('/v1/chat/completions', $self->chat_body($text, %more)) }

sub line {
    my ($self, $custom_id, %more) = @_;
    my $body = delete $more{body} // $self->chat_body("question $custom_id");
    my %line = (custom_id => "$custom_id", method => 'POST', url => '/v1/chat/completions', body => $body, %more);
    delete $line{$_} for grep { !defined $line{$_} } keys %line;
    return $self->{json}->encode(\%line) . "\n";
}

sub lines { my ($self, @ids) = @_; return join '', map { $self->line($_) } @ids }

# Uploads and creates; returns the batch.
sub batch {
    my ($self, $content, %more) = @_;
    my $file = $self->upload($content);
    die "upload: $file->{status} $file->{content}" unless $file->{success};
    my $response = $self->post('/v1/batches', { input_file_id => $file->{json}{id},
        endpoint => '/v1/chat/completions', completion_window => '24h', %more });
    die "create: $response->{status} $response->{content}" unless $response->{success};
    return $response->{json};
}

# The batch once it satisfies `condition` (a status or code).
sub batch_until {
    my ($self, $batch_id, $condition) = @_;
    my $want = ref $condition ? $condition : sub { $_[0]{status} eq $condition };
    my $batch;
    for (1 .. 2400) {
        $batch = $self->get("/v1/batches/$batch_id")->{json};
        return $batch if $want->($batch);
        last if $batch->{status} =~ /^(?:completed|failed|expired|cancelled)$/;
        Time::HiRes::sleep(0.025);
    }
    return $batch;
}

sub content { my ($self, $file_id) = @_; return $self->get("/v1/files/$file_id/content")->{content} }

sub content_lines {
    my ($self, $file_id) = @_;
    return map { $self->{json}->decode($_) } split /\n/, $self->content($file_id);
}

sub advance { my ($self, $seconds) = @_; return $self->control('clock', { advance_s => $seconds }) }

sub socket {
    my ($self) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 30) // die "connect: $!";
}

# Sends bytes and returns what comes until the connection ends.
sub raw {
    my ($self, @pieces) = @_;
    my $socket = $self->socket;
    $socket->autoflush(1);
    print {$socket} $_ for @pieces;
    local $/;
    return scalar(<$socket>) // '';
}

1;
