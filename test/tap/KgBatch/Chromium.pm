# A headless Chromium that opens one page, by its DevTools protocol over a pipe:
# no port, no driver.
#
#   my $browser = KgBatch::Chromium->open("file://$path", width => 1280, height => 900, dark => 1);
#   $browser->evaluate('document.title')         the value of an expression, promises awaited
#   $browser->wait_for('document.title == "x"')  until it is true; dies after five minutes
#   $browser->click(100, 200)                    a press and release of the mouse there
#   $browser->type('some text'), ->press('Enter')
#   $browser->screenshot('page.png')             what is seen; whole => 1: all of the page
#   $browser->requests, ->complaints             addresses asked for; what the console was told of
package KgBatch::Chromium;

use strict;
use warnings;

use File::Temp ();
use JSON::PP ();
use MIME::Base64 ();
use POSIX ();
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->utf8;

sub program
{
	for my $name (qw(chromium chromium-browser google-chrome))
	{
		for my $folder (split /:/, $ENV{PATH}) { return "$folder/$name" if -x "$folder/$name"; }
	}
	return undef;
}

sub open
{
	my ($class, $address, %params) = @_;
	my $self = bless { waiting => '', requests => [], complaints => [], last_id => 0, profile => File::Temp->newdir }, $class;
	pipe my $commands_out, my $commands_in or die "pipe: $!";
	pipe my $events_out, my $events_in or die "pipe: $!";
	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid})
	{
		# Out of the way first: either may have the number that the other is to get.
		POSIX::dup2(fileno $commands_out, 63);
		POSIX::dup2(fileno $events_in, 64);
		POSIX::dup2(63, 3); POSIX::dup2(64, 4); POSIX::close($_) for 63, 64;
		CORE::open(STDERR, '>', '/dev/null'); CORE::open(STDOUT, '>', '/dev/null');
		$ENV{HOME} = "$self->{profile}";
		my @command = (program(), '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions',
		  '--disable-background-networking', '--remote-debugging-pipe', "--user-data-dir=$self->{profile}",
		  '--window-size=' . ($params{width} // 1280) . ',' . ($params{height} // 900), 'about:blank');
		{ no warnings 'exec'; exec @command; }
		POSIX::_exit(1);
	}
	close $commands_out; close $events_in;
	@$self{qw(to from)} = ($commands_in, $events_out);
	my ($page) = grep { $_->{type} eq 'page' } @{ $self->call('Target.getTargets')->{targetInfos} };
	$self->{session} = $self->call('Target.attachToTarget', targetId => $page->{targetId}, flatten => JSON::PP::true)->{sessionId};
	$self->call("$_.enable") for qw(Page Network Log Runtime);
	$self->call('Emulation.setEmulatedMedia', features => [
		{ name => 'prefers-color-scheme', value => $params{dark} ? 'dark' : 'light' }, { name => 'prefers-reduced-motion', value => 'reduce' } ]);
	$self->call('Emulation.setDeviceMetricsOverride', width => $params{width} // 1280, height => $params{height} // 900,
		deviceScaleFactor => 1, mobile => JSON::PP::false);
	$self->call('Page.navigate', url => $address);
	$self->wait_for('document.readyState == "complete"');
	return $self;
}

# ---- the protocol: JSON with a NUL after it, each way ----

sub call
{
	my ($self, $method, %params) = @_;
	my $id = ++$self->{last_id};
	my $message = { id => $id, method => $method, params => \%params };
	$message->{sessionId} = $self->{session} if $self->{session};
	my $text = $json->encode($message) . "\0";
	while (length $text)
	{
		my $written = syswrite $self->{to}, $text;
		die "Chromium takes no commands: $!" unless defined $written;
		substr($text, 0, $written) = '';
	}
	while (my $event = $self->_next_event)
	{
		next unless ($event->{id} // 0) == $id;
		die "$method: $event->{error}{message}" if $event->{error};
		return $event->{result};
	}
}

sub _next_event
{
	my ($self) = @_;
	my $deadline = time + 60;
	while ($self->{waiting} !~ /\0/)
	{
		my $ready = '';
		vec($ready, fileno $self->{from}, 1) = 1;
		die 'Chromium said nothing for a minute' unless select $ready, undef, undef, $deadline - time;
		sysread $self->{from}, $self->{waiting}, 65536, length $self->{waiting} or die 'Chromium ended';
	}
	my $end = index $self->{waiting}, "\0";
	my $event = $json->decode(substr $self->{waiting}, 0, $end);
	substr($self->{waiting}, 0, $end + 1) = '';
	my $method = $event->{method} // '';
	push @{ $self->{requests} }, $event->{params}{request}{url} if $method eq 'Network.requestWillBeSent';
	push @{ $self->{complaints} }, $event->{params}{entry}{text} if $method eq 'Log.entryAdded';
	push @{ $self->{complaints} }, $event->{params}{exceptionDetails}{exception}{description} // $event->{params}{exceptionDetails}{text}
	  if $method eq 'Runtime.exceptionThrown';
	push @{ $self->{complaints} }, join ' ', map { $_->{description} // $_->{value} // '' } @{ $event->{params}{args} }
	  if $method eq 'Runtime.consoleAPICalled' && $event->{params}{type} =~ /^(?:error|warning|assert)$/;
	return $event;
}

# ---- what one does with a page ----

sub evaluate
{
	my ($self, $expression) = @_;
	my $answer = $self->call('Runtime.evaluate', expression => $expression, awaitPromise => JSON::PP::true, returnByValue => JSON::PP::true);
	die "$expression: $answer->{exceptionDetails}{exception}{description}" if $answer->{exceptionDetails};
	return $answer->{result}{value};
}

sub wait_for
{
	my ($self, $expression) = @_;
	my $deadline = time + 300;
	until ($self->evaluate($expression))
	{
		die "not true within five minutes: $expression" if time > $deadline;
		sleep 0.05;
	}
	return 1;
}

sub click
{
	my ($self, $x, $y) = @_;
	for my $type (qw(mouseMoved mousePressed mouseReleased))
	{
		$self->call('Input.dispatchMouseEvent', type => $type, x => $x, y => $y, button => $type eq 'mouseMoved' ? 'none' : 'left',
			clickCount => $type eq 'mouseMoved' ? 0 : 1);
	}
	return;
}

sub type { my ($self, $text) = @_; $self->call('Input.insertText', text => $text); return; }

sub press
{
	my ($self, $key) = @_;
	my $text = $key eq 'Enter' ? "\r" : length $key == 1 ? $key : undef;
	my %code = (Enter => 13, Escape => 27, Tab => 9, ArrowLeft => 37, ArrowUp => 38, ArrowRight => 39, ArrowDown => 40);
	$self->call('Input.dispatchKeyEvent', type => 'keyDown', key => $key, windowsVirtualKeyCode => $code{$key} // ord uc $key, defined $text ? (text => $text) : ());
	$self->call('Input.dispatchKeyEvent', type => 'keyUp', key => $key);
	return;
}

sub screenshot
{
	my ($self, $file, %params) = @_;
	my $page = $params{whole} && { width => $self->evaluate('innerWidth'), height => $self->call('Page.getLayoutMetrics')->{cssContentSize}{height} };
	my $image = $self->call('Page.captureScreenshot', format => 'png',
		$page ? (captureBeyondViewport => JSON::PP::true, clip => { x => 0, y => 0, width => $page->{width}, height => $page->{height}, scale => 1 }) : ());
	CORE::open(my $out, '>:raw', $file) or die "$file: $!";
	print {$out} MIME::Base64::decode_base64($image->{data});
	close $out;
	return;
}

sub requests { return @{ $_[0]{requests} }; }
sub complaints { return @{ $_[0]{complaints} }; }

sub DESTROY
{
	my ($self) = @_;
	return unless $self->{pid};
	local $?;
	eval { $self->call('Browser.close') } if $self->{to};
	close $self->{to} if $self->{to};
	my $deadline = time + 10;
	while (waitpid($self->{pid}, POSIX::WNOHANG()) == 0)
	{
		kill 'KILL', $self->{pid} if time > $deadline;
		sleep 0.05;
	}
	return;
}

1;
