# What two graphs of one database say otherwise, by content: without ids, so that
# what is equal in both is equal here. Lines "< …" are in the first alone, "> …" in
# the second alone.
package Difference;

use strict;
use warnings;

my %queries = (
	cut => q{SELECT concat_ws(' | ', v.key, c.context_size || ' before', (SELECT string_agg(m.message_key || ' ' || m.version || ' ' || c.starts[n] || '-' || c.ends[n], ', ' ORDER BY n)
			FROM generate_subscripts(c.message_ids, 1) n
			JOIN kg_batch_internal.message m ON m.graph_id = c.graph_id AND m.message_id = c.message_ids[n]))
		FROM kg_batch_internal.chunk c JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
		WHERE c.graph_id = G},
	node => q{SELECT concat_ws(' | ', n.key, n.is_statement, n.type, n.class, n.label, n.category, 'aliases ' || n.aliases::text, n.attributes::text, n.hash_tags::text,
			'negated ' || n.negated, n.modality, n.start_date, n.start_how, n.end_date, n.end_how, n.goal_status, n.asserted_on::text,
			n.confidence, n.importance, 'mentions ' || n.mentions,
			'of ' || (SELECT count(*) FROM kg_batch_internal.identity i WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id) || ' identities')
		FROM kg_batch_internal.node n WHERE n.graph_id = G},
	edge => q{SELECT concat_ws(' | ', s.label, s.key, e.predicate, t.label, t.key, e.negated, 'mentions ' || e.mentions) FROM kg_batch_internal.edge e
		LEFT JOIN kg_batch_internal.node s ON s.graph_id = e.graph_id AND s.node_id = e.source_id
		LEFT JOIN kg_batch_internal.node t ON t.graph_id = e.graph_id AND t.node_id = e.target_id WHERE e.graph_id = G},
	fact => q{SELECT concat_ws(' | ', v.key, f.text, f.modality, f.negated, f.said_by, f.said_at AT TIME ZONE 'UTC', m.message_key, m.version,
			'chunk of ' || cardinality(c.message_ids) - c.context_size || ', ' || c.context_size || ' before')
		FROM kg_batch_internal.fact f JOIN kg_batch_internal.chunk c ON c.graph_id = f.graph_id AND c.chunk_id = f.chunk_id
		JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
		LEFT JOIN kg_batch_internal.message m ON m.graph_id = f.graph_id AND m.message_id = f.first_message_id WHERE f.graph_id = G AND f.live},
	mention => q{SELECT concat_ws(' | ', v.key, (SELECT min(f.text) FROM kg_batch_internal.fact f WHERE f.graph_id = m.graph_id AND f.chunk_id = m.chunk_id
			AND f.n = ANY (m.facts)), m.key, m.n, m.label, m.scope, m.category, m.facts::text, m.negated, m.modality, m.confidence, m.participant,
			'node ' || o.key::text)
		FROM kg_batch_internal.node_mention m JOIN kg_batch_internal.chunk c ON c.graph_id = m.graph_id AND c.chunk_id = m.chunk_id
		JOIN kg_batch_internal.conversation v ON v.graph_id = c.graph_id AND v.conversation_id = c.conversation_id
		LEFT JOIN kg_batch_internal.identity i ON i.graph_id = m.graph_id AND i.key = m.key
		LEFT JOIN kg_batch_internal.node o ON o.graph_id = i.graph_id AND o.node_id = i.node_id WHERE m.graph_id = G AND m.live},
	taxon => q{SELECT concat_ws(' | ', o.label, o.key, x.path, x.score, x.is_primary) FROM kg_batch_internal.node_taxon x
		JOIN kg_batch_internal.node o ON o.graph_id = x.graph_id AND o.node_id = x.node_id WHERE x.graph_id = G},
	decision => q{SELECT concat_ws(' | ', least(d.key_a, d.key_b), greatest(d.key_a, d.key_b), d.made_by, d.verdict, d.confidence, d.undone_at IS NULL)
		FROM kg_batch_internal.decision d WHERE d.graph_id = G},
);

# SQL that gives the lines of a graph whose id is this expression.
sub lines
{
	my ($what, $graph_id) = @_;
	(my $sql = $queries{$what}) =~ s/= G\b/= $graph_id/g;
	return $sql;
}

# `$query` runs SQL and gives its lines; `@of` is what to compare, all but decisions
# when it is not said.
sub between
{
	my ($query, $one, $other, @of) = @_;
	my @lines;
	@of = qw(cut fact mention node edge taxon) unless @of;
	for my $what (@of)
	{
		my %count;
		for my $graph ([ $one, 1 ], [ $other, -1 ])
		{
			$count{$_} += $graph->[1] for split /\n/, $query->(lines($what, "(SELECT graph_id FROM kg_batch_internal.graph WHERE name = '$graph->[0]')"));
		}
		push @lines, map { sprintf '%s %s: %s', $count{$_} > 0 ? '<' : '>', $what, $_ } grep { $count{$_} } sort keys %count;
	}
	my $most = 40;
	return @lines > $most ? (@lines[ 0 .. $most - 1 ], '… and ' . (@lines - $most) . ' more') : @lines;
}

1;
