# Reading a batch's output file of 50,000 answers, 200 MB. Once as the reader alone
# does it, from bytes to what is stored of a line, against nlohmann/json parsing the
# same lines in one thread. And once as the batch manager does it with a batch of the
# stand-in, with all its writing to the tables; its memory over what it had idle.
use strict;
use warnings;

use Bench::Batches;
use Bench::Figures qw(median);
use Bench::Sandbox;

sub result_lines
{
	my ($option, @arguments) = @_;
	open my $out, '-|', program($option), @arguments or die "result_lines: $!\n";
	my @figures = split ' ', <$out> // '';
	close $out or die "result_lines @arguments failed\n";
	return @figures;
}

sub program { return "$Bench::Sandbox::root/build/dev/test/bench/result_lines"; }

sub missing
{
	my ($option) = @_;
	return -x program($option) ? '' : program($option) . ' is not built (CONTRIBUTING.md, "Building")';
}

sub measure_results
{
	my ($option) = @_;
	my $directory = File::Temp->newdir('kg_batch_bench.XXXXXX', TMPDIR => 1);
	my $file = "$directory/answers.jsonl";
	system(program($option), 'write', $file, $option->{answers}, $option->{answers} * $option->{bytes}) == 0 or die "no file of answers\n";
	my $megabytes = (-s $file) / 1e6;
	my (@share, @speed, @memory);
	for my $time (0 .. $option->{repeats})
	{
		my ($read, undef, $memory) = result_lines($option, 'read', $file);
		my ($parsed) = result_lines($option, 'parse', $file);
		next if $time == 0;
		push @share, $parsed / $read;
		push @speed, $megabytes / $read;
		push @memory, $memory;
	}
	unlink $file;
	my $batch = Bench::Batches::read_one($option);
	my $parser_alone = median(map { $speed[$_] / $share[$_] } 0 .. $#speed);
	return [
		{ figure => 'reader: MB a second, share of the parser alone', values => \@share, target => [ 'at least', 0.5 ] },
		{ figure => 'reader: MB a second', values => \@speed, digits => 0 },
		{ figure => 'reader: MB of memory over idle', values => \@memory, target => [ 'at most', 64 ], digits => 1 },
		{ figure => 'batch manager, with all that is stored: MB a second, share of the parser alone', values => [ $batch->{megabytes} / $batch->{seconds} / $parser_alone ], target => [ 'at least', 0.5 ] },
		{ figure => 'batch manager: MB a second', values => [ $batch->{megabytes} / $batch->{seconds} ], digits => 1 },
		{ figure => 'batch manager: MB of memory over idle', values => [ $batch->{memory_mb} ], target => [ 'at most', 64 ], digits => 1 } ];
}

{ needs => \&missing, measure => \&measure_results, scale => {
	tiny => { answers => 200, bytes => 4000 }, small => { answers => 2000, bytes => 4000 }, full => { answers => 50_000, bytes => 4000 } } };
