# The LoCoMo dialogues as a table `said`: two people each, over months, in sessions.
# They are not part of the project; where they are is an option of test/bench/run.
package Bench::Dialogues;

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes qw(time);

our $query = 'SELECT conversation, session, speaker, content, sent_at, message_id FROM said ORDER BY conversation, session, turn';
my $name = 'locomo-dev.json';

# What is missing, or nothing.
sub missing
{
	my ($option) = @_;
	return -r "$option->{data}/$name" ? '' : "the LoCoMo dialogues are not there ($option->{data}/$name; --data DIR says where they are)";
}

# So many sessions of so many dialogues; 0: all.
sub load
{
	my ($server, $option) = @_;
	my ($count, $statements) = table($option);
	$server->sql($statements);
	return $count;
}

# How many rows, and the statements that make the table and write them.
sub table
{
	my ($option) = @_;
	open my $file, '<', "$option->{data}/$name" or die "$option->{data}/$name: $!\n";
	my @dialogues = @{ JSON::PP->new->utf8->decode(do { local $/; <$file> }) };
	@dialogues = @dialogues[ 0 .. $option->{dialogues} - 1 ] if $option->{dialogues} && $option->{dialogues} < @dialogues;
	my @rows = map { rows_of($_, $option->{sessions}) } @dialogues;
	# Dollar quotes need no escapes, and JSON has no dollar followed by this word.
	return (scalar @rows, 'CREATE TABLE said (conversation text, session int, turn int, speaker text, content text, sent_at timestamptz, message_id text);'
		  . 'INSERT INTO said SELECT * FROM jsonb_populate_recordset(NULL::said, $dialogues$' . JSON::PP->new->ascii->encode(\@rows) . '$dialogues$)');
}

sub rows_of
{
	my ($dialogue, $sessions) = @_;
	my $said = $dialogue->{conversation};
	my @numbers = sort { $a <=> $b } map { /^session_([0-9]+)$/ ? $1 : () } keys %$said;
	@numbers = @numbers[ 0 .. $sessions - 1 ] if $sessions && $sessions < @numbers;
	my @rows;
	for my $session (@numbers)
	{
		my $sent_at = date_of($said->{"session_${session}_date_time"});
		my $turn = 0;
		push @rows, { conversation => $dialogue->{sample_id}, session => $session, turn => ++$turn, speaker => $_->{speaker},
			content => $_->{text}, sent_at => $sent_at, message_id => $_->{dia_id} } for @{ $said->{"session_$session"} };
	}
	return @rows;
}

# "1:56 pm on 8 May, 2023"
sub date_of
{
	my ($text) = @_;
	my @months = qw(January February March April May June July August September October November December);
	my %month = map { $months[$_] => $_ + 1 } 0 .. 11;
	my ($hour, $minute, $half, $day, $month, $year) = $text =~ /^(\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+)$/ or die "a date of another form: $text\n";
	return sprintf '%04d-%02d-%02dT%02d:%02d:00Z', $year, $month{$month}, $day, $hour % 12 + ($half eq 'pm' ? 12 : 0), $minute;
}

# Reads all of it as a job of its own graph; the seconds from the call to done.
sub read_all
{
	my ($server, $graph, $options) = @_;
	$server->sql("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '$options', graph => '$graph')");
	my $handed_in = $server->seconds("SELECT kg_batch.enqueue_query('$query', job => 'read', graph => '$graph')");
	my $began = time;
	$server->wait_until_done;
	return $handed_in + time - $began;
}

1;
