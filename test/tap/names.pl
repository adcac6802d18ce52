# What words say of names joins without asking: an alias that a conversation states,
# a short form by which a participant is addressed. Two that take part in one
# statement are two, whatever was said of them. Each holds as long as its ground
# does, and in whatever order that comes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../walks";

use Test::More;
use Walk;

my $walk = Walk->new('names');

stated_aliases();
short_forms();
names_of_a_conversation();
of_many_mentions();
shared_relations();

$walk->node->stop('fast');
done_testing();

# Labels and other names of the nodes that have one of these.
sub called
{
	my ($graph, @names) = @_;
	my $names = join ',', map { "'$_'" } @names;
	return join ' | ', split /\n/, $walk->lines("SELECT concat_ws(' ', label, NULLIF(array_to_string(aliases, ' '), '')) FROM kg_batch.node
		WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$graph') AND (label IN ($names) OR aliases && ARRAY[$names])");
}

sub review { return join ' | ', split /\n/, $walk->lines("SELECT LEAST(label_a, label_b) || ' and ' || GREATEST(label_a, label_b) FROM kg_batch.review r JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$_[0]'"); }

sub stated_aliases
{
	my $graph = $walk->read_in('robert', 'cleo');
	is(called($graph, 'Bobby'), 'Robert Stein Bobby', 'whom a conversation calls Bobby is who calls himself so elsewhere');
	is($walk->asked($graph), 0, '... and nobody was asked');
	my $before = $walk->digest($graph);
	$walk->hand_in($graph, 'dog');
	is(called($graph, 'Bobby'), 'Bobby | Bobby | Robert Stein Bobby', 'a third of the name: nobody is anybody by rule any more');
	$walk->forget($graph, 'dog');
	is($walk->digest($graph), $before, 'that one forgotten, the two are one again');
	$walk->one_graph('stated alias', [qw(robert cleo dog)], [qw(dog robert cleo)], [qw(cleo dog robert)]);
	return;
}

sub short_forms
{
	my $graph = $walk->read_in('map');
	is(called($graph, 'Ali', 'Alice Miller'), 'Alice Miller Ali', 'who is thanked as Ali is the only one there whose name it can be');
	my $before = $walk->digest($graph);
	$walk->hand_in($graph, 'map+alina');
	is(called($graph, 'Ali', 'Alice Miller'), 'Ali | Alice Miller', 'with Alina there it may be either');
	my $elsewhere = $walk->read_in('map', 'song');
	is(called($elsewhere, 'Ali', 'Alice Miller'), 'Ali | Alice Miller', 'an Ali of whom others speak elsewhere may be somebody else');
	$walk->forget($elsewhere, 'song');
	is($walk->digest($elsewhere), $before, 'forgotten, they are one again');
	$walk->one_graph('short form', [qw(map song)], [qw(song map)]);
	return;
}

sub names_of_a_conversation
{
	my $graph = $walk->read_in('opera', 'mum');
	is(called($graph, 'Helen'), 'Helen | Mum Helen', 'a Helen elsewhere is not the mum of this conversation, whom it calls Helen');
	$walk->hand_in($graph, 'mum+aria');
	is(called($graph, 'Helen'), 'Helen Mum', 'she is, where the two are spoken of in one conversation');
	$walk->one_graph('mum', [qw(opera mum mum+aria)], [qw(mum mum+aria opera)]);
	return;
}

# Of what is in very many conversations no more is read than it is compared by.
sub of_many_mentions
{
	for my $steps ([qw(map song)], [qw(opera mum mum+aria)], [qw(opera mum+aria mum)], [qw(nora lind choir)])
	{
		my ($few, $many) = map { as_read($_, @$steps) } 0, 100_000;
		is($many, $few, "@$steps: the same when each is spoken of very often");
		note($few);
	}
	return;
}

# What the graph holds after each step, when all things have so many mentions more.
sub as_read
{
	my ($more, @steps) = @_;
	my $graph = $walk->read_in;
	my @seen;
	for my $step (@steps)
	{
		$walk->hand_in($graph, $step);
		push @seen, $walk->lines("SELECT string_agg(concat_ws(' ', label, NULLIF(array_to_string(aliases, ' '), '')), ' | ' ORDER BY label, aliases)
			FROM kg_batch.node WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$graph') AND type = 'Entity'");
		$walk->number("UPDATE kg_batch_internal.identity SET mentions = mentions + $more WHERE NOT is_statement AND graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$graph')");
	}
	return join "\n", @seen;
}

sub shared_relations
{
	my $graph = $walk->read_in('nora', 'lind');
	is(called($graph, 'Nora Lind', 'N Lind'), 'Nora Lind N Lind', 'two names that a model takes for one');
	my $before = $walk->digest($graph);
	$walk->hand_in($graph, 'met');
	is(called($graph, 'Nora Lind', 'N Lind'), 'N Lind | Nora Lind', 'one met the other: they are two');
	is(review($graph), '', '... which is no question for anybody');
	my $fact = $walk->number("SELECT fact_id FROM kg_batch.fact WHERE text = 'Nora Lind met N Lind.' AND graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$graph')");
	my $retraction = $walk->number("SELECT kg_batch.retract($fact, 'misheard', graph => '$graph')");
	is(called($graph, 'Nora Lind', 'N Lind'), 'Nora Lind N Lind', 'that retracted, they are one');
	$walk->number("SELECT kg_batch.undo($retraction, graph => '$graph')");
	is(called($graph, 'Nora Lind', 'N Lind'), 'N Lind | Nora Lind', '... and two when it counts again');
	$walk->forget($graph, 'met');
	is($walk->digest($graph), $before, 'forgotten, the graph is what it was');
	my $together = $walk->read_in('both');
	is(called($together, 'Nora Lind', 'N Lind'), 'Nora Lind N Lind', 'so they are where one conversation has both names');
	$walk->hand_in($together, 'both+met');
	is(called($together, 'Nora Lind', 'N Lind'), 'N Lind | Nora Lind', '... until it says that one met the other');
	$walk->one_graph('shared relation', [qw(nora lind met)], [qw(met nora lind)], [qw(nora met lind)]);
	return;
}
