-- The taxonomy and what nodes are by it.

CREATE VIEW kg_batch.taxon WITH (security_barrier) AS
SELECT t.graph_id, t.taxon_id, t.path, t.type, t.name, t.definition, t.aliases, t.shipped, t.own, t.parent
FROM kg_batch_internal.known_taxon t
WHERE t.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.taxon IS 'the categories of a graph: a tree under the six types, shipped ones and its own';
COMMENT ON COLUMN kg_batch.taxon.path IS 'names from the root on, as entity > animal > dog';
COMMENT ON COLUMN kg_batch.taxon.type IS 'Entity, Concept, Property, Event, State or Goal';
COMMENT ON COLUMN kg_batch.taxon.aliases IS 'other names: a category that is called so is filed here';
COMMENT ON COLUMN kg_batch.taxon.shipped IS 'comes with the extension';
COMMENT ON COLUMN kg_batch.taxon.own IS 'loaded into this graph or accepted in it; with shipped: the graph''s own form of a shipped one';
COMMENT ON COLUMN kg_batch.taxon.parent IS 'path of the one above; null for a root';

CREATE VIEW kg_batch.taxon_suggestion WITH (security_barrier) AS
SELECT s.graph_id, s.suggestion_id, s.state, s.parent || ' > ' || s.name AS path,
    ARRAY(SELECT k.category FROM kg_batch_internal.kind k
          WHERE k.graph_id = s.graph_id AND k.suggestion_id = s.suggestion_id ORDER BY k.category) AS categories,
    s.decided_by, s.decided_at
FROM kg_batch_internal.taxon_suggestion s
WHERE s.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.taxon_suggestion IS 'new categories that a model proposed, each once; accept_suggestion and refuse_suggestion decide';
COMMENT ON COLUMN kg_batch.taxon_suggestion.state IS 'waiting, accepted or refused';
COMMENT ON COLUMN kg_batch.taxon_suggestion.path IS 'where it would stand';
COMMENT ON COLUMN kg_batch.taxon_suggestion.categories IS 'of the kinds for which it was suggested';
COMMENT ON COLUMN kg_batch.taxon_suggestion.decided_by IS 'the role that accepted or refused it';

CREATE VIEW kg_batch.node_taxa WITH (security_barrier) AS
SELECT n.graph_id, n.node_id, n.taxon_id, n.path, round(n.score / 10000.0, 4) AS score, n.is_primary, n.votes
FROM kg_batch_internal.node_taxon n
WHERE n.graph_id = ANY ((SELECT kg_batch.my_graphs(current_user, 'reader'))::bigint[]);
COMMENT ON VIEW kg_batch.node_taxa IS 'what nodes are: a row for each taxon that the mentions of a node vote for, a mention for the one of its type and category';
COMMENT ON COLUMN kg_batch.node_taxa.path IS 'names from the root on, as entity > animal > dog';
COMMENT ON COLUMN kg_batch.node_taxa.score IS 'from 0 to 1: 0.6 share of the votes, 0.3 confidence of the filing, 0.1 recency (nothing 30 days before the node''s latest vote)';
COMMENT ON COLUMN kg_batch.node_taxa.is_primary IS 'whether it has the highest score; of equals the one that was said first';
COMMENT ON COLUMN kg_batch.node_taxa.votes IS 'how many mentions are of a kind that is filed there';
