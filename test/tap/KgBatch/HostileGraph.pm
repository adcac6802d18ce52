# A graph all of whose texts are hostile to whatever quotes them: labels,
# categories, aliases, attributes, predicates, facts, quotes, names of speakers,
# keys of conversations. Made without a model, a thing and a State for each text.
#
#   make_hostile_graph($node, 'graph', 0 .. $#hostile)     in the order that is given
package KgBatch::HostileGraph;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(@hostile make_hostile_graph);

# Each is label, category, alias, tag, attribute and value, predicate, words of a
# fact and of its quote, and key of a conversation.
our @hostile = (
	q{He said "no", 'yes' and \\}, "line\nbreak, tab\t, return\r, both\r\n.", ']]> & <b>&amp;</b> &#10; <!-- -->', '`tick``s` \u0060 \\\u0027}) DETACH DELETE n //',
	"\x{1F469}\x{200D}\x{1F467} \x{1F1E6}\x{1F1F9}", "\x{202E}\x{5D0}\x{5D1}\x{5D2} \x{645}\x{631}\x{62D}\x{628}\x{627}", "bell \x01\x07\x1F\x7F\x{85}.",
	'end"]; click n1 call x() %% #quot; |a| --> b', '\\N \\G \\l <<b>x</b>> {a|b}', "\x{2028}\x{2029}\x{FFFE}\x{FEFF}.", '100% of {braces} $1 $$ ;', "Zu\x{308}rich; Z\x{FC}rich",
	'plain', 'end', '</script><img src=https://elsewhere.invalid/ onerror="document.title=1">', '', ' ');

sub make_hostile_graph
{
	my ($node, $name, @texts) = @_;
	my $kg = sub { my ($sql) = @_; utf8::encode($sql); return $node->kg($sql); };
	my $json = JSON::PP->new->encode([ map { { n => $_, text => $hostile[$_] } } @texts ]);
	$kg->("SELECT kg_batch.create_graph('$name')");
	$kg->(<<"END");
DO \$make\$
DECLARE
    item jsonb; word text; number text; g bigint := kg_batch.graph_id('$name');
    job bigint; talk bigint; seg bigint; msg bigint; chunk bigint; a bigint; s bigint;
BEGIN
    INSERT INTO kg_batch_internal.job (graph_id, name, options) VALUES (g, 'j', '{}') RETURNING job_id INTO job;
    FOR item IN SELECT * FROM jsonb_array_elements(\$json\$$json\$json\$) LOOP
        word := item ->> 'text'; number := item ->> 'n';
        INSERT INTO kg_batch_internal.conversation (graph_id, key, job_id, priority, participant_names, participant_ids, messages, deliveries, cut_deliveries)
        VALUES (g, 'talk ' || number || word, job, 2, ARRAY[word], '{u}', 1, 1, 1) RETURNING conversation_id INTO talk;
        INSERT INTO kg_batch_internal.message (graph_id, conversation_id, position, delivery, message_key, role, participant, content, sent_at)
        VALUES (g, talk, 1, 1, 'i:' || word, 'user', 1, word, '2024-01-01 10:00:00.5Z') RETURNING message_id INTO msg;
        INSERT INTO kg_batch_internal.segment (graph_id, conversation_id, first_message_id, last_message_id, key, began_by)
        VALUES (g, talk, msg, msg, 'seg', 'first') RETURNING segment_id INTO seg;
        INSERT INTO kg_batch_internal.chunk (graph_id, conversation_id, segment_id, job_id, state, stage, participants, cast_seen, context_size, message_ids,
            starts, ends, shown, countable, tokens, folded)
        VALUES (g, talk, seg, job, 'done', 'kg_extract', 1, '{}', 0, ARRAY[msg], '{0}', ARRAY[length(word)], '{0}', 1, 1, true) RETURNING chunk_id INTO chunk;
        INSERT INTO kg_batch_internal.fact (graph_id, chunk_id, n, conversation_id, text, modality, negated, said_by, said_at, first_message_id)
        VALUES (g, chunk, 1, talk, word, 'asserted', false, 1, '2024-01-01 10:00:00.5Z', msg), (g, chunk, 2, talk, 'rests', 'asserted', false, 1, NULL, msg);
        UPDATE kg_batch_internal.fact SET live = false WHERE graph_id = g AND chunk_id = chunk AND n = 2;
        INSERT INTO kg_batch_internal.fact_source (graph_id, chunk_id, fact, n, message_id, sentence_start, sentence_end, quote, matched, span_start, span_end)
        SELECT g, chunk, f, 1, msg, 0, 1, word, true, 0, length(word) FROM generate_series(1, 2) AS f;
        INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, class, label, category, aliases, attributes, hash_tags, confidence, importance, mentions)
        VALUES (g, md5('thing' || number)::uuid, false, 'Entity', 'other', word, word, ARRAY[word, 'x'], ARRAY['k' || E'\\t' || word, 'k' || E'\\tv', replace(word, E'\\t', '') || E'\\tw'],
            ARRAY[word], 900, 875, 3) RETURNING node_id INTO a;
        INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, label, category, negated, start_date, start_how, asserted_on, confidence, mentions)
        VALUES (g, md5('state' || number)::uuid, true, 'State', word, word, number::int % 2 = 1, '2022-05', 'inferred', '{[2023-05-08,2023-05-09),[2024-01-01,2024-02-01)}', 500, 1)
        RETURNING node_id INTO s;
        INSERT INTO kg_batch_internal.edge (graph_id, source_id, target_id, predicate, negated, mentions) VALUES (g, s, a, 'x' || word, number::int % 2 = 1, 2);
        INSERT INTO kg_batch_internal.identity (graph_id, key, node_id, is_statement, class, type, kind, label_key, negated, named, scope, roles, role_keys)
        SELECT g, n.key, n.node_id, n.is_statement, n.class, n.type, '', 'k', n.negated, NOT n.is_statement, word, '{}', '{}' FROM kg_batch_internal.node n WHERE n.node_id IN (a, s);
        INSERT INTO kg_batch_internal.node_mention (graph_id, chunk_id, n, key, is_statement, type, class, label, label_key, category, named, aliases, attributes, hash_tags,
            confidence, importance, replaces, negated, modality, facts, order_key)
        SELECT g, chunk, 1 + n.is_statement::int, n.key, n.is_statement, n.type, n.class, n.label, 'k', n.category, true, '{}', '{}', '{}', 1, 1, false, false, 'asserted', '{1}', '1'
        FROM kg_batch_internal.node n WHERE n.node_id IN (a, s);
    END LOOP;
END \$make\$
END
	return;
}

1;
