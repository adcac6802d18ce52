# Statements in which the same take part, in other words, are one where a model or a
# person says so, and follow what joins, parts, dates and denies them: in whatever
# order that comes the graph is one, and what is taken back leaves no trace.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../walks";

use Test::More;
use Walk;

my $walk = Walk->new('statements');

in_other_words();
on_each_other();
of_who_became_one();
on_days();
one_to_the_other();
as_a_person_says();

$walk->node->stop('fast');
done_testing();

sub of_graph { return "graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$_[0]')"; }

# Nodes of statements, each by its label and what else it is called.
sub stated
{
	my ($graph, $type) = @_;
	$type //= 'State';
	return join ' | ', split /\n/, $walk->lines("SELECT CASE WHEN negated THEN 'not ' ELSE '' END || (SELECT string_agg(f, '/' ORDER BY f) FROM unnest(label || aliases) AS f)
		FROM kg_batch.node WHERE @{[of_graph($graph)]} AND type = '$type'");
}
sub review { return join ' | ', split /\n/, $walk->lines("SELECT LEAST(label_a, label_b) || ' and ' || GREATEST(label_a, label_b) FROM kg_batch.review WHERE @{[of_graph($_[0])]}"); }
sub node_of { my ($graph, $label) = @_; return $walk->number("SELECT node_id FROM kg_batch.identity WHERE @{[of_graph($graph)]} AND label = '$label'"); }
sub refused { my ($sql, $error, $name) = @_; my (undef, undef, $stderr) = $walk->node->psql('kg', $sql); return like($stderr, $error, $name); }

sub in_other_words
{
	my $graph = $walk->read_in('owns');
	my $before = $walk->digest($graph);
	$walk->hand_in($graph, 'pet');
	is(stated($graph), 'Ownership/Pet ownership', 'the model says that the two are one');
	is($walk->asked($graph), 1, '... asked once');
	is($walk->number("SELECT sum(mentions) FROM kg_batch.edge WHERE @{[of_graph($graph)]} AND target_label = 'Clyde'"), 2, 'its edges are those of both');
	is($walk->number("SELECT string_agg(d.verdict, ',') FROM kg_batch.explain(@{[node_of($graph, 'Ownership')]}, '$graph') d WHERE d.made_by = 'model'"), 'same,same', 'explain says why, of both of them');
	my $both = $walk->digest($graph);
	$walk->number("SELECT kg_batch.rebuild('$graph')");
	is($walk->digest($graph), $both, 'computed again it is the same graph');
	$walk->hand_in($graph, 'not');
	is(stated($graph), 'Ownership/Pet ownership | not Pet ownership', 'what is denied is another');
	is($walk->asked($graph), 1, '... and no question');
	$walk->forget($graph, 'not');
	is($walk->digest($graph), $both, 'forgotten it is as if it had never been said');
	$walk->forget($graph, 'pet');
	is($walk->digest($graph), $before, '... and so is the other');
	is($walk->number("SELECT count(*) FROM kg_batch_internal.joined_statement WHERE @{[of_graph($graph)]}"), 0, '... without a trace');
	return $walk->one_graph('other words', [qw(owns pet not)], [qw(not pet owns)], [qw(pet not owns)]);
}

# What a statement is on follows it.
sub on_each_other
{
	my $graph = $walk->read_in('cost', 'expense');
	is(stated($graph), 'Cost | Ownership/Pet ownership', 'what two statements that are one cost is one, too');
	$walk->forget($graph, 'expense');
	is($walk->digest($graph), $walk->digest($walk->read_in('cost')), 'one of them forgotten, the graph never had it');
	return $walk->one_graph('on each other', [qw(cost expense)], [qw(expense cost)]);
}

# What is equal by what takes part in it is not parted by saying so.
sub equal_ones
{
	my ($graph) = @_;
	my ($node, $identity) = split /[|]/, $walk->number("SELECT node_id, identity_id FROM kg_batch.identity WHERE @{[of_graph($graph)]} AND label = 'Ownership' ORDER BY identity_id DESC LIMIT 1");
	my $before = $walk->digest($graph);
	refused("SELECT kg_batch.unmerge($node, '{$identity}', graph => '$graph')", qr/identities of node $node cannot be parted like that.*what takes part in them/s, 'one of two equals is not taken out of their node');
	return is($walk->digest($graph), $before, '... and nothing changes');
}

sub of_who_became_one
{
	my $graph = $walk->read_in('annie');
	$walk->hand_in($graph, 'anna berg');
	is($walk->number("SELECT count(*) FROM kg_batch.node WHERE @{[of_graph($graph)]} AND label IN ('Anna Berg', 'A. Berg')"), 1, 'the model says that A. Berg is Anna');
	is(stated($graph), 'Ownership/Pet ownership', '... so the same take part, and it is asked about what they have in common');
	$walk->one_graph('who became one', [ 'annie', 'anna berg' ], [ 'anna berg', 'annie' ]);

	# Whichever of what a node is found by a new one is equal to, it is that one.
	$graph = $walk->read_in('anna berg', 'berg pet', 'sings');
	is(stated($graph), 'Ownership/Pet ownership | Singing', 'what is said of one by one name');
	my $asked = $walk->asked($graph);
	$walk->hand_in($graph, $_) for 'annie', 'a owns';
	is(stated($graph), 'Ownership/Pet ownership | Singing', '... is the same by another');
	is($walk->asked($graph), $asked, '... and no question');
	equal_ones($graph);

	# Said of statements of one participant, it counts of no other.
	$graph = $walk->read_in('berg fond', 'a fondly');
	my $word = $walk->number("SELECT kg_batch.merge(@{[node_of($graph, 'Fondness')]}, @{[node_of($graph, 'Great fondness')]}, graph => '$graph')");
	is(stated($graph), 'Fondness/Great fondness', 'a person says that two are one');
	my $one = $walk->digest($graph);
	my $apart = $walk->number("SELECT kg_batch.unmerge(node_id, ARRAY[identity_id], graph => '$graph') FROM kg_batch.identity WHERE label = 'A. Berg' AND @{[of_graph($graph)]}");
	is(stated($graph), 'Fondness | Great fondness', '... until those parted who take part');
	$walk->number("SELECT kg_batch.undo($apart, graph => '$graph')");
	return is($walk->digest($graph), $one, '... and again when they are one again');
}

sub on_days
{
	my $graph = $walk->read_in('dinner', 'meal', 'later');
	is(stated($graph, 'Event'), 'Dinner date | Dinner/Dinner date', 'of one day in other words: one; on another day it is another');
	is($walk->asked($graph), 1, '... of which nobody was asked');
	# A date that comes to what had none, since the rest of its segment is read later.
	$graph = $walk->read_in('journey');
	my $sim = $walk->node->sim;
	$sim->fault({ fault => 'rate_limited', contains => 'was in May', retry_after_ms => 100 });
	my $messages = JSON::PP->new->ascii->encode($walk->{conversations}{trip});
	$walk->number("SELECT kg_batch.create_job('small', '{\"real_time_chunk_size\":1}', graph => '$graph')");
	$walk->number("SELECT kg_batch.enqueue(\$m\$$messages\$m\$, key => 'trip', job => 'small', final => true, graph => '$graph')");
	ok($walk->node->wait_until("SELECT count(*) = 1 FROM kg_batch.node WHERE @{[of_graph($graph)]} AND label = 'Trip'"), 'half of a segment is read');
	is(stated($graph, 'Event'), 'Journey | Trip', '... and what nothing says was on one date is two');
	$sim->request('DELETE', '/_sim/faults');
	ok($walk->node->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$graph'"), '... the other half says when');
	is(stated($graph, 'Event'), 'Journey/Trip', '... so the model is asked, and says that they are one');
	return $walk->one_graph('days', [qw(dinner meal later)], [qw(later meal dinner)], [qw(meal later dinner)]);
}

# Where one is the reason of the other they are two, whatever a model said.
sub one_to_the_other
{
	my $graph = $walk->read_in('owns', 'pet');
	my $before = $walk->digest($graph);
	$walk->hand_in($graph, 'cause');
	is(stated($graph), 'Ownership | Pet ownership | Reason', 'the one is the reason of the other: they are two');
	is(review($graph), '', '... which is no question for anybody');
	my $fact = $walk->number("SELECT fact_id FROM kg_batch.fact WHERE text ~ 'since' AND @{[of_graph($graph)]}");
	my $two = $walk->digest($graph);
	my $retraction = $walk->number("SELECT kg_batch.retract($fact, 'nonsense', graph => '$graph')");
	is(stated($graph), 'Ownership/Pet ownership', 'that retracted, they are one');
	$walk->number("SELECT kg_batch.undo($retraction, graph => '$graph')");
	is($walk->digest($graph), $two, '... and two when it counts again');
	$walk->forget($graph, 'cause');
	is($walk->digest($graph), $before, 'forgotten, the graph is what it was');
	return $walk->one_graph('one to the other', [qw(owns pet cause)], [qw(cause pet owns)], [qw(owns cause pet)]);
}

sub as_a_person_says
{
	my $graph = $walk->read_in('fond', 'fondly', 'owns', 'pet');
	is(stated($graph), 'Fondness | Great fondness | Ownership/Pet ownership', 'what the model is unsure of is two');
	is(review($graph), 'Fondness and Great fondness', '... and waits for a person');
	my $before = $walk->digest($graph);
	my ($fond, $fondly, $own) = map { node_of($graph, $_) } 'Fondness', 'Great fondness', 'Ownership';
	my $word = $walk->number("SELECT kg_batch.merge($fond, $fondly, graph => '$graph')");
	is(stated($graph), 'Fondness/Great fondness | Ownership/Pet ownership', 'who says that they are one');
	is(review($graph), '', '... is not asked again');
	is(node_of($graph, 'Great fondness'), $fond, '... and the lower id stays');
	my $merged = $walk->digest($graph);
	my $unmerged = $walk->number("SELECT kg_batch.unmerge($fond, ARRAY(SELECT identity_id FROM kg_batch.identity WHERE label = 'Great fondness' AND @{[of_graph($graph)]}), graph => '$graph')");
	is(stated($graph), 'Fondness | Great fondness | Ownership/Pet ownership', 'parted again');
	$walk->number("SELECT kg_batch.undo($unmerged, graph => '$graph')");
	is($walk->digest($graph), $merged, '... undone: one');
	$walk->number("SELECT kg_batch.undo($word, graph => '$graph')");
	is($walk->digest($graph), $before, '... all undone: the graph is what it was');
	is(node_of($graph, 'Great fondness'), $fondly, '... with the ids that they had');
	my $apart = $walk->number("SELECT kg_batch.unmerge($own, ARRAY(SELECT identity_id FROM kg_batch.identity WHERE label = 'Pet ownership' AND @{[of_graph($graph)]}), graph => '$graph')");
	is(stated($graph), 'Fondness | Great fondness | Ownership | Pet ownership', 'a person parts what a model joined');
	$walk->number("SELECT kg_batch.undo($apart, graph => '$graph')");
	is($walk->digest($graph), $before, '... and takes it back');
	my $kept = $walk->number("SELECT kg_batch.keep_apart($fond, $fondly, graph => '$graph')");
	is(review($graph), '', 'of what a person keeps apart nobody is asked');
	$walk->number("SELECT kg_batch.undo($kept, graph => '$graph')");
	is($walk->digest($graph), $before, '... and taken back it is a question again');
	my $clyde = node_of($graph, 'Clyde');
	refused("SELECT kg_batch.merge($fond, $clyde, graph => '$graph')", qr/node $fond is a statement, and node $clyde is not/, 'a statement is no thing');
	$walk->hand_in($graph, 'dinner');
	my $dinner = node_of($graph, 'Dinner');
	refused("SELECT kg_batch.merge($fond, $dinner, graph => '$graph')", qr/nodes $fond and $dinner cannot be one.*same take part/s, 'what others take part in cannot be one with it');
	return;
}
