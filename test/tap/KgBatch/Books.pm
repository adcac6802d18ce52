# What must hold of a graph that was read, whatever happened meanwhile: nothing is
# lost, nothing of a batch is paid twice, and the two sides' books agree.
#
#   KgBatch::Books::agree($node, 'name', graph => 'g')    the stand-in's books are of this graph alone
#     lost => 7           at most so many direct questions may have been in flight when a worker ended
#     budget => 0.5       not exceeded, with what is lost
#     done => 0           the jobs are not done: only what holds at any time
#   KgBatch::Books::lost($node, 'g')                      questions that stand in the ledger as lost
package KgBatch::Books;

use strict;
use warnings;

use JSON::PP ();
use Test::More;

# Of a cent a millionth: sums of floats.
my $nothing = 1e-8;

sub agree
{
	my ($node, $name, %expect) = @_;
	my $of = "graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$expect{graph}')";
	my $stats = $node->sim->stats;
	my ($cost, $lost, $lost_cost) = split /\|/, $node->kg("SELECT COALESCE(sum(cost), 0), COALESCE(sum(lost), 0), COALESCE(sum(lost_cost), 0) FROM kg_batch.cost WHERE $of");
	my $bill = $stats->{all}{usd};
	my $good = 1;
	my $is = sub { $good &= $_[0] ? 1 : 0; return ok($_[0], "$name: $_[1]"); };

	$is->($stats->{batch}{repeated_answers} == 0, 'no question of a batch was answered twice') or diag("$stats->{batch}{repeated_answers} were");
	$is->($stats->{direct}{repeated_answers} <= $lost, 'no more direct questions were answered twice than stand in the ledger as lost')
	  or diag("$stats->{direct}{repeated_answers} were, $lost stand there");
	$is->($cost <= $bill + $nothing, 'the ledger is no higher than the bill') or diag("$cost, and the bill is $bill");
	$is->($bill <= $cost + $lost_cost + $nothing, 'and with what is lost no lower') or diag("$cost and $lost_cost lost, and the bill is $bill");
	$is->(abs($bill - $cost) <= $nothing, 'and the same where nothing is lost') or diag("$cost, and the bill is $bill") unless $lost > 0;
	if (defined $expect{lost})
	{
		my $ended = $node->kg("SELECT count(*) FROM kg_batch_internal.answer WHERE $of AND outcome = 'lost' AND error ~ '^its worker ended'");
		$is->($ended <= $expect{lost}, 'no more are lost with their worker than it had in flight') or diag("$ended are, of $expect{lost}");
	}
	if (defined $expect{budget})
	{
		$is->($cost + $lost_cost <= $expect{budget} + $nothing, 'no more than the budget is spent, what is lost included') or diag("$cost and $lost_cost lost, of $expect{budget}");
		$is->($bill <= $expect{budget} + $nothing, 'by the bill as well') or diag("$bill of $expect{budget}");
	}
	return _keep($node, $name, $of, $good) unless $expect{done} // 1;

	# Each answer of the stand-in is stored, or was asked for again, or is known as lost.
	my ($stored, $without) = split /\|/, $node->kg("SELECT count(*) FILTER (WHERE a.outcome NOT IN ('lost', 'error')),
		count(*) FILTER (WHERE a.outcome = 'lost' AND r.state <> 'answered' AND NOT EXISTS (SELECT FROM kg_batch_internal.answer o
			WHERE (o.graph_id, o.request_id) = (a.graph_id, a.request_id) AND o.outcome NOT IN ('lost', 'error')))
		FROM kg_batch_internal.answer a JOIN kg_batch_internal.request r USING (graph_id, request_id) WHERE a.$of");
	my $answers = $stats->{all}{answers} - $stats->{repeated_answers};
	$is->($answers >= $stored && $answers <= $stored + $without, 'each answer is stored, repeated or known as lost')
	  or diag("$answers questions were answered, $stored are stored, of $without all answers are lost");
	is($node->kg("SELECT count(*) FROM kg_batch_internal.conversation WHERE $of AND (cut_deliveries < deliveries OR cut_error IS NOT NULL)"), 0, "$name: no conversation is left uncut")
	  or $good = 0;
	is($node->kg("SELECT count(*) FROM kg_batch_internal.chunk WHERE $of AND NOT (state = 'done' AND folded)"), 0, "$name: no chunk is left, or failed") or $good = 0;
	is($node->kg("SELECT count(*) FROM kg_batch_internal.request WHERE $of AND state IN ('planned', 'asking')"), 0, "$name: no question is left open") or $good = 0;
	is($node->kg("SELECT count(*) FROM kg_batch_internal.ready WHERE $of") + $node->kg("SELECT count(*) FROM kg_batch_internal.claimed WHERE $of"), 0, "$name: the queue is empty") or $good = 0;
	is($node->kg("SELECT COALESCE(max(abs(reserved)), 0) < 1e-9 FROM kg_batch_internal.job WHERE $of"), 't', "$name: nothing stays reserved") or $good = 0;
	is($node->kg('SELECT COALESCE(max(abs(reserved)), 0) < 1e-9 FROM kg_batch_internal.spending'), 't', "$name: nor of a day") or $good = 0;
	is($node->kg("SELECT count(*) FROM kg_batch_internal.job j WHERE $of AND abs(j.spent - (SELECT COALESCE(sum(u.cost + u.lost_cost), 0) FROM kg_batch_internal.usage u
			WHERE (u.graph_id, u.job_id) = (j.graph_id, j.job_id))) > 1e-9"), 0, "$name: what a job has spent is what its ledger says, what is lost included") or $good = 0;
	return _keep($node, $name, $of, $good);
}

# What one would look at first when the books do not agree.
sub _keep
{
	my ($node, $name, $of, $good) = @_;
	return 1 if $good;
	diag("$name: $_\n" . $node->kg($_))
	  for "SELECT request_id, r.state, r.stage, r.mode, r.job_id, a.attempt, a.mode, a.status, a.outcome, a.cost, a.error FROM kg_batch_internal.request r JOIN kg_batch_internal.answer a USING (graph_id, request_id)
			WHERE r.$of AND a.outcome NOT IN ('answered', 'error') ORDER BY 1, 6",
		"SELECT job_id, state, reason, spent, reserved, budget FROM kg_batch_internal.job WHERE $of",
		"SELECT job_id, stage, mode, requests, cost, lost, lost_cost FROM kg_batch.cost WHERE $of",
		"SELECT chunk_id, state, request_id, folded, error FROM kg_batch_internal.chunk WHERE $of AND NOT (state = 'done' AND folded)",
		'SELECT batch_id, state, remote_status, remote_id, requests, answered, error FROM kg_batch_internal.batch ORDER BY 1 DESC LIMIT 10';
	return 0;
}

sub lost
{
	my ($node, $graph) = @_;
	return $node->kg("SELECT COALESCE(sum(lost), 0) FROM kg_batch.cost WHERE graph = '$graph'");
}

1;
