-- The graph as a function of its evidence: without some of it, computed again, compared.

CREATE FUNCTION kg_batch.forget(key text, message_id text DEFAULT NULL, graph text DEFAULT NULL) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_forget';
COMMENT ON FUNCTION kg_batch.forget(text, text, text)
    IS 'removes a conversation, by the key with which it was handed in, or one message of it, by its id, with everything that came of it, for ever: what is handed in again is skipped. Gives how many messages went; 0 where they are forgotten already. What it cost stays in the ledger. Needs admin';

CREATE FUNCTION kg_batch.rebuild(graph text DEFAULT NULL, recompare boolean DEFAULT false) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_rebuild';
COMMENT ON FUNCTION kg_batch.rebuild(text, boolean)
    IS 'computes identities, nodes, edges and kinds again from mentions and decisions, and gives how many nodes there are. Ids stay, and so does the digest; recompare: where blocks were too large to compare everything with everything, all pairs are looked at anew, and what a model said of two that are no neighbours any more rests. Asks no model. Needs admin';

CREATE FUNCTION kg_batch.compare(graph_a text, graph_b text)
    RETURNS TABLE (graph text, what text, content text)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_compare';
COMMENT ON FUNCTION kg_batch.compare(text, text)
    IS 'what stands in one of two graphs only, by content: nodes, edges, facts, and all else that the digest covers; nothing where the digests are equal. What differs in a value is there twice, once for each. Quotes are not shown. Needs reader on both';

CREATE FUNCTION kg_batch.alter_graph(name text, options jsonb) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_alter_graph';
COMMENT ON FUNCTION kg_batch.alter_graph(text, jsonb)
    IS 'sets options of a graph, null takes one away; jobs that are there keep theirs. Where names changes, the keys of everything that was read are made anew from the stored answers, and a model is asked about pairs that are new by it; where self changes, reread asks again about what nameless users said. Needs admin';

CREATE FUNCTION kg_batch.drop_graph(name text) RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_drop_graph';
COMMENT ON FUNCTION kg_batch.drop_graph(text)
    IS 'removes a graph with all its conversations; what they cost stays in the usage by day. Refused while something of it is out. For superusers and members of the extension''s owner';

-- Words by which a text is known to speak of a message: cut where neither letter
-- nor digit is, of three characters or more.
CREATE FUNCTION kg_batch_internal.words_of(said text) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN ARRAY(SELECT DISTINCT w FROM pg_catalog.regexp_split_to_table(said, '[^[:alnum:]]+') w WHERE pg_catalog.length(w) > 2);
COMMENT ON FUNCTION kg_batch_internal.words_of(text) IS 'the words of a text as they are written, without those of one or two characters';

-- A script without spaces has no beginnings of words.
CREATE FUNCTION kg_batch_internal.has_word(said text, words text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM pg_catalog.unnest(words) w WHERE pg_catalog.strpos(pg_catalog.lower(said), w) > 0
        AND (w ~ '[^ -~]' OR pg_catalog.lower(said) ~ ('(^|[^[:alnum:]])' || w)));
COMMENT ON FUNCTION kg_batch_internal.has_word(text, text[]) IS 'whether one of these words, in lower case, begins a word of a text';

CREATE FUNCTION kg_batch_internal.without_words(list text[], words text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN ARRAY(SELECT i.item FROM pg_catalog.unnest(list) WITH ORDINALITY AS i (item, n) WHERE NOT kg_batch_internal.has_word(i.item, words) ORDER BY i.n);
COMMENT ON FUNCTION kg_batch_internal.without_words(text[], text[]) IS 'a list without the items in which one of these words stands';
