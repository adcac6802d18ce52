# A walk: conversations written for this project, and what each of their sentences
# means (a gold file of the stand-in's mode `oracle`, tools/openai_sim/README.md),
# in one file: {"options": of the graph, "conversations": {key: messages}, "gold": …}.
#
#   my $walk = Walk->new('family');         a server, a graph of that name
#   $walk->read('kitchen', 'garden');       hands these in, in order, and waits until all is read
#   $walk->lines('SELECT …')                rows as lines
#   $walk->statements('Anna')               what links a node of that label, or id, with what: one line each
#   $walk->known('2024-05-01', $id)         what as_of says, of all or of a node, one line each
#   $walk->review                           what waits for a person, by the names that `call` gave to ids
#   $walk->read_in('kitchen', …)            the same in a graph of its own: its name, for those below
#   $walk->hand_in($graph, 'garden'), ->forget($graph, 'kitchen'), ->digest($graph), ->asked($graph) of the model about pairs
#   $walk->one_graph($name, [order], …)     all orders give one digest
#   $walk->rebuilt                          makes the graph again: it is the same
#   $walk->undo($decision, $digest, $name)  takes a person's word back: the digest is what it was
package Walk;

use strict;
use warnings;

use FindBin;
use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $json = JSON::PP->new->ascii->canonical;

