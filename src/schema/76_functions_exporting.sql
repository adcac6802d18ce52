-- A graph as text that others read, and back.

CREATE FUNCTION kg_batch.export(format text, graph text DEFAULT NULL) RETURNS SETOF text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'kg_batch_export';
COMMENT ON FUNCTION kg_batch.export(text, text)
    IS 'a graph as lines of text: jsonl (everything that one may see; import reads it), graphml, cypher, turtle (nodes, edges, facts), dot, mermaid (nodes and edges, for looking at). Known by keys made of content and in an order made of content: equal graphs, equal bytes. Quotes are there for auditors only. Needs reader';
