# A copy of a database whose batch is out sends nothing, reads nothing and cancels
# nothing of the original, until it is told to go on; and then, however often and by
# how many, it asks once, by a batch of its own.

use strict;
use warnings;

use IPC::Run;
use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('copies', preload => 0, sim => [ '--batch-turnaround-s', 3600 ], settings => {
	'fsync' => 'off',
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	'kg_batch.budget_per_day' => 1000 });
my $sim = $node->sim;
$node->enqueue_many('cat', 25);
ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted'}), 'a batch is out');
my $ours = $node->kg('SELECT remote_id FROM kg_batch.batches');
my ($out, $err) = ('', '');
$node->psql('postgres', 'CREATE DATABASE copy TEMPLATE kg', stderr => \$err);
like($err, qr/is being accessed by other users/, 'without preload nobody ends the workers of a database that is to be copied');
$node->kg('SELECT kg_batch.stop()');
ok($node->wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^kg_batch'}), '… but stop() does');
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE kg');
$node->kg('SELECT kg_batch.start()');
$node->safe_psql('copy', 'SELECT kg_batch.start()');
my $batches = sub { return map { "$_->{id} $_->{status}" =~ s/(?:validating|in_progress)/out/r } @{ $sim->request('GET', '/v1/batches?limit=100')->{data} }; };
is_deeply([ $batches->() ], [ "$ours out" ], 'a copy sends nothing');
# Twice, at once and once more when it is at home, which gives up no batch of its own.
my @both = map { IPC::Run::start([ 'psql', '-XAtq', '-c', 'SELECT kg_batch.resume()', $node->connstr('copy') ], '>', \my $said, '2>&1') } 1, 2;
ok((grep { $_->finish } @both) == 2, 'resume() twice at once');
ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted'}, 60, 'copy'), '… has the copy send one batch');
my $id = $node->safe_psql('copy', 'SELECT installation_id FROM kg_batch_internal.home');
isnt($id, $node->kg('SELECT installation_id FROM kg_batch_internal.home'), '… under an identity of its own');
$node->psql('copy', 'SELECT kg_batch.resume()', stderr => \$err);
like($err, qr/NOTICE:  this database is at home already/, 'resume() in a database that is at home says so');
is($node->safe_psql('copy', 'SELECT installation_id FROM kg_batch_internal.home'), $id, '… and changes nothing');
is($node->safe_psql('copy', q{SELECT string_agg(state, ' ' ORDER BY batch_id) FROM kg_batch.batches}), 'lost submitted', '… and gives up no batch');
$sim->configure(batch_turnaround_s => 1);
$sim->advance(3600);
for my $database ('kg', 'copy')
{
	ok($node->wait_until(q{SELECT state = 'done' AND chunks_done = 25 FROM kg_batch.progress}, 60, $database), "$database: all is done");
}
is(scalar($batches->()), 2, '… by one batch each');
is($node->kg('SELECT kg_batch.graph_digest()'), $node->safe_psql('copy', 'SELECT kg_batch.graph_digest()'), '… and the same graph');
is($node->kg(q{SELECT state, answered FROM kg_batch.batches}), 'done|25', 'the original has read its own');
$node->stop('fast');

done_testing();
