# Pipelines keep their slots full: answers are stored and read, and the next
# questions made ready, beside the waiting and not instead of it. Measured at the
# other side: the stand-in's journal says how many requests were in flight each time
# one ended.
#
# 1,000 requests of 200 ms each, 8 pipelines with 5 slots: never fewer than 36 of 40.
# That is how it is on a machine with nothing else to do, and what is asked for with
#
#   KG_BATCH_IN_FLIGHT=full
#
# Beside other tests two cores have other things to do at times, so otherwise it is
# 28 on average (35 with 20 others in the queue for them); one that waits for an answer
# before it stores it and sends the next has 20 with the machine to itself.

use strict;
use warnings;

use KgBatch::Cluster;
use List::Util qw(min sum);
use Test::More;

my $full = ($ENV{KG_BATCH_IN_FLIGHT} // '') eq 'full';
my ($requests, $least, $average) = (1000, 36, $full ? 36 : 28);
my $node = KgBatch::Cluster->with_stand_in('in_flight',
	sim => [ '--latency-ms', 200 ],
	settings => {
		'kg_batch.use_batch_api' => 'off',
		'kg_batch.num_pipelines' => 8,
		'kg_batch.requests_in_flight' => 5,
		'kg_batch.budget_per_day' => 1000 });

$node->enqueue_many('cat', $requests);
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress}, 300), "$requests conversations are done");
my @chats = $node->sim->chats;
is(scalar @chats, $requests, 'with a request each');

# From the end of the hundredth to the start of the last hundred.
my ($from) = (sort { $a <=> $b } map { $_->{ended_ms} } @chats)[99];
my ($to) = (sort { $a <=> $b } map { $_->{started_ms} } @chats)[-100];
my @left = map { $_->{in_flight_at_end} } grep { $_->{ended_ms} > $from && $_->{ended_ms} < $to } @chats;
my %count;
$count{$_}++ for @left;
note('in flight when one ended: ', join ', ', map { "$_ ($count{$_} times)" } sort { $a <=> $b } keys %count);
cmp_ok(scalar @left, '>', $requests / 10, 'enough of them ended between the first and the last hundred');
cmp_ok(sum(@left) / @left, '>=', $average, "$average of 40 were in flight on average");
cmp_ok(min(@left), '>=', $least, "and never were fewer than $least of 40 in flight") if $full;
is($node->sim->stats->{max_in_flight}, 40, 'nor more than 40 at any time');

$node->stop('fast');
done_testing();
