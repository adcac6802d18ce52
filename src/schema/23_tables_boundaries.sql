-- What a model said of where a conversation's topics begin, and what it was asked.

CREATE TABLE kg_batch_internal.boundary_window (
    graph_id         bigint NOT NULL,
    conversation_id  bigint NOT NULL,
    first_message_id bigint NOT NULL,
    request_id       bigint NOT NULL,
    message_ids      bigint[] NOT NULL,
    reaches_end      boolean NOT NULL,
    waits            boolean NOT NULL DEFAULT true,
    PRIMARY KEY (graph_id, conversation_id, first_message_id, request_id),
    FOREIGN KEY (graph_id, conversation_id) REFERENCES kg_batch_internal.conversation ON DELETE CASCADE,
    FOREIGN KEY (graph_id, request_id) REFERENCES kg_batch_internal.request ON DELETE CASCADE
);
CREATE INDEX boundary_window_request ON kg_batch_internal.boundary_window (graph_id, request_id);
CREATE INDEX boundary_window_waits ON kg_batch_internal.boundary_window (graph_id, conversation_id) WHERE waits;
COMMENT ON TABLE kg_batch_internal.boundary_window IS 'messages whose boundaries a request asks or asked about; equal ones of several conversations share it';
COMMENT ON COLUMN kg_batch_internal.boundary_window.reaches_end IS 'of a run that is closed: all of its answer counts';
COMMENT ON COLUMN kg_batch_internal.boundary_window.waits IS 'its conversation cannot be cut before the answer is read; what waits no more is kept for forget, which looks here for answers that speak of a conversation';

CREATE TABLE kg_batch_internal.boundary (
    graph_id         bigint NOT NULL,
    conversation_id  bigint NOT NULL,
    first_message_id bigint NOT NULL,
    last_message_id  bigint NOT NULL,
    process          boolean NOT NULL,
    topic            text NOT NULL,
    told_by          text NOT NULL CHECK (told_by IN ('model', 'rules')),
    request_id       bigint NOT NULL,
    PRIMARY KEY (graph_id, conversation_id, first_message_id),
    FOREIGN KEY (graph_id, conversation_id) REFERENCES kg_batch_internal.conversation ON DELETE CASCADE
);
COMMENT ON TABLE kg_batch_internal.boundary IS 'segments as a model told of them: what conversations are cut by';
COMMENT ON COLUMN kg_batch_internal.boundary.process IS 'false: nothing in it is worth reading, its messages are skipped';
COMMENT ON COLUMN kg_batch_internal.boundary.told_by IS 'rules: no answer of the model could be used';
