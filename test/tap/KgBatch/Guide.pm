# A document that a test follows: what its blocks say is typed into psql, and what
# comes has to be what stands there.
#
#   KgBatch::Guide::follow($node, 'doc/how-to/moving-to-it.md')
#   KgBatch::Guide::follow($node, $file, sub { my ($statement) = @_; … })     called before each
#
# Typed are ```sql blocks, of which the ```text block below has the output; and in
# ```text blocks that begin with a prompt ("kg=> ") what stands behind the prompts.
# White space, rules and frames of tables do not count, nor do moments and
# fractions of three digits: 0.0012 may be 0.0013. "…" stands for anything within a line, and alone
# in a line for any lines. What comes on stderr (notices) is not looked at.
package KgBatch::Guide;

use strict;
use warnings;
use utf8;

use Encode ();
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

sub follow
{
	my ($node, $file, $before) = @_;
	my $number = 0;
	for my $step (steps($file))
	{
		my ($line, $statements, $expected) = @$step;
		$before->($statements) if $before;
		my ($worked, $out, $err) = type_in($node, $statements);
		ok($worked, "$file, line $line: it works") or diag($err);
		my $pattern = join '', map { $_ eq '…' ? '(?:.*\n)*' : join('.*', map { quotemeta } split /…/, $_, -1) . '\n' } lines($expected);
		ok(join('', map { "$_\n" } lines($out)) =~ /\A$pattern\z/, '... and gives what stands there') or diag(Encode::encode('UTF-8', "it gave\n$out"));
		++$number;
	}
	return $number;
}

# [first line, what to type, what comes]
sub steps
{
	my ($file) = @_;
	my (@steps, $language, $block, $number);
	for my $line (split /\n/, Encode::decode('UTF-8', slurp_file($file)))
	{
		++$number;
		if ($line !~ /^```(\w*)/) { push @$block, $line if $block; next; }
		if (!$block) { ($language, $block) = ($1, []); next; }
		my $first = $number - @$block;
		if ($language eq 'sql') { push @steps, [ $first, join('', map { "$_\n" } @$block), '' ]; }
		elsif ($language eq 'text' && ($block->[0] // '') =~ /^kg=> /)
		{
			for (@$block)
			{
				if (/^kg=> (.*)/) { push @steps, [ $first, "$1\n", '' ]; }
				elsif (/^kg-> (.*)/) { $steps[-1][1] .= "$1\n"; }
				else { $steps[-1][2] .= "$_\n"; }
				++$first;
			}
		}
		elsif ($language eq 'text' && @steps) { $steps[-1][2] .= join '', map { "$_\n" } @$block; }
		undef $block;
	}
	return @steps;
}

sub type_in
{
	my ($node, $statements) = @_;
	my ($in, $out, $err) = (Encode::encode('UTF-8', $statements), '', '');
	my $worked = IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-P', 'pager=off', '-d', $node->connstr('kg') ], '<', \$in, '>', \$out, '2>', \$err,
		IPC::Run::timeout(150));
	return ($worked, map { Encode::decode('UTF-8', $_) } $out, $err);
}

# What counts of an output, line by line.
sub lines
{
	my ($text) = @_;
	my @lines;
	for (split /\n/, $text)
	{
		s/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:\+\d\d)?/TIME/g;
		s/\d+\.\d{3,}/FRACTION/g;
		s/\s+/ /g;
		s/^ | $//g;
		push @lines, $_ if /[^-+ ]/;
	}
	return @lines;
}

1;
