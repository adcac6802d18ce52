# Somebody who has never seen kg_batch finds by its names and comments how far a job
# is, what it costs, why three chunks failed and how to retry them: the session in
# doc/how-to/find-your-way.md, typed in again.

use strict;
use warnings;

use FindBin;
use KgBatch::Cluster;
use KgBatch::Guide;
use Test::More;

chdir "$FindBin::RealBin/../.." or die "could not go to the source tree: $!";
my $node = KgBatch::Cluster->with_stand_in('find_your_way', sim => [ '--batch-turnaround-s', 3600 ],
	settings => { fsync => 'off', 'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_linger' => '500ms' });

# A job of which twenty went directly, three of them in vain, and thirty are out by batch.
sub handed_in
{
	my ($from, $to) = @_;
	return $node->kg(qq{SELECT count(kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Anna', 'content', format('I adopted a dog called Rex number %s.', n))),
		key => 'letter ' || n, job => 'letters', final => true)) FROM generate_series($from, $to) n});
}
$node->kg(q{SELECT kg_batch.create_job('letters', '{"batch_min_requests": 25, "max_attempts": 1}')});
$node->sim->fault({ fault => 'refusal', stage => 'kg_extract', contains => "Rex number $_.", count => 1, text => 'I cannot help with that.' }) for 5, 11, 17;
handed_in(1, 20);
ok($node->wait_until(q{SELECT state = 'done' AND chunks_failed = 3 FROM kg_batch.progress}), 'three chunks fail');
handed_in(21, 50);
ok($node->wait_until(q{SELECT doing ~ '^0 of 30 answers in' FROM kg_batch.progress}), 'a batch is out');
$node->sim->configure(batch_turnaround_s => 1);   # for what is asked again

# The session waits for the batch to come back.
my $steps = KgBatch::Guide::follow($node, 'doc/how-to/find-your-way.md', sub { $node->sim->advance(3600) if $_[0] =~ /^CALL kg_batch\.wait/ });
cmp_ok($steps, '>=', 8, 'the session was typed in');

$node->stop('fast');
done_testing();
