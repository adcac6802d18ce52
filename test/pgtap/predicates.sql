-- Canonical roles and kinds: a closed, consistent list, of which own rows win.
SELECT * FROM no_plan();

CREATE VIEW p AS SELECT * FROM kg_batch_internal.predicate;
CREATE FUNCTION canonical(wanted_sort text, wanted text) RETURNS text LANGUAGE sql AS $$
    SELECT COALESCE((SELECT c.canonical FROM kg_batch_internal.canonical c WHERE c.sort = wanted_sort AND c.name = wanted), wanted) $$;

-- ---- the list ----

-- The enum of the answers' schema: an answer with another role is not accepted,
-- and one of these without a row would have no definition.
SELECT is((SELECT string_agg(name, ' ' ORDER BY predicate_id) FROM p WHERE sort = 'role' AND name = canonical),
    'agent object participant owner owned employee employer resident place spouse parent child sibling friend topic content origin destination '
    'cause result experiencer holder member organisation student school teacher subject recipient instrument beneficiary location time goal plan '
    'colleague manager partner pet creator creation attendee host other', 'the canonical roles are those of the vocabulary, in its order');
SELECT cmp_ok(count(*), '>=', 100::bigint, 'kinds of statements of private life and work') FROM p WHERE sort = 'kind' AND name = canonical;
SELECT is_empty('SELECT name FROM p WHERE canonical NOT IN (SELECT c.name FROM p c WHERE c.sort = p.sort AND c.canonical = c.name)',
    'what a name is mapped to stands for itself');
SELECT is_empty('SELECT sort, name FROM p GROUP BY sort, name HAVING count(*) > 1', 'no name is mapped twice');
SELECT is_empty('SELECT name FROM p WHERE (definition IS NULL) = (name = canonical)', 'canonical forms have a definition, and they alone');
SELECT is_empty('SELECT name FROM p WHERE kg_batch_internal.category_key(name) <> name', 'names are written as they are compared');
SELECT is_empty('SELECT name FROM p WHERE predicate_id >= 10000 OR NOT shipped', 'shipped rows have ids below 10,000');
SELECT is(array_agg(DISTINCT id), ARRAY[10000::bigint], 'own rows begin there')
FROM (SELECT nextval(pg_get_serial_sequence('kg_batch_internal.predicate', 'predicate_id')) AS id) n;

-- ---- inverses, both sides alike, types ----

SELECT is_empty($$SELECT r.name FROM p r WHERE r.inverse IS NOT NULL
    AND NOT EXISTS (SELECT FROM p i WHERE i.sort = 'role' AND i.name = r.inverse AND i.inverse = r.name)$$, 'the inverse of an inverse is the role itself');
SELECT is_empty($$SELECT name FROM p WHERE sort = 'role' AND is_symmetric <> (inverse IS NOT DISTINCT FROM name)$$, 'a symmetric role is its own inverse');
SELECT results_eq($$SELECT name, inverse FROM p WHERE name IN ('owner', 'employer', 'spouse', 'topic') AND sort = 'role' ORDER BY name$$,
    $$VALUES ('employer' COLLATE "C", 'employee' COLLATE "C"), ('owner', 'owned'), ('spouse', 'spouse'), ('topic', NULL)$$, 'as people would say it');
SELECT is_empty($$SELECT name, t FROM p, unnest(expected_types) t WHERE sort = 'kind' AND t NOT IN ('Event', 'State', 'Goal')$$, 'kinds expect types of statements');
SELECT is_empty($$SELECT name FROM p WHERE sort = 'kind' AND name = canonical AND expected_types = '{}'$$, 'each says which');
SELECT is_empty($$SELECT name, t FROM p, unnest(expected_types) t
    WHERE sort = 'role' AND t NOT IN ('person', 'animal', 'organisation', 'place', 'work', 'product', 'other')$$, 'roles expect classes of things');
SELECT results_eq($$SELECT name, exclusive_role FROM p WHERE exclusive_role IS NOT NULL ORDER BY name$$,
    $$VALUES ('legal name' COLLATE "C", 'holder' COLLATE "C"), ('marriage', 'spouse'), ('residence', 'resident')$$,
    'one is in one marriage, main residence and legal name at a time, and in any number of jobs');
SELECT is_empty($$SELECT e.name FROM p e WHERE e.exclusive_role IS NOT NULL AND ('State' <> ALL (e.expected_types)
    OR NOT EXISTS (SELECT FROM p r WHERE r.sort = 'role' AND r.name = r.canonical AND r.name = e.exclusive_role))$$, 'exclusive kinds are States with such a role');
SELECT throws_ok($$INSERT INTO kg_batch_internal.predicate (sort, name, canonical, exclusive_role) VALUES ('kind', 'x', 'marriage', 'spouse')$$,
    '23514', NULL, 'what a canonical form is, its variants are not asked');

-- ---- names ----

SELECT is(canonical(sort, name), wanted, format('%s %s is %s', sort, name, wanted)) FROM (VALUES
    ('kind', 'pet ownership', 'ownership'), ('kind', 'job', 'employment'), ('kind', 'vacation', 'travel'), ('kind', 'holiday home', 'secondary residence'),
    ('kind', 'getting married', 'wedding'), ('kind', 'being married', 'marriage'), ('kind', 'dislike', 'aversion'), ('kind', 'purchase', 'acquisition'),
    ('kind', 'something unheard of', 'something unheard of'), ('role', 'husband', 'spouse'), ('role', 'owner of', 'owned'), ('role', 'owned by', 'owner'),
    ('role', 'venue', 'location'), ('role', 'boss', 'manager'), ('role', 'navigator', 'navigator')) AS v (sort, name, wanted);
SELECT is_empty($$SELECT * FROM (VALUES ('dislike', 'preference'), ('wedding', 'marriage'), ('acquisition', 'adoption'), ('acquisition', 'ownership'),
    ('resignation', 'employment'), ('secondary residence', 'residence'), ('divorce', 'marriage')) AS v (a, b) WHERE canonical('kind', a) = canonical('kind', b)$$,
    'what is another kind stays another kind');
INSERT INTO kg_batch_internal.predicate (sort, name, canonical) VALUES ('kind', 'vacation', 'vacation'), ('role', 'navigator', 'agent');
SELECT is(canonical('kind', 'vacation'), 'vacation', 'an own row wins over a shipped one');
SELECT is(canonical('role', 'navigator'), 'agent', 'or adds a name');

SELECT * FROM finish();
