# Figures of a benchmark: measured several times, shown as median and spread.
#
#   { figure => 'messages a second against plain SQL', values => [ 0.6, 0.7, 0.65 ],
#     target => [ 'at least', 0.5 ], digits => 2 }
#
# A figure without a target says where the others come from.
package Bench::Figures;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT_OK = qw(median spread target verdict rounded);

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted % 2 ? $sorted[ @sorted / 2 ] : ($sorted[ @sorted / 2 - 1 ] + $sorted[ @sorted / 2 ]) / 2;
}

sub rounded { my ($figure, $value) = @_; return sprintf '%.*f', $figure->{digits} // 2, $value; }

sub spread
{
	my ($figure) = @_;
	my ($low, $high) = (sort { $a <=> $b } @{ $figure->{values} })[ 0, -1 ];
	return @{ $figure->{values} } > 1 ? rounded($figure, $low) . ' to ' . rounded($figure, $high) : 'once';
}

sub target { my ($figure) = @_; return $figure->{target} ? join ' ', @{ $figure->{target} } : ''; }

sub verdict
{
	my ($figure) = @_;
	return '' unless $figure->{target};
	my ($sort, $limit) = @{ $figure->{target} };
	my $median = median(@{ $figure->{values} });
	return ($sort eq 'at least' ? $median >= $limit : $median <= $limit) ? 'met' : 'missed';
}

1;
