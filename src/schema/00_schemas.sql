-- Two schemas: what people use, and where everything is kept. The second one is
-- closed to everybody but the extension's owner; views and functions of the
-- first one open what a role was granted.

REVOKE ALL ON SCHEMA kg_batch FROM PUBLIC;
CREATE SCHEMA kg_batch_internal;
REVOKE ALL ON SCHEMA kg_batch_internal FROM PUBLIC;
COMMENT ON SCHEMA kg_batch_internal IS 'tables of kg_batch; what people read are the views of schema kg_batch';

-- Nothing that stands in a schema of that name already, or in anybody's
-- search_path, can be meant by a name below; CREATE EXTENSION puts it back.
SET LOCAL search_path = pg_catalog, pg_temp;
