# Nodes that very many mentions speak of: what one more costs, what it costs to merge a
# node of few into it, and to merge two large ones; in pages touched, of which nothing
# else that the machine does changes the number. Mentions come by `import`, a line each.
use strict;
use warnings;

use Bench::Figures qw(median);
use Bench::Sandbox;

my $few = 10;

sub measure_hub
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built});
	$server->sql(q{SELECT kg_batch.create_graph('hubs')});
	my ($many, $half) = ($option->{mentions}, int($option->{mentions} / 10));
	my %mentions = (Magnolia => $many, Petunia => $few, Juniper => $few, Oleander => $few, Hawthorn => $few, Rosemary => $half, Valerian => $half, Lavender => int($half / 2), Camomile => int($half / 2));
	speak_of($server, $_, 0, $mentions{$_}) for sort keys %mentions;
	$server->sql('VACUUM ANALYZE');
	my (%more);
	for my $time (0 .. $option->{repeats})
	{
		for my $name (qw(Magnolia Petunia))
		{
			$server->wait_until_workers_left;
			my $before = $server->pages;
			speak_of($server, $name, $mentions{$name} + $time, 1);
			$server->wait_until_workers_left;
			push @{ $more{$name} }, $server->pages - $before if $time > 0;
		}
	}
	# Each a pair of its own, since what is merged is merged.
	my $into_hub = merge($server, 'Magnolia', 'Juniper');
	my $into_few = merge($server, 'Oleander', 'Hawthorn');
	my $large = merge($server, 'Rosemary', 'Valerian');
	my $half_as_large = merge($server, 'Lavender', 'Camomile');
	my $of_few = median(@{ $more{Petunia} });
	return [
		{ figure => "one mention more of a node with $many: pages, times those of one with $few", values => [ map { $_ / $of_few } @{ $more{Magnolia} } ], target => [ 'at most', 1.2 ] },
		{ figure => "merging a node of $few into one of $many: pages, times those of two of $few", values => [ $into_hub / $into_few ], target => [ 'at most', 1.2 ] },
		{ figure => "merging two of $half: pages, times those of two of half as many", values => [ $large / $half_as_large ], target => [ 'at most', 2.4 ] },
		{ figure => "pages of one mention more of a node with $few", values => $more{Petunia}, digits => 0 } ];
}

sub speak_of
{
	my ($server, $name, $from, $count) = @_;
	$server->sql(<<"END");
DO \$\$ BEGIN FOR n IN $from .. $from + $count - 1 LOOP
	PERFORM kg_batch.import('jsonl', format('{"from": "$name", "relation": "grows near", "to": "%s"}', initcap(translate(md5('$name' || n), '0123456789', 'ghijklmnop'))), 'hubs');
	IF n % 100 = 99 THEN COMMIT; END IF;
END LOOP; END \$\$
END
	$server->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch_internal.job});
	return;
}

sub node_called { my ($server, $name) = @_; return $server->value("SELECT node_id FROM kg_batch.node WHERE label = '$name' AND graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'hubs')"); }

sub merge
{
	my ($server, $a, $b) = @_;
	my ($into, $from) = map { node_called($server, $_) } $a, $b;
	my @plan = map { $_->[0] } $server->sql("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) SELECT kg_batch.merge($into, $from, graph => 'hubs')");
	my ($buffers) = grep { /Buffers:/ } @plan or die "no buffers in the plan: @plan\n";
	my $pages = 0;
	$pages += $_ for $buffers =~ /(?:hit|read)=(\d+)/g;
	return $pages;
}

{ measure => \&measure_hub, scale => { tiny => { mentions => 40 }, small => { mentions => 1_000 }, full => { mentions => 100_000 } } };
