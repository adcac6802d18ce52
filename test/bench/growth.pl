# What the same conversations cost in a graph that is small and in graphs that are
# large: pages touched, time and WAL per 1,000 chunks, with so many identities there
# before. Those come by `import` as plain lists of names, and have words in common with
# what the conversations speak of no more than names have by chance.
use strict;
use warnings;

use Bench::Figures qw(median);
use Bench::Talk;
use Time::HiRes qw(time);

my $at_once = 10_000;

sub measure_growth
{
	my ($option) = @_;
	my @sizes = @{ $option->{identities} };
	my $portions = Bench::Talk::portions(($option->{conversations}) x (1 + @sizes * $option->{repeats}));
	my $server = Bench::Talk::server($option, $portions, settings => { 'kg_batch.use_batch_api' => 'off' });
	$server->sql(q{SELECT kg_batch.create_graph('grown')});
	my (%pages, %seconds, %wal);
	my ($there, $portion) = (0, 0);
	read_portion($server, $portion++);
	for my $size (@sizes)
	{
		import_names($server, $there, $size);
		$there = $size;
		$server->sql('VACUUM ANALYZE; CHECKPOINT');
		for (1 .. $option->{repeats})
		{
			my ($chunks, $pages, $seconds, $wal) = read_portion($server, $portion++);
			push @{ $pages{$size} }, 1000 * $pages / $chunks;
			push @{ $seconds{$size} }, 1000 * $seconds / $chunks;
			push @{ $wal{$size} }, 1000 * $wal / $chunks / 1e6;
		}
	}
	my ($small, $large) = @sizes[ 0, -1 ];
	my $against = sub { my ($of) = @_; my $least = median(@{ $of->{$small} }); return [ map { $_ / $least } @{ $of->{$large} } ] };
	return [
		{ figure => "pages with $large identities, times those with $small", values => $against->(\%pages), target => [ 'at most', 1.2 ] },
		{ figure => "time with $large identities, times that with $small", values => $against->(\%seconds), target => [ 'at most', 2 ] },
		map { my $size = $_; (
			{ figure => "thousands of pages per 1,000 chunks with $size", values => [ map { $_ / 1000 } @{ $pages{$size} } ], digits => 0 },
			{ figure => "MB of WAL per 1,000 chunks with $size", values => $wal{$size}, digits => 1 }) } @sizes ];
}

sub import_names
{
	my ($server, $from, $to) = @_;
	for (my $n = $from; $n < $to; $n += $at_once)
	{
		my $last = ($n + $at_once < $to ? $n + $at_once : $to) - 1;
		$server->sql("SELECT kg_batch.import('jsonl', (SELECT string_agg(format('{\"node\": \"%s %s\", \"class\": \"person\"}', initcap(translate(md5(n::text), '0123456789', 'ghijklmnop')),
			initcap(translate(md5((n / 3)::text), '0123456789', 'ghijklmnop'))), E'\\n') FROM generate_series($n, $last) n), 'grown')");
		$server->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch_internal.job});
	}
	return;
}

sub read_portion
{
	my ($server, $portion) = @_;
	$server->sql("SELECT kg_batch.create_job('read $portion', '{\"paused\":true}', graph => 'grown');
		SELECT kg_batch.enqueue_query('SELECT conversation, speaker, content, sent_at FROM said WHERE portion = $portion ORDER BY n', job => 'read $portion', graph => 'grown')");
	my ($chunks, $pages, $wal) = counted($server);
	my $began = time;
	$server->sql("SELECT kg_batch.resume('read $portion', graph => 'grown')");
	$server->wait_until_done;
	my $seconds = time - $began;
	my ($chunks_then, $pages_then, $wal_then) = counted($server);
	return ($chunks_then - $chunks, $pages_then - $pages, $seconds, $wal_then - $wal);
}

# Chunks, pages and bytes of WAL so far.
sub counted
{
	my ($server) = @_;
	$server->wait_until_workers_left;
	my $pages = $server->pages;
	my ($chunks, $wal) = @{ ($server->sql(q{SELECT (SELECT count(*) FROM kg_batch_internal.chunk), pg_current_wal_lsn() - '0/0'::pg_lsn}))[0] };
	return ($chunks, $pages, $wal);
}

{ measure => \&measure_growth, scale => { tiny => { conversations => 10, identities => [ 20, 40 ] },
	small => { conversations => 200, identities => [ 1_000, 10_000 ] }, full => { conversations => 1_000, identities => [ 10_000, 100_000, 1_000_000, 3_000_000 ] } } };
