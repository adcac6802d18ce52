# Writing the files of batches and uploading them: 50,000 requests, about 200 MB and
# more. Writing is from the moment a batch is made until its file is there: every
# question is built anew out of its chunk, in pages of 200.
use strict;
use warnings;

use Bench::Batches;

sub measure_submit
{
	my ($option) = @_;
	my $batch = Bench::Batches::write_one($option);
	return [
		{ figure => 'MB a second of writing', values => [ $batch->{megabytes} / $batch->{seconds} ], target => [ 'at least', 100 ], digits => 1 },
		{ figure => 'MB a second of uploading to the stand-in', values => [ $batch->{megabytes} / $batch->{upload_seconds} ], digits => 1 },
		{ figure => 'MB of memory over idle', values => [ $batch->{memory_mb} ], target => [ 'at most', 32 ], digits => 1 },
		{ figure => 'MB written', values => [ $batch->{megabytes} ], digits => 1 } ];
}

{ measure => \&measure_submit, scale => { tiny => { requests => 200 }, small => { requests => 2000 }, full => { requests => 50_000 } } };
