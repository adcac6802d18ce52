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

# Whoever looks shows life. Wakes nobody.
sub sleeps
{
	my ($when) = @_;
	ok($node->wait_until(q{SELECT count(*) = 2 AND bool_and(last_beat < clock_timestamp() - interval '3 s') FROM kg_batch.pipelines
		WHERE kind IN ('coordinator', 'batch manager')}), "$when: nobody looks");
	return;
}

out('first');
sleeps('a batch is at the API');
out('second');
is($sim->stats->{routes}{'POST /v1/batches'}{requests}, 2, 'what is handed in while all sleep is sent');

# The coordinator sleeps longer each time, so what nobody woke it for it would see sometime:
# what is done has come about before that.
sub woken_for
{
	my ($what, $do, $done) = @_;
	my $until = q{SELECT rests_until FROM kg_batch_internal.live_workers() WHERE kind = 'coordinator'};
	$node->wait_until("SELECT ($until) > clock_timestamp() + interval '12 s'");
	my $looks_again = $node->kg($until);
	$node->kg($do);
	ok($node->wait_until($done), $what);
	return is($node->kg("SELECT clock_timestamp() < '$looks_again'"), 't', '… before anybody would have looked');
}

woken_for('a person cancels: the API is told', q{SELECT kg_batch.cancel('first')}, sub { $cancels->() == 1 });

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

# Seen when it is woken, and then by itself.
$node->kg(q{UPDATE kg_batch_internal.batch SET next_poll_at = now() + interval '3 s' WHERE state = 'submitted'});
$node->kg('SELECT kg_batch.flush()');
ok($node->wait_until(q{SELECT polls = 2 FROM kg_batch.batches WHERE 'third' = ANY (jobs)}), 'a batch is asked about at its time');

# What changes while the API is being asked how the batch is is not overlooked. A pipeline
# leaves when it had nothing to do for a minute, and that is looked at: none does so now.
my $pipelines = q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM kg_batch.pipelines WHERE kind = 'pipeline'};
ok($node->wait_until(q{SELECT min(since) > clock_timestamp() - interval '30 s' FROM kg_batch_internal.live_workers() WHERE kind = 'pipeline'}), 'no pipeline is about to leave');
my $were_there = $node->kg($pipelines);
$node->ask_about_batches('submitted');
ok($node->wait_until(q{SELECT count(*) = 1 FROM kg_batch_internal.batch WHERE ended_at IS NULL}), 'only one batch is left');
my $third = $node->kg(q{SELECT remote_id FROM kg_batch_internal.batch WHERE ended_at IS NULL});
$sim->fault({ fault => 'delay', method => 'GET', path => "^/v1/batches/$third\$", ms => 5000, count => 1 });
$node->ask_about_batches('submitted');
ok($node->wait_until(sub { $sim->request('GET', '/_sim/faults')->[0]{taken} == 1 }), 'a batch is being asked about');
$node->kg(q{SELECT kg_batch.cancel('third')});
ok($node->wait_until(sub { $cancels->() == 3 }), '… when a person cancels it: the API is told');
is($node->kg($pipelines), $were_there, '… before one that leaves had woken anybody');

# Of which nobody knows whether it was created: it is looked for again and again, and not in between.
$sim->fault({ fault => 'drop_after_read', method => 'POST', path => '^/v1/batches$', count => 1 });
$node->kg(q{SELECT kg_batch.create_job('unclear', '{"batch_min_requests": 1}')});
$node->enqueue_many('cat of unclear', 3, job => 'unclear');
ok($node->wait_until(q{SELECT next_poll_at > now() + interval '20 s' FROM kg_batch_internal.batch WHERE state = 'creating'}), 'a batch is looked for');
sleeps('it is not there yet');

woken_for('a person stops it: they leave', 'SELECT kg_batch.stop()', q{SELECT count(*) = 0 FROM kg_batch.pipelines});

$node->stop('fast');
done_testing();
