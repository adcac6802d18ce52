# How fast conversations become a graph when the model takes no time: from the moment
# in which a job of conversations that are handed in is let go until it is done, with
# all questions about the graph, against plain SQL that writes the rows it ends with.
#
# The stand-in runs on the same machine, and answers; so do 8 pipelines, whereas plain
# SQL is one session. Both are left as they are.
use strict;
use warnings;

use Bench::Rows;
use Bench::Talk;
use Time::HiRes qw(time);

sub measure_ingest
{
	my ($option) = @_;
	my $portions = Bench::Talk::portions(($option->{conversations}) x (1 + $option->{repeats}));
	my $server = Bench::Talk::server($option, $portions, settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 8 });
	my (@share, %rate);
	for my $time (0 .. $option->{repeats})
	{
		my $graph = "time_$time";
		Bench::Talk::hand_in($server, $graph, $time, '{"paused":true}');
		$server->sql('CHECKPOINT');
		my $began = time;
		$server->sql("SELECT kg_batch.resume('read', graph => '$graph')");
		$server->wait_until_done;
		my $seconds = time - $began;
		my %rows = map { $_ => Bench::Talk::rows($server, $graph, $_) } qw(chunk node_mention node edge);
		my $plain = Bench::Rows::written_plainly($server, $graph);
		next if $time == 0;
		push @share, $plain / $seconds;
		push @{ $rate{$_} }, $rows{$_} / $seconds for keys %rows;
	}
	return [
		{ figure => 'share of plain SQL that writes the same rows', values => \@share, target => [ 'at least', 0.5 ], digits => 3 },
		map { { figure => "$_->[1] a second", values => $rate{ $_->[0] }, digits => 0 } } [ chunk => 'chunks' ], [ node_mention => 'mentions' ], [ node => 'nodes' ], [ edge => 'edges' ] ];
}

{ measure => \&measure_ingest, scale => { tiny => { conversations => 20 }, small => { conversations => 300 }, full => { conversations => 10_000 } } };
