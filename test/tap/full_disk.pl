# On a full disk nothing is lost and no money burns: what cannot be stored is an
# error in the log and a pause, no failed chunk and no question asked over and over;
# as soon as there is room all goes on by itself, to the same graph.
#
# A file system of one's own needs root, which tests have not. Instead the server may
# not make any file larger than the largest one is (a limit of its processes, which
# can be lifted again): a table that has to grow fails as on a full disk, with an
# error of the same place. WAL has segments of a megabyte, so it is never in the way.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my ($prlimit) = grep { -x } map { "$_/prlimit" } split(/:/, $ENV{PATH}), '/usr/bin';
plan skip_all => 'prlimit (util-linux) is not installed' unless $prlimit;

my $node = KgBatch::Cluster->with_stand_in('full_disk', sim => [ '--batch-turnaround-s', 1 ], initdb => [ '--wal-segsize=1' ], settings => {
	'fsync' => 'off',
	'wal_recycle' => 'off',
	'min_wal_size' => '2MB',
	'max_wal_size' => '32MB',
	'autovacuum' => 'off',    # it would make room
	'kg_batch.num_pipelines' => 2,
	# One size of chunks, whichever way they go.
	(map { ("kg_batch.$_" => 5) } qw(batch_chunk_size batch_chunk_max real_time_chunk_size)),
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	'kg_batch.budget_per_day' => 1000 });
my $sim = $node->sim;
my $run = KgBatch::DemoRun->new($node, conversations => 6);

# A conversation of another graph whose rows are there so often that the table is at its limit.
sub fill
{
	my ($table, $counter, %instead) = @_;
	my @columns = split /\n/, $node->kg("SELECT attname FROM pg_attribute WHERE attrelid = 'kg_batch_internal.$table'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''");
	my $least = $node->kg("SELECT GREATEST(1 << 20, max(pg_relation_size(oid)) + (1 << 19)) FROM pg_class WHERE relkind IN ('r', 'i', 't') AND relname <> '$table'");
	my $names = join ', ', @columns;
	my $values = join ', ', map { $_ eq $counter ? "$_ + more" : $instead{$_} // $_ } @columns;
	$node->kg(qq{INSERT INTO kg_batch_internal.$table ($names) SELECT $values FROM (SELECT * FROM kg_batch_internal.$table
		WHERE graph_id = kg_batch.graph_id('padding') ORDER BY $counter LIMIT 1) t, generate_series(100, 300 + ($least - pg_relation_size('kg_batch_internal.$table')) / (SELECT min(pg_column_size(o)) FROM kg_batch_internal.$table o)) more});
	my $size = $node->kg("SELECT pg_relation_size('kg_batch_internal.$table')");
	cmp_ok($size, '>=', $least, "$table is by far the largest table");
	return $size;
}

sub limit_files
{
	my ($size) = @_;
	my @pids = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
	chomp(my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid'));
	system_or_bail($prlimit, '--pid', $_, "--fsize=$size:unlimited") for $postmaster, grep { kill 0, $_ } @pids;
	return;
}

sub is_full
{
	my ($name, $since) = @_;
	return ok($node->wait_until(sub { my @errors = slurp_file($node->logfile, $since) =~ /(?:could not extend file|could not write to file)/g; @errors > 3 }, 60), "$name: the disk is full");
}

$node->kg(q{SELECT kg_batch.create_graph('padding'); SELECT kg_batch.enqueue('[{"speaker":"Alice","content":"I adopted a cat called Tom."}]', final => true, graph => 'padding')});
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE graph = 'padding'}), 'there is something to fill tables with');

for my $way ([ 'answers of a batch', 'answer', 'attempt', {} ], [ 'direct answers', 'answer', 'attempt', { use_batch_api => JSON::PP::false } ], [ 'mentions', 'node_mention', 'n', {} ])
{
	my ($name, $table, $counter, $options) = @$way;
	$run->{options} = JSON::PP::encode_json($options);
	my $size = fill($table, $counter);
	$node->kg('CHECKPOINT');
	my $log = -s $node->logfile;
	limit_files($size);
	$run->begin($name);
	is_full($name, $log);
	my $stats = $sim->stats;
	is($run->progress('chunks_failed'), 0, "$name: no chunk has failed by it");
	unlike(slurp_file($node->logfile, $log), qr/PANIC|terminated by signal/, "$name: and nobody crashed");
	limit_files('unlimited');
	$run->whole($name);
}

$node->stop('fast');
done_testing();
