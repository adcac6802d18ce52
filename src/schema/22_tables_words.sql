-- What persons said of one thing or fact: split, retract, correct. What they said of
-- two is in decision, from whose sequence the ids here are, so that one id says
-- what is to be undone.

CREATE TABLE kg_batch_internal.word (
    graph_id     bigint NOT NULL REFERENCES kg_batch_internal.graph ON DELETE CASCADE,
    decision_id  bigint NOT NULL DEFAULT pg_catalog.nextval('kg_batch_internal.decision_decision_id_seq'),
    verb         text NOT NULL CHECK (verb IN ('split', 'retract', 'correct')),
    conversation text COLLATE "C" CHECK (conversation IS NULL OR verb = 'split'),
    field        text COLLATE "C" CHECK ((field IS NULL) = (verb <> 'correct')),
    value        text COLLATE "C",
    reason       text,
    role         name,
    at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    undone_at    timestamptz,
    PRIMARY KEY (graph_id, decision_id)
) WITH (fillfactor = 80);
CREATE INDEX word_split ON kg_batch_internal.word (graph_id, conversation) WHERE verb = 'split' AND undone_at IS NULL;
COMMENT ON TABLE kg_batch_internal.word IS 'what a person said of one thing or fact; kept for ever, the later word beats the earlier';
COMMENT ON COLUMN kg_batch_internal.word.decision_id IS 'of the sequence of decision: one id for all that a person says';
COMMENT ON COLUMN kg_batch_internal.word.conversation IS 'of a split by conversation: the user''s key of it; also for what comes later in it';
COMMENT ON COLUMN kg_batch_internal.word.field IS 'of a correction: label, category, class, start_date, end_date, goal_status, add_alias, remove_alias';
COMMENT ON COLUMN kg_batch_internal.word.value IS 'of a correction; null for none';
COMMENT ON COLUMN kg_batch_internal.word.role IS 'the person, by role';
COMMENT ON COLUMN kg_batch_internal.word.undone_at IS 'since when it no longer counts';

CREATE TABLE kg_batch_internal.word_key (
    graph_id    bigint NOT NULL,
    decision_id bigint NOT NULL,
    key         uuid NOT NULL,
    split_key   uuid,
    PRIMARY KEY (graph_id, decision_id, key),
    FOREIGN KEY (graph_id, decision_id) REFERENCES kg_batch_internal.word ON DELETE CASCADE
);
CREATE INDEX word_key_key ON kg_batch_internal.word_key (graph_id, key);
CREATE INDEX word_key_split_key ON kg_batch_internal.word_key (graph_id, split_key) WHERE split_key IS NOT NULL;
COMMENT ON TABLE kg_batch_internal.word_key IS 'of which identities a split or a correction was said: all that the node was made of';
COMMENT ON COLUMN kg_batch_internal.word_key.split_key IS 'of a split: the key of what is split off this one';

CREATE TABLE kg_batch_internal.word_fact (
    graph_id    bigint NOT NULL,
    decision_id bigint NOT NULL,
    chunk_id    bigint NOT NULL,
    fact        int NOT NULL,
    PRIMARY KEY (graph_id, decision_id, chunk_id, fact),
    FOREIGN KEY (graph_id, decision_id) REFERENCES kg_batch_internal.word ON DELETE CASCADE,
    FOREIGN KEY (graph_id, chunk_id, fact) REFERENCES kg_batch_internal.fact ON DELETE CASCADE
);
CREATE INDEX word_fact_fact ON kg_batch_internal.word_fact (graph_id, chunk_id, fact);
COMMENT ON TABLE kg_batch_internal.word_fact IS 'the fact that was retracted, or the facts whose mentions were split off';

-- A split is overruled by saying later that the two are the same.
CREATE VIEW kg_batch_internal.split_that_counts AS
SELECT w.graph_id, w.decision_id, w.conversation
FROM kg_batch_internal.word w
WHERE w.verb = 'split' AND w.undone_at IS NULL
  AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.word_key k JOIN LATERAL (
        SELECT FROM kg_batch_internal.decision d WHERE d.graph_id = k.graph_id AND d.key_a = LEAST(k.key, k.split_key)
          AND d.key_b = GREATEST(k.key, k.split_key) AND d.made_by = 'person' AND d.verdict = 'same' AND d.undone_at IS NULL
          AND d.decision_id > k.decision_id OFFSET 0) d ON true
       WHERE k.graph_id = w.graph_id AND k.decision_id = w.decision_id) = 0;
COMMENT ON VIEW kg_batch_internal.split_that_counts IS 'splits that were neither undone nor overruled by a later merge';

CREATE TABLE kg_batch_internal.former_identity (
    graph_id    bigint NOT NULL REFERENCES kg_batch_internal.graph ON DELETE CASCADE,
    key         uuid NOT NULL,
    identity_id bigint NOT NULL,
    node_id     bigint,
    PRIMARY KEY (graph_id, key)
);
COMMENT ON TABLE kg_batch_internal.former_identity IS 'ids of identities of which no mention counts any more, and of their nodes: what comes back gets them back. Keys alone, no words';
