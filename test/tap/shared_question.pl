# Two jobs that ask the same ask once. Who waits for the other's answer is not done before
# it has it, and asks by itself when the other one is cancelled.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('shared_question', sim => [ '--batch-turnaround-s', 3600 ],
	settings => { fsync => 'off', 'kg_batch.batch_min_requests' => 1, 'kg_batch.batch_linger' => '50ms', 'kg_batch.batch_poll_interval' => '100ms' });
my $sim = $node->sim;

sub enqueue
{
	my ($graph, $key, $job) = @_;
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "content": "I live in Bergen."}]', key => '$key', job => '$job', final => true, graph => '$graph')});
	return;
}
sub state_of { my ($graph, $job) = @_; return $node->kg("SELECT state FROM kg_batch.progress WHERE graph = '$graph' AND job = '$job'"); }
sub chunk_of { my ($key) = @_; return $node->kg("SELECT c.state FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) WHERE v.key = '$key'"); }

# A job of its own that is done after the coordinator has looked at the others.
sub coordinator_has_looked
{
	my ($graph) = @_;
	$node->kg(qq{SELECT kg_batch.create_job('another', '{"use_batch_api":false}', graph => '$graph');
		SELECT kg_batch.enqueue('[{"speaker": "Bob", "content": "I have a dog called Rex."}]', key => 'another', job => 'another', final => true, graph => '$graph')});
	return ok($node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE graph = '$graph' AND job = 'another'"), "$graph: the coordinator looks at its jobs");
}

for my $graph ('answered', 'cancelled')
{
	$node->safe_psql('postgres', "ALTER SYSTEM SET kg_batch.batch_linger = '" . ($graph eq 'answered' ? '50ms' : '1h') . q{'});
	$node->reload;
	$node->kg(qq{SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('first', '{"use_batch_api":true}', graph => '$graph');
		SELECT kg_batch.create_job('second', '{"use_batch_api":false}', graph => '$graph')});
	enqueue($graph, "$graph, first", 'first');
	my $is_out = $graph eq 'answered' ? q{SELECT state = 'submitted' FROM kg_batch.batches ORDER BY batch_id DESC LIMIT 1}
	  : q{SELECT EXISTS (SELECT FROM kg_batch_internal.ready WHERE kind = 4)};
	ok($node->wait_until($is_out), "$graph: a question of the first job waits") or BAIL_OUT('it does not go on');
	enqueue($graph, "$graph, second", 'second');
	ok($node->wait_until(sub { chunk_of("$graph, second") eq 'asking' }), "$graph: the second job waits for it");
	coordinator_has_looked($graph);
	is(state_of($graph, 'second'), 'running', "$graph: and is not done");
	is($sim->stats->{batch}{answers}, 0, "$graph: as nothing was answered");
	$graph eq 'answered' ? $sim->advance(3600) : $node->kg("SELECT kg_batch.cancel('first', graph => '$graph')");
	ok($node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE graph = '$graph' AND job = 'second'"), "$graph: it is done");
	is(chunk_of("$graph, second"), 'done', "$graph: with its answer");
	is(chunk_of("$graph, first"), $graph eq 'answered' ? 'done' : 'cancelled', "$graph: so is the first, or cancelled");
	is($sim->stats->{repeated_answers}, 0, "$graph: it was asked once");
	$sim->request('POST', '/_sim/reset');
}
$node->stop('fast');
done_testing();
