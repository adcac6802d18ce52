# On a full disk nothing is lost and no money burns: what cannot be stored is an
# error in the log and a pause, no failed chunk and no question asked over and over;
# as soon as there is room all goes on by itself, to the same graph.
#
# The disk is a small tmpfs of this server's own (in a mount namespace of its own,
# which needs no root), as a tablespace; a table on it takes what room there is, and
# gives it back.

use strict;
use warnings;

use IPC::Run;
use JSON::PP ();
use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my $disk = PostgreSQL::Test::Utils::tempdir('disk');
my @unshare = qw(unshare --user --map-current-user --keep-caps --mount);
my $mount = "mount -t tmpfs -o size=16m,mode=700 none '$disk'";
plan skip_all => 'this machine lets nobody but root have a file system of his own'
  unless eval { IPC::Run::run([ @unshare, 'sh', '-c', $mount ], '>', \my $out, '2>&1') };

my $node = KgBatch::Cluster->with_stand_in('full_disk', sim => [ '--batch-turnaround-s', 1 ], settings => {
	'fsync' => 'off',
	'autovacuum' => 'off',    # it would make room
	'kg_batch.num_pipelines' => 2,
	# One size of chunks, whichever way they go.
	(map { ("kg_batch.$_" => 5) } qw(batch_chunk_size batch_chunk_max real_time_chunk_size)),
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	'kg_batch.budget_per_day' => 1000 });
my $sim = $node->sim;
$node->stop('fast');
system_or_bail(@unshare, 'sh', '-c', "$mount && exec pg_ctl -w -s -D '" . $node->data_dir . "' -l '" . $node->logfile . "' start");
$node->_update_pid(1);
$node->kg("CREATE TABLESPACE small LOCATION '$disk'");
my $run = KgBatch::DemoRun->new($node, conversations => 5);

for my $way ([ 'answers of a batch', 'answer', {} ], [ 'direct answers', 'answer', { use_batch_api => JSON::PP::false } ], [ 'mentions', 'node_mention', {} ])
{
	my ($name, $table, $options) = @$way;
	$run->{options} = JSON::PP::encode_json($options);
	# All of it is on the disk, and what was free in it is not any more.
	$node->kg("ALTER TABLE kg_batch_internal.$table SET TABLESPACE small; VACUUM FULL kg_batch_internal.$table");
	$node->kg('CREATE TABLE room (text text) TABLESPACE small');
	my $err = '';
	$node->psql('kg', "INSERT INTO room SELECT repeat('x', 1800) FROM generate_series(1, 100000)", stderr => \$err);
	like($err, qr/No space left on device/, "$name: the disk is full");
	my $log = -s $node->logfile;
	$run->begin($name);
	ok($node->wait_until(sub { my @errors = slurp_file($node->logfile, $log) =~ /could not extend file/g; @errors > 6 }, 60), "$name: workers meet it");
	my %in_a_second;
	$in_a_second{$_}++ for slurp_file($node->logfile, $log) =~ /^\S+ ([0-9:]+)\S* .*could not extend file/mg;
	my ($most) = sort { $b <=> $a } values %in_a_second;
	cmp_ok($most, '<', 40, "$name: they try again at leisure");
	is($run->progress('chunks_failed'), 0, "$name: no chunk has failed by it");
	unlike(slurp_file($node->logfile, $log), qr/PANIC|terminated by signal/, "$name: and nobody crashed");
	$node->kg('DROP TABLE room');
	$run->whole($name);
	$node->kg("ALTER TABLE kg_batch_internal.$table SET TABLESPACE pg_default");
}

$node->stop('fast');
done_testing();