sub new
{
	my ($class, $name) = @_;
	my $walk = JSON::PP->new->utf8->decode(slurp_file("$FindBin::Bin/../walks/$name.json"));
	my $gold = PostgreSQL::Test::Utils::tempdir($name) . '/gold.json';
	append_to_file($gold, $json->encode($walk->{gold}));
	my $node = KgBatch::Cluster->with_stand_in("walk_$name", sim => [ '--mode', 'oracle', '--gold', $gold ],
		settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.graph' => $name, fsync => 'off' });
	$node->kg("SELECT kg_batch.create_graph('$name', '" . $json->encode($walk->{options} // {}) . "')");
	return bless { %$walk, node => $node, name => $name }, $class;
}

sub node { return $_[0]{node}; }

sub read
{
	my ($self, @keys) = @_;
	for my $key (@keys)
	{
		my $messages = $self->{conversations}{$key} or die "no conversation $key";
		$self->{node}->kg('SELECT kg_batch.enqueue($m$' . $json->encode($messages) . "\$m\$, key => '$key', final => true)");
	}
	ok($self->{node}->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'read: ' . join ', ', @keys);
	return is($self->{node}->kg('SELECT count(*) FROM kg_batch.errors'), 0, 'nothing failed');
}

sub number { my ($self, $sql) = @_; return $self->{node}->kg($sql); }
sub lines { my ($self, $sql) = @_; return join "\n", sort split /\n/, $self->{node}->kg($sql); }
sub digest { my ($self, $graph) = @_; return $self->number('SELECT kg_batch.graph_digest(' . (defined $graph ? "'$graph'" : '') . ')'); }

# Hands these in one after the other, each when the one before was read; "map+alina"
# is what comes later into the conversation of the first. Gives the name of a new graph.
sub read_in
{
	my ($self, @steps) = @_;
	my $graph = 'g' . ++$self->{graphs};
	$self->number("SELECT kg_batch.create_graph('$graph')");
	$self->hand_in($graph, $_) for @steps;
	return $graph;
}

sub hand_in
{
	my ($self, $graph, $step) = @_;
	my ($key, $more) = split /[+]/, $step;
	my $messages = $json->encode($self->{conversations}{ $more // $key } or die "no conversation $step");
	$self->number("SELECT kg_batch.enqueue(\$m\$$messages\$m\$, key => '$key', final => true, graph => '$graph')");
	$self->{node}->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$graph'") or BAIL_OUT("$graph: $step is not read");
	return;
}

# A model that was shown what is forgotten is asked again.
sub forget
{
	my ($self, $graph, $key) = @_;
	$self->number("SELECT kg_batch.forget('$key', graph => '$graph')");
	return $self->{node}->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$graph'");
}

sub asked { my ($self, $graph) = @_; return $self->number("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE graph = '$graph' AND stage = 'kg_merge'"); }

sub one_graph
{
	my ($self, $name, @orders) = @_;
	my @digests = map { $self->digest($self->read_in(@$_)) } @orders;
	is($digests[$_], $digests[0], "$name: @{ $orders[$_] } gives the graph of @{ $orders[0] }") for 1 .. $#digests;
	return;
}

# The node of a label and of what was said of it there.
sub id
{
	my ($self, $label, $fact) = @_;
	return $self->number("SELECT string_agg(DISTINCT n.node_id::text, ' ') FROM kg_batch.node n JOIN kg_batch.evidence v USING (node_id) WHERE n.label = '$label' AND v.fact ~ '$fact'");
}

# "Employment bakery: asserted, not, from …, until …" of what a thing takes part in;
# what else takes part stands behind its role.
sub statements
{
	my ($self, $of) = @_;
	return $self->lines(qq{SELECT concat(s.type, ' ', s.label, ' as ', e.predicate, ' with ' || (SELECT string_agg(o.predicate || ' ' || o.target_label, ', ' ORDER BY o.predicate, o.target_label)
			FROM kg_batch.edge o WHERE o.source_id = s.node_id AND o.edge_id <> e.edge_id), ': ', s.modality, CASE WHEN s.negated THEN ', not' END,
			', from ' || s.start_date, ', until ' || s.end_date, ', ' || s.goal_status)
		FROM kg_batch.edge e JOIN kg_batch.node s ON s.node_id = e.source_id WHERE e.target_id = $of});
}

# "Anna Employment bakery: holds, since 2024-01-01"; two in one role by name.
sub known
{
	my ($self, $day, $of) = @_;
	return $self->lines(qq{SELECT CASE WHEN relation ~ '[(]' OR to_label IS NULL THEN concat_ws(' ', from_label, split_part(relation, ' (', 1), to_label)
			ELSE concat_ws(' ', LEAST(from_label, to_label), relation, GREATEST(from_label, to_label)) END || ': ' || status || COALESCE(', since ' || since, '') || COALESCE(', until ' || until, '')
		FROM kg_batch.as_of('$day 12:00Z')} . (defined $of ? qq{ WHERE node_id IN (SELECT source_id FROM kg_batch.edge WHERE target_id = $of)} : ''));
}

# How a node is called here, where its label will not do.
sub call { my ($self, %names) = @_; $self->{called} = { %{ $self->{called} // {} }, reverse %names }; return; }

# What waits for a person, each pair in the order of its words.
sub review
{
	my ($self) = @_;
	my @lines;
	for (split /\n/, $self->number(q{SELECT concat_ws('|', node_a, label_a, COALESCE(node_b::text, ''), label_b, CASE verdict WHEN 'dates' THEN reason ELSE '' END) FROM kg_batch.review}))
	{
		my ($a, $label_a, $b, $label_b, $why) = split /\|/, $_, 5;
		push @lines, $b eq '' ? "$label_a, " . ($why // $label_b) : join ' and ', sort $self->{called}{$a} // $label_a, $self->{called}{$b} // $label_b;
	}
	return join "\n", sort @lines;
}

# Taken back, the graph is what it was.
sub undo
{
	my ($self, $decision, $digest, $name) = @_;
	$self->number("SELECT kg_batch.undo($decision)");
	return is($self->digest, $digest, "$name: undone, the graph is what it was");
}

# Made again from what stands there, it is the same graph.
sub rebuilt
{
	my ($self) = @_;
	my $digest = $self->digest;
	$self->number("SELECT kg_batch.rebuild('$self->{name}')");
	return is($self->digest, $digest, 'rebuilt, it is the same graph');
}

1;
