-- A graph as text that others read, and back.

CREATE FUNCTION kg_batch.export(format text, graph text DEFAULT NULL) RETURNS SETOF text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_export';
COMMENT ON FUNCTION kg_batch.export(text, text)
    IS 'a graph as lines of text: jsonl (everything that one may see; import reads it), graphml, cypher, turtle (nodes, edges, facts), dot, mermaid (nodes and edges, for looking at). Known by keys made of content and in an order made of content: equal graphs, equal bytes. Quotes are there for auditors only. Needs reader';

CREATE FUNCTION kg_batch.import(format text, data text, graph text DEFAULT NULL)
    RETURNS TABLE (nodes bigint, edges bigint, facts bigint)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_import';
COMMENT ON FUNCTION kg_batch.import(text, text, text)
    IS 'takes in jsonl: what export wrote, or a plain list of nodes and edges, as a conversation of its own whose messages are the facts; gives what of it was new. The same data again is nothing new. One thing that is wrong ends it, with line and field, and nothing is stored. Needs admin';
