# doc/benchmarks.md: the table in it is written by test/bench/run --write, the rest
# by hand. A benchmark's rows take the place of those it had; the others stay. The
# machine above them is the one of the last run.
package Bench::Document;

use strict;
use warnings;

use Bench::Figures qw(median spread target verdict rounded);

my ($begin, $end) = ('<!-- written by test/bench/run --write -->', '<!-- until here -->');
our $head = "| benchmark | figure | median | spread | runs | target | | scale | measured |\n|---|---|---|---|---|---|---|---|---|\n";

sub rows
{
	my ($name, $figures, $scale, $measured) = @_;
	return map {
		'| ' . join(' | ', "`$name`", $_->{figure}, rounded($_, median(@{ $_->{values} })), spread($_), scalar @{ $_->{values} },
			target($_), verdict($_), $scale, $measured) . " |\n"
	} @$figures;
}

# `names` gives the order; `rows` are of those that ran.
sub write
{
	my ($file, $names, $rows, $machine) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	my $text = do { local $/; <$in> };
	my ($before, $table, $after) = $text =~ /\A(.*\Q$begin\E\n)(.*)(\Q$end\E.*)\z/s or die "$file has no place for the table\n";
	my %all;
	for my $name (@$names)
	{
		$all{$name} = $rows->{$name} // [ map { "$_\n" } grep { /^\| `\Q$name\E` / } split /\n/, $table ];
	}
	open my $out, '>', $file or die "$file: $!\n";
	print {$out} $before, "\nThe newest rows are of: $machine\n\n", $head, (map { @{ $all{$_} } } @$names), "\n", $after;
	close $out or die "$file: $!\n";
	return;
}

1;
