-- Kinds in the taxonomy. A kind is a type with a category, "Entity, dog"; it is
-- filed once, by what decides first: a person's word, a name of a taxon, a model.
-- What a node is follows from the kinds of its mentions.
--
-- Where a kind is filed by name is a function of the taxonomy alone, so it does
-- not matter whether conversations or taxonomy came first.

-- The same expression makes node_mention.category_key, as a built-in there: it is
-- evaluated for each mention. ASCII alone: categories are English, and what lower()
-- makes of other letters would depend on the database.
CREATE FUNCTION kg_batch_internal.category_key(category text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    RETURN lower(btrim(regexp_replace(category COLLATE "C", '[\s_.,;:!?"()/>-]+', ' ', 'g')));
COMMENT ON FUNCTION kg_batch_internal.category_key(text) IS 'a category as categories are compared: lower case, single spaces instead of punctuation';

CREATE FUNCTION kg_batch_internal.category_words(key text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    RETURN ARRAY(SELECT CASE
            WHEN w.word ~ '....ies$' THEN left(w.word, -3) || 'y'
            WHEN w.word ~ '..(ch|sh|ss|x)es$' THEN left(w.word, -2)
            WHEN w.word ~ '..[^isu]s$' THEN left(w.word, -1)
            ELSE w.word END
        FROM string_to_table(key COLLATE "C", ' ') WITH ORDINALITY AS w (word, nth)
        WHERE w.word <> '' AND w.word NOT IN ('a', 'an', 'and', 'at', 'by', 'for', 'from', 'in', 'of', 'on', 'or', 'the', 'to', 'with')
        ORDER BY w.nth);
COMMENT ON FUNCTION kg_batch_internal.category_words(text) IS 'words of a category_key that say something, plurals as singulars';

-- A graph's taxa: its own, and the shipped ones whose path is not among those.
CREATE VIEW kg_batch_internal.known_taxon AS
    SELECT t.graph_id, t.taxon_id, t.path, t.type, t.name, t.parent, t.definition, t.aliases, s.taxon_id IS NOT NULL AS shipped, true AS own
    FROM kg_batch_internal.taxon t LEFT JOIN kg_batch_internal.shipped_taxon s USING (path)
    UNION ALL
    SELECT g.graph_id, s.taxon_id, s.path, s.type, s.name, s.parent, s.definition, s.aliases, true, false
    FROM kg_batch_internal.graph g CROSS JOIN kg_batch_internal.shipped_taxon s
    WHERE NOT EXISTS (SELECT FROM kg_batch_internal.taxon t WHERE t.graph_id = g.graph_id AND t.path = s.path);
COMMENT ON VIEW kg_batch_internal.known_taxon IS 'the taxa that count in each graph';
COMMENT ON COLUMN kg_batch_internal.known_taxon.shipped IS 'comes with the extension, if perhaps in the graph''s own form';

-- Files kinds by name: a name before an alias, the name itself before the
-- canonical form of a kind of statement, the graph's own before the shipped, the
-- broader before the narrower. Kinds whose taxon or name is gone are open again,
-- for whoever works on the graph next to ask about.
CREATE FUNCTION kg_batch_internal.file_kinds(graph bigint, only_kinds bigint[] DEFAULT NULL) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH taxa AS MATERIALIZED (
            SELECT t.* FROM kg_batch_internal.known_taxon t WHERE t.graph_id = file_kinds.graph),
        named AS MATERIALIZED (
            SELECT DISTINCT ON (t.type, n.name) t.type, n.name, t.taxon_id
            FROM taxa t
            CROSS JOIN LATERAL (SELECT t.name AS name, 1 AS rank UNION ALL SELECT a, 2 FROM unnest(t.aliases) a) n
            ORDER BY t.type, n.name, n.rank, t.own DESC, regexp_count(t.path, '>'), t.path),
        filed AS (
            SELECT k.kind_id,
                CASE WHEN k.decided_by = 'person' AND t.taxon_id IS NOT NULL THEN k.taxon_id
                    ELSE COALESCE(n.taxon_id, c.taxon_id, CASE WHEN k.decided_by = 'model' THEN t.taxon_id END) END AS taxon_id,
                CASE WHEN k.decided_by = 'person' AND t.taxon_id IS NOT NULL THEN 'person'
                    WHEN COALESCE(n.taxon_id, c.taxon_id) IS NOT NULL THEN 'name'
                    WHEN k.decided_by = 'model' AND t.taxon_id IS NOT NULL THEN 'model' END AS decided_by
            FROM kg_batch_internal.kind k
            LEFT JOIN taxa t ON t.taxon_id = k.taxon_id
            LEFT JOIN named n ON n.type = k.type AND n.name = k.category
            LEFT JOIN kg_batch_internal.canonical p ON p.sort = 'kind' AND p.name = k.category AND k.type IN ('Event', 'State', 'Goal')
            LEFT JOIN named c ON c.type = k.type AND c.name = p.canonical
            WHERE k.graph_id = file_kinds.graph AND (only_kinds IS NULL OR k.kind_id = ANY (only_kinds)))
        UPDATE kg_batch_internal.kind k
        SET taxon_id = f.taxon_id, decided_by = f.decided_by,
            confidence = CASE f.decided_by WHEN 'name' THEN 1000 WHEN 'person' THEN 1000 WHEN 'model' THEN k.confidence END,
            error = NULL, error_at = NULL, asked = 0,
            job_id = CASE WHEN f.taxon_id IS NOT NULL THEN k.job_id END,
            -- A question that is out still stands for it.
            request_id = CASE WHEN f.taxon_id IS NOT NULL OR EXISTS (SELECT FROM kg_batch_internal.inquiry q
                WHERE q.graph_id = k.graph_id AND q.request_id = k.request_id) THEN k.request_id END
        FROM filed f
        WHERE k.graph_id = file_kinds.graph AND k.kind_id = f.kind_id
          AND (k.taxon_id IS DISTINCT FROM f.taxon_id OR k.decided_by IS DISTINCT FROM f.decided_by);
    END;
COMMENT ON FUNCTION kg_batch_internal.file_kinds(bigint, bigint[]) IS 'files kinds of a graph, all or some, by name, and opens those whose taxon is gone';

CREATE FUNCTION kg_batch_internal.note_kinds(graph bigint, chunks bigint[], keys uuid[] DEFAULT '{}', job bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    noted bigint[];
BEGIN
    WITH made AS (
        INSERT INTO kg_batch_internal.kind (graph_id, type, category, job_id)
        SELECT DISTINCT note_kinds.graph, m.type, m.category_key, note_kinds.job
        FROM (
            SELECT o.type, o.category_key FROM unnest(chunks) c (chunk_id) CROSS JOIN LATERAL (
                SELECT n.type, n.category_key FROM kg_batch_internal.node_mention n
                WHERE n.graph_id = note_kinds.graph AND n.chunk_id = c.chunk_id AND n.live OFFSET 0) o
            UNION ALL
            SELECT o.type, o.category_key FROM unnest(keys) k (key) CROSS JOIN LATERAL (
                SELECT n.type, n.category_key FROM kg_batch_internal.node_mention n
                WHERE n.graph_id = note_kinds.graph AND n.key = k.key AND n.live
                  AND (SELECT c.folded FROM kg_batch_internal.chunk c WHERE c.graph_id = n.graph_id AND c.chunk_id = n.chunk_id) OFFSET 0) o) m
        -- Of one that is there, who is being filed by another transaction would be waited for.
        WHERE m.category_key <> '' AND (
            SELECT count(*) FROM kg_batch_internal.kind k WHERE k.graph_id = note_kinds.graph AND k.type = m.type AND k.category = m.category_key) = 0
        ORDER BY 2, 3
        ON CONFLICT (graph_id, type, category) DO NOTHING RETURNING kind_id)
    SELECT array_agg(kind_id) INTO noted FROM made;
    IF noted IS NULL THEN
        RETURN 0;
    END IF;
    -- A change of the taxonomy that is under way ends first, or waits for these.
    PERFORM FROM kg_batch_internal.graph g WHERE g.graph_id = note_kinds.graph FOR SHARE;
    PERFORM kg_batch_internal.file_kinds(note_kinds.graph, noted);
    RETURN (SELECT count(*) FROM kg_batch_internal.kind k
            WHERE k.graph_id = note_kinds.graph AND k.kind_id = ANY (noted) AND k.taxon_id IS NULL);
END $$;
COMMENT ON FUNCTION kg_batch_internal.note_kinds(bigint, bigint[], uuid[], bigint)
    IS 'makes the kinds of the mentions of chunks, or of identities, files them by name, and gives how many new ones a model has to be asked about; the job pays';

-- What a model is shown for kinds: of each, taxa of its type that share a name or words
-- with the category (most, the last word counting more), with the labels of its
-- nodes or in their definition (little), what stands above those, and where that
-- leaves room the branches below the root. The root always fits, so it is always
-- among them, and last.
CREATE FUNCTION kg_batch_internal.candidate_taxa(graph bigint, types text[], categories text[], labelled bigint[] DEFAULT '{}', labels text[] DEFAULT '{}')
    RETURNS TABLE (nth bigint, rank int, taxon_id bigint, path text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH asked AS MATERIALIZED (
            SELECT k.nth, k.type, k.key, kg_batch_internal.category_words(k.key) AS words, p.canonical, l.labels,
                ARRAY(SELECT DISTINCT x FROM unnest(l.labels) i, unnest(kg_batch_internal.category_words(i)) x) AS label_words
            FROM (SELECT a.nth, a.type, kg_batch_internal.category_key(a.category) AS key
                  FROM unnest(candidate_taxa.types, candidate_taxa.categories) WITH ORDINALITY AS a (type, category, nth)) k
            LEFT JOIN kg_batch_internal.canonical p ON p.sort = 'kind' AND p.name = k.key AND k.type IN ('Event', 'State', 'Goal')
            LEFT JOIN (
                SELECT n.nth, array_agg(DISTINCT kg_batch_internal.category_key(n.label)) AS labels
                FROM unnest(candidate_taxa.labelled, candidate_taxa.labels) AS n (nth, label) GROUP BY n.nth) l ON l.nth = k.nth),
        asked_word AS MATERIALIZED (
            SELECT a.nth, a.type, x.word, x.word = ANY (a.words) AS of_category
            FROM asked a CROSS JOIN LATERAL (SELECT unnest(a.words) AS word UNION SELECT unnest(a.label_words)) x),
        taxa AS MATERIALIZED (
            SELECT t.taxon_id, t.type, t.path, t.name, t.definition, t.aliases, regexp_count(t.path, '>') AS depth
            FROM kg_batch_internal.known_taxon t WHERE t.graph_id = candidate_taxa.graph AND t.type = ANY (candidate_taxa.types)),
        -- Cutting takes most of the time, so of the many names are cut those of which a word
        -- begins as one that is looked for does: no singular has less than three letters.
        beginning AS MATERIALIZED (SELECT DISTINCT a.type, left(a.word, 3) AS word FROM asked_word a),
        given AS MATERIALIZED (
            SELECT row_number() OVER () AS name_id, t.taxon_id, t.type, n.name, n.rank
            FROM taxa t CROSS JOIN LATERAL (SELECT t.name AS name, 1 AS rank UNION ALL SELECT i, 2 FROM unnest(t.aliases) i) n),
        given_word AS MATERIALIZED (SELECT g.name_id, g.type, left(unnest(string_to_array(g.name, ' ')), 3) AS word FROM given g),
        same AS MATERIALIZED (
            SELECT a.nth, g.name_id FROM asked a JOIN given g ON g.type = a.type AND g.name = a.key
            UNION ALL
            SELECT a.nth, g.name_id FROM asked a JOIN given g ON g.type = a.type AND g.name = a.canonical),
        name AS MATERIALIZED (
            SELECT g.name_id, g.taxon_id, g.type, g.name, g.rank, kg_batch_internal.category_words(g.name) AS words
            FROM (SELECT w.name_id FROM given_word w JOIN beginning b USING (type, word) UNION SELECT s.name_id FROM same s) n JOIN given g USING (name_id)),
        name_word AS MATERIALIZED (SELECT n.name_id, n.type, unnest(n.words) AS word FROM name n),
        definition_word AS MATERIALIZED (
            SELECT t.taxon_id, t.type, unnest(kg_batch_internal.category_words(kg_batch_internal.category_key(t.definition))) AS word FROM taxa t),
        met AS (
            SELECT a.nth, w.name_id, count(*) FILTER (WHERE a.of_category) AS shared
            FROM name_word w JOIN asked_word a USING (type, word) GROUP BY a.nth, w.name_id
            UNION ALL
            SELECT s.nth, s.name_id, 0 FROM same s),
        found AS (
            SELECT m.nth, n.taxon_id,
                CASE WHEN n.name = a.key THEN 1000 - n.rank
                    WHEN n.name = a.canonical THEN 900 - n.rank
                    WHEN n.words = a.words THEN 850 - n.rank
                    ELSE 500 * m.shared * 2 / GREATEST(cardinality(a.words) + cardinality(n.words), 1)
                        + CASE WHEN n.words[cardinality(n.words)] = a.words[cardinality(a.words)] THEN 250 ELSE 0 END END
                + CASE WHEN n.name = ANY (a.labels) THEN 90 WHEN n.words && a.label_words THEN 30 ELSE 0 END AS by_name, 0 AS by_definition
            FROM met m JOIN name n USING (name_id) JOIN asked a USING (nth)
            UNION ALL
            SELECT a.nth, w.taxon_id, 0, 20 FROM definition_word w JOIN asked_word a USING (type, word) WHERE a.of_category),
        hit AS (SELECT f.nth, f.taxon_id, max(f.by_name) + max(f.by_definition) AS score FROM found f GROUP BY f.nth, f.taxon_id),
        -- What stands above a taxon is half as good, above that a quarter.
        above AS MATERIALIZED (
            SELECT t.taxon_id, u.taxon_id AS upper_id, t.depth - u.depth AS steps
            FROM taxa t CROSS JOIN LATERAL generate_series(1, t.depth + 1) AS d
            JOIN taxa u ON u.path = array_to_string((string_to_array(t.path, ' > '))[:d], ' > ')),
        raised AS (
            SELECT r.nth, r.taxon_id, max(r.score) AS score
            FROM (SELECT h.nth, u.upper_id AS taxon_id, h.score >> u.steps AS score FROM hit h JOIN above u USING (taxon_id)
                  UNION ALL
                  SELECT a.nth, t.taxon_id, 0 FROM asked a JOIN taxa t ON t.type = a.type AND t.depth = 1) r
            GROUP BY r.nth, r.taxon_id),
        ranked AS (
            SELECT r.nth, t.taxon_id, t.path, row_number() OVER (PARTITION BY r.nth ORDER BY r.score DESC, t.depth, LEAST(t.taxon_id, 10000), t.path) AS rank
            FROM raised r JOIN taxa t USING (taxon_id) WHERE t.depth > 0 AND (r.score > 0 OR t.depth = 1)),
        chosen AS (
            SELECT r.nth, r.rank, r.taxon_id, r.path FROM ranked r WHERE r.rank <= 7
            UNION ALL
            SELECT a.nth, 8, t.taxon_id, t.path FROM asked a JOIN taxa t ON t.type = a.type AND t.depth = 0)
        SELECT c.nth, row_number() OVER (PARTITION BY c.nth ORDER BY c.rank)::int, c.taxon_id, c.path FROM chosen c ORDER BY 1, 2;
    END;
COMMENT ON FUNCTION kg_batch_internal.candidate_taxa(bigint, text[], text[], bigint[], text[])
    IS 'at most eight taxa that may fit each kind, best first, the root of its type last: a function of kinds, labels and taxonomy; labels go with the kind whose place stands beside them';

-- A model's words on kinds; a person's and a name's beat them. What the model would
-- rather have becomes a suggestion, unless a taxon below is called so, which is
-- then meant, or a person decided on it before.
CREATE FUNCTION kg_batch_internal.file_kinds_by_model(graph bigint, kinds bigint[], taxa bigint[], confidences int[], suggestions text[])
    RETURNS SETOF bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    gone bigint[];
    filed bigint[];
    sure int[];
    places text[];
    meant bigint[];
    wanted text[];
BEGIN
    PERFORM FROM kg_batch_internal.graph g WHERE g.graph_id = graph FOR SHARE;  -- as in note_kinds
    WITH known AS MATERIALIZED (
        SELECT t.taxon_id, t.type, t.path, t.name, t.aliases FROM kg_batch_internal.known_taxon t WHERE t.graph_id = graph),
    -- Of several words on one kind the last stands.
    word AS MATERIALIZED (
        SELECT DISTINCT ON (w.kind_id) w.kind_id, w.confidence, w.wanted, t.taxon_id, t.path AS place, k.decided_by
        FROM (SELECT o.kind_id, o.taxon_id, o.confidence, NULLIF(kg_batch_internal.category_key(o.suggestion), '') AS wanted, o.nth
              FROM unnest(kinds, taxa, confidences, suggestions) WITH ORDINALITY AS o (kind_id, taxon_id, confidence, suggestion, nth)) w
        LEFT JOIN kg_batch_internal.kind k ON k.graph_id = graph AND k.kind_id = w.kind_id
        LEFT JOIN known t ON t.taxon_id = w.taxon_id AND t.type = k.type
        ORDER BY w.kind_id, w.nth DESC),
    heard AS (
        SELECT w.*, COALESCE(m.taxon_id, w.taxon_id) AS meant_id,
            CASE WHEN m.taxon_id IS NULL AND length(w.wanted) <= 100 AND w.wanted <> regexp_replace(w.place, '^.* > ', '') THEN w.wanted END AS new_name,
            w.taxon_id IS NOT NULL AND w.decided_by IS DISTINCT FROM 'person' AND w.decided_by IS DISTINCT FROM 'name' AS counts
        FROM word w LEFT JOIN LATERAL (
            SELECT t.taxon_id FROM known t
            WHERE w.wanted IS NOT NULL AND starts_with(t.path, w.place || ' > ') AND (t.name = w.wanted OR w.wanted = ANY (t.aliases))
            ORDER BY t.name = w.wanted DESC, regexp_count(t.path, '>'), t.path LIMIT 1) m ON true)
    SELECT array_agg(h.kind_id) FILTER (WHERE h.taxon_id IS NULL), array_agg(h.kind_id) FILTER (WHERE h.counts),
        array_agg(h.confidence) FILTER (WHERE h.counts), array_agg(h.place) FILTER (WHERE h.counts),
        array_agg(h.meant_id) FILTER (WHERE h.counts), array_agg(h.new_name) FILTER (WHERE h.counts)
    INTO gone, filed, sure, places, meant, wanted FROM heard h;
    INSERT INTO kg_batch_internal.taxon_suggestion (graph_id, parent, name)
    SELECT DISTINCT graph, u.place, u.name FROM unnest(places, wanted) AS u (place, name) WHERE u.name IS NOT NULL ORDER BY 2, 3
    ON CONFLICT (graph_id, parent, name) DO NOTHING;
    UPDATE kg_batch_internal.kind k
    SET taxon_id = u.taxon_id, decided_by = 'model', confidence = u.confidence, suggestion_id = (
        SELECT s.suggestion_id FROM kg_batch_internal.taxon_suggestion s
        WHERE s.graph_id = graph AND s.parent = u.place AND s.name = u.name AND s.state = 'waiting')
    FROM (SELECT graph AS graph_id, o.* FROM unnest(filed, meant, sure, places, wanted) AS o (kind_id, taxon_id, confidence, place, name) OFFSET 0) u
    WHERE k.graph_id = u.graph_id AND k.kind_id = u.kind_id;
    RETURN QUERY SELECT o.kind_id FROM unnest(gone) AS o (kind_id) ORDER BY 1;
END $$;
COMMENT ON FUNCTION kg_batch_internal.file_kinds_by_model(bigint, bigint[], bigint[], int[], text[])
    IS 'files kinds where a model says, with confidences in thousandths and the new children it suggests, if any; gives those for which there is no such taxon of their type';

-- What the nodes are. All in integers: shares and recency in thousandths, the score
-- 0.6 share + 0.3 confidence + 0.1 recency in ten-thousandths. Recency falls from
-- the node's own latest vote to nothing in 30 days, and never looks at the clock; a
-- vote without a time has none. A tie goes to what was said first.
CREATE VIEW kg_batch_internal.node_taxon AS
    SELECT s.graph_id, s.node_id, s.taxon_id, s.path, s.votes, s.score,
        row_number() OVER (PARTITION BY s.graph_id, s.node_id ORDER BY s.score DESC, s.earliest, s.path) = 1 AS is_primary
    FROM (
        SELECT v.graph_id, v.node_id, v.taxon_id, v.path, v.votes, v.earliest,
            (6 * (v.votes * 1000 / (sum(v.votes) OVER of_node)::bigint) + 3 * v.confidence
             + GREATEST(0, 1000 - COALESCE((EXTRACT(epoch FROM max(v.latest) OVER of_node - v.latest) * 1000000)::bigint / 2592000000, 1000)))::int
                AS score
        FROM (
            SELECT i.graph_id, i.node_id, t.taxon_id, t.path, count(*) AS votes, sum(k.confidence) / count(*) AS confidence,
                max(m.said_at) AS latest, min(m.order_key) AS earliest
            -- From table to table, row by row: see node_fact in 70_views.sql.
            FROM kg_batch_internal.identity i
            CROSS JOIN LATERAL (
                SELECT m.type, m.category_key, m.said_at, m.order_key FROM kg_batch_internal.node_mention m
                WHERE m.graph_id = i.graph_id AND m.key = i.key AND m.live OFFSET 0) m
            CROSS JOIN LATERAL (
                SELECT k.taxon_id, k.confidence FROM kg_batch_internal.kind k
                WHERE k.graph_id = i.graph_id AND k.type = m.type AND k.category = m.category_key OFFSET 0) k
            CROSS JOIN LATERAL (
                SELECT t.taxon_id, t.path FROM kg_batch_internal.known_taxon t
                WHERE t.graph_id = i.graph_id AND t.taxon_id = k.taxon_id OFFSET 0) t
            WHERE i.node_id IS NOT NULL
            GROUP BY i.graph_id, i.node_id, t.taxon_id, t.path) v
        WINDOW of_node AS (PARTITION BY v.graph_id, v.node_id)) s;
COMMENT ON VIEW kg_batch_internal.node_taxon IS 'taxa that the mentions of each node vote for, a mention for the taxon of its kind';
COMMENT ON COLUMN kg_batch_internal.node_taxon.score IS 'ten-thousandths';
