# While all is at the API nobody looks: the batch manager sleeps until it is to ask how a
# batch is, here for a quarter of an hour, and the coordinator longer each time. Whoever
# changes what there is to do wakes them, and what has a time of its own comes at its time.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('asleep', sim => [ '--batch-turnaround-s', 86_400 ],
	settings => { fsync => 'off', 'kg_batch.batch_poll_interval' => '1h', 'kg_batch.batch_linger' => '100ms' });
my $sim = $node->sim;
my $cancels = sub { return $sim->stats->{routes}{'POST /v1/batches/{batch_id}/cancel'}{requests} // 0; };

# A job of which all is in a batch that is out, and was asked about once.
sub out
{
	my ($job) = @_;
	$node->kg(qq{SELECT kg_batch.create_job('$job', '{"batch_min_requests": 1}')});
	$node->enqueue_many("cat of $job", 3, job => $job);
	ok($node->wait_until(qq{SELECT state = 'submitted' AND polls = 1 AND next_poll_at > now() + interval '10 minutes' FROM kg_batch.batches WHERE '$job' = ANY (jobs)}),
		"$job: it is out, and is not to be asked about for long");
	return;
}

out('first');
out('second');
is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 2, 'what is handed in while all sleep is sent');

$node->kg(q{SELECT kg_batch.cancel('first')});
ok($node->wait_until(sub { $cancels->() == 1 }), 'a person cancels: the API is told');

$node->kg(q{UPDATE kg_batch_internal.batch SET deadline = now() + interval '2 s' WHERE state = 'submitted' AND NOT cancel_requested});
$node->kg('SELECT kg_batch.flush()');    # wakes, so that the new time is seen
ok($node->wait_until(sub { $cancels->() == 2 }), 'a batch whose time is over is cancelled at that time');
$sim->advance(30_000);    # in which it is so
$node->ask_about_batches('submitted');
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'second'}), '… and the rest is asked directly');

out('third');
$node->kg(q{SELECT kg_batch.create_job('talk', '{"use_batch_api": false, "settle": "2 seconds"}');
	SELECT kg_batch.enqueue('[{"speaker": "Zoe", "content": "I saw a whale off Bergen."}]', job => 'talk')});
ok($node->wait_until(q{SELECT state = 'done' AND chunks_done = 1 FROM kg_batch.progress WHERE job = 'talk'}), 'a conversation that settles is read when it has');

# The one that is asked about next is asked about, whatever else sleeps.
$node->ask_about_batches('submitted');
ok($node->wait_until(q{SELECT polls = 2 FROM kg_batch.batches WHERE 'third' = ANY (jobs)}), 'a batch is asked about at its time');

$node->stop('fast');
done_testing();
