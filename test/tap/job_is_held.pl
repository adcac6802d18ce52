# A job ends when its last work is done, also where its row is held just then, as it
# is by whoever refers to it: the coordinator does not leave before it could say so.

use strict;
use warnings;

use IPC::Run ();
use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('job_is_held', settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });
$node->kg(q{SELECT kg_batch.create_job('held', '{"paused": true}')});
$node->enqueue_many('cat', 1, job => 'held');
$node->kg(q{SELECT kg_batch.resume('held')});
my ($in, $out, $err) = ("BEGIN; SELECT 'has it' FROM kg_batch_internal.job FOR KEY SHARE;\n", '', '');
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('kg') ], \$in, \$out, \$err, IPC::Run::timer(180));
$holder->pump until $out =~ /has it/;

ok($node->wait_until(q{SELECT chunks_done = 1 AND doing = 'about to end' FROM kg_batch.progress}), 'all that was handed in is read');
my %looks;
ok($node->wait_until(sub {
	my $look = $node->kg(q{SELECT state_change FROM pg_stat_activity WHERE backend_type = 'kg_batch coordinator'});
	$looks{$look} = 1;
	return $look eq '' || keys %looks > 4;
}), 'the coordinator looked at it several times');
isnt($node->kg(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'kg_batch coordinator'}), 0, 'and stays');
is($node->kg('SELECT state FROM kg_batch.progress'), 'running', 'while its row is held');
$in = "COMMIT;\n\\q\n";
$holder->finish;
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress}), 'then it is done');
ok($node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'kg_batch coordinator'}, 150), 'and the coordinator leaves');

$node->stop('fast');
done_testing();
