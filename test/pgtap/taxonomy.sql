-- The taxonomy: the shipped tree, a graph's own taxa, kinds and where they are
-- filed, suggestions, and what nodes are by the votes of their mentions.
\ir fixtures/two_graphs.sql
SELECT * FROM no_plan();

CREATE FUNCTION pets() RETURNS bigint LANGUAGE sql AS $$ SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'pets' $$;
CREATE FUNCTION work() RETURNS bigint LANGUAGE sql AS $$ SELECT graph_id FROM kg_batch_internal.graph WHERE name = 'work' $$;
-- Where a kind of pets is filed, and by what; open when it is not.
CREATE FUNCTION filed(wanted_type text, wanted_category text) RETURNS text LANGUAGE sql AS $$
    SELECT COALESCE(t.path || ' by ' || k.decided_by || ' ' || k.confidence, 'open')
    FROM kg_batch_internal.kind k LEFT JOIN kg_batch_internal.known_taxon t USING (graph_id, taxon_id)
    WHERE k.graph_id = pets() AND k.type = wanted_type AND k.category = wanted_category $$;
CREATE FUNCTION kind(wanted_type text, wanted_category text) RETURNS bigint LANGUAGE sql AS $$
    SELECT kind_id FROM kg_batch_internal.kind WHERE graph_id = pets() AND type = wanted_type AND category = wanted_category $$;
CREATE FUNCTION taxon(wanted_path text) RETURNS bigint LANGUAGE sql AS $$
    SELECT taxon_id FROM kg_batch_internal.known_taxon WHERE graph_id = pets() AND path = wanted_path $$;
CREATE FUNCTION new_kind(new_type text, new_category text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO kg_batch_internal.kind (graph_id, type, category) VALUES (pets(), new_type, new_category);
    SELECT kg_batch_internal.file_kinds(pets(), ARRAY[kind(new_type, new_category)]) $$;
CREATE FUNCTION paths(wanted_type text, wanted_category text, labels text[] DEFAULT '{}') RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(path ORDER BY rank) FROM kg_batch_internal.candidate_taxa(pets(), ARRAY[wanted_type], ARRAY[wanted_category],
        ARRAY(SELECT 1 FROM unnest(labels)), labels) $$;

-- ---- the shipped tree ----

CREATE VIEW shipped AS SELECT * FROM kg_batch_internal.shipped_taxon;
CREATE VIEW named AS SELECT type, path, name FROM shipped UNION ALL SELECT type, path, unnest(aliases) FROM shipped;
SELECT is((SELECT string_agg(path || ' ' || type, ', ' ORDER BY taxon_id) FROM shipped WHERE parent IS NULL),
    'entity Entity, concept Concept, property Property, event Event, state State, goal Goal', 'a root for each type');
SELECT is_empty('SELECT path FROM shipped WHERE parent NOT IN (SELECT path FROM shipped)', 'every parent exists');
SELECT is_empty('SELECT path FROM shipped GROUP BY path HAVING count(*) > 1', 'every path is there once');
WITH RECURSIVE below AS (
    SELECT path, 1 AS depth FROM shipped WHERE parent IS NULL UNION ALL SELECT s.path, b.depth + 1 FROM below b JOIN shipped s ON s.parent = b.path)
SELECT is(array_agg(DISTINCT depth ORDER BY depth), ARRAY[1, 2, 3, 4], 'four levels') FROM below;
WITH RECURSIVE below AS (
    SELECT path FROM shipped WHERE parent IS NULL UNION ALL SELECT s.path FROM below b JOIN shipped s ON s.parent = b.path)
SELECT is(count(*), (SELECT count(*) FROM shipped), 'each is reached from a root once: no circle') FROM below;
SELECT is_empty($$SELECT parent FROM shipped WHERE parent ~ '^[^>]*$' GROUP BY parent HAVING count(*) > 13$$, 'no root has more branches than one can look at');
SELECT is_empty($$SELECT v.type, count(s.path) FROM (VALUES ('Entity', 120, 160), ('Concept', 35, 60), ('Property', 15, 25), ('Event', 60, 100), ('State', 50, 80),
    ('Goal', 25, 45)) AS v (type, least, most) LEFT JOIN shipped s USING (type) GROUP BY v.type, v.least, v.most HAVING count(s.path) NOT BETWEEN v.least AND v.most$$,
    'each type has as many as conversations need');
SELECT is_empty($$SELECT path FROM shipped WHERE definition !~ '^[a-z].{5,80}$'$$, 'each has a short definition');
SELECT is_empty('SELECT type, name, array_agg(path) FROM named GROUP BY type, name HAVING count(*) > 1', 'a name means one taxon of its type');
SELECT is_empty('SELECT path, name FROM named WHERE kg_batch_internal.category_key(name) <> name', 'names are written as categories are compared');
SELECT is_empty('SELECT taxon_id FROM shipped WHERE taxon_id >= 10000', 'shipped ids are below 10,000');
SELECT is_empty($$SELECT p.name, t FROM kg_batch_internal.predicate p, unnest(p.expected_types) t
    WHERE p.sort = 'kind' AND NOT EXISTS (SELECT FROM named n WHERE n.type = t AND n.name = p.name)$$, 'each canonical kind of statement has its place');

-- ---- categories ----

SELECT is(kg_batch_internal.category_key(given), wanted, format('"%s" is compared as "%s"', given, wanted)) FROM (VALUES
    ('Dog', 'dog'), ('  guinea_pig ', 'guinea pig'), ('co-worker', 'co worker'), ('TV  show', 'tv show'), ('C++', 'c++'), ('R&D', 'r&d'), ('Äpfel', 'Äpfel'),
    ('a > b', 'a b'), ('?!', '')) AS v (given, wanted);
SELECT is_empty('SELECT category FROM kg_batch_internal.node_mention WHERE category_key <> kg_batch_internal.category_key(category)', 'mentions are compared the same way');
UPDATE kg_batch_internal.node_mention SET category = ' _The, dog/cat-(x)> "y" ?! ' WHERE label = 'Clyde';
SELECT is((SELECT category_key FROM kg_batch_internal.node_mention WHERE label = 'Clyde'), kg_batch_internal.category_key(' _The, dog/cat-(x)> "y" ?! '), 'whatever it is');
UPDATE kg_batch_internal.node_mention SET category = 'Dog' WHERE label = 'Clyde';
SELECT is(kg_batch_internal.category_words(given), wanted::text[], format('words of "%s"', given)) FROM (VALUES
    ('dogs', '{dog}'), ('parties', '{party}'), ('boxes', '{box}'), ('glass', '{glass}'), ('bus', '{bus}'), ('friends of the family', '{friend,family}'),
    ('diagnosis', '{diagnosis}'), ('', '{}')) AS v (given, wanted);

-- ---- kinds, by name ----

SELECT is(kg_batch_internal.note_kinds(pets(), ARRAY(SELECT chunk_id FROM kg_batch_internal.chunk WHERE graph_id = pets())), 0::bigint, 'a model need not be asked');
SELECT is(filed(type, category), wanted, format('%s, %s', type, category)) FROM (VALUES
    ('Entity', 'person', 'entity > person by name 1000'), ('Entity', 'dog', 'entity > animal > dog by name 1000'),
    ('Event', 'adoption', 'event > life event > adoption by name 1000')) AS v (type, category, wanted);
SELECT is((SELECT count(*) FROM kg_batch_internal.kind), 3::bigint, 'of these chunks only');
SELECT is(kg_batch_internal.note_kinds(pets(), ARRAY(SELECT chunk_id FROM kg_batch_internal.chunk)), 0::bigint, 'and noted once');
SELECT is((SELECT count(*) FROM kg_batch_internal.kind), 3::bigint, 'chunks of other graphs are not looked at');
SELECT new_kind(type, category) FROM (VALUES ('Entity', 'puppy'), ('State', 'job'), ('Event', 'getting married'), ('Entity', 'getting married'), ('Entity', 'llama'),
    ('Concept', 'dog'), ('State', 'wedding'), ('Entity', 'space elevator')) AS v (type, category);
SELECT is(filed(type, category), wanted, format('%s, %s', type, category)) FROM (VALUES
    ('Entity', 'puppy', 'entity > animal > dog by name 1000'), ('State', 'job', 'state > occupation > employment by name 1000'),
    ('Event', 'getting married', 'event > life event > wedding by name 1000'), ('Entity', 'getting married', 'open'), ('Entity', 'llama', 'open'),
    ('Concept', 'dog', 'open'), ('State', 'wedding', 'open')) AS v (type, category, wanted);
UPDATE kg_batch_internal.node_mention SET category = 'Jabberwock' WHERE label = 'Clyde';
SELECT is(kg_batch_internal.note_kinds(pets(), ARRAY(SELECT chunk_id FROM kg_batch_internal.chunk)), 1::bigint, 'what no taxon is called has to be asked');
UPDATE kg_batch_internal.node_mention SET category = 'Dog' WHERE label = 'Clyde';

-- ---- candidates ----

SELECT ok((paths('Entity', 'golden retriever puppy'))[1] = 'entity > animal > dog', 'candidates by a word of an alias');
SELECT ok((paths('Entity', 'Dogs'))[1] = 'entity > animal > dog', 'by a plural');
SELECT ok((paths('State', 'pet ownership'))[1] = 'state > ownership', 'by a canonical kind or alias');
SELECT ok('entity > animal' = ANY (paths('Entity', 'tabby')), 'with what stands above');
SELECT ok('entity > place > natural place' = ANY (paths('Entity', 'steep cycle path')), 'by and by');
SELECT ok('entity > animal > cat' = ANY (paths('Entity', 'rascal', '{kitten}')), 'by a label');
SELECT ok('entity > organisation > medical institution' = ANY (paths('Entity', 'ward', '{"Leeds hospital"}')), 'by a word of a label');
SELECT ok('entity > animal > small mammal' = ANY (paths('Entity', 'house rodent')), 'by a word of a definition');
SELECT ok((paths('Entity', 'app developer'))[1] = 'entity > person > professional > technical professional', 'the last word counts most');
SELECT is(paths('Entity', 'jabberwock'), ARRAY['entity > person', 'entity > animal', 'entity > organisation', 'entity > place', 'entity > object', 'entity > work',
    'entity > occasion', 'entity'], 'where nothing is near, the branches');
SELECT is_empty($$SELECT t, c, p.found FROM unnest(ARRAY['Entity', 'Concept', 'Property', 'Event', 'State', 'Goal']) t,
        unnest(ARRAY['', 'dog', 'school friend of the family', 'state goal event', 'other', 'house boat repair work task', U&'\00C4pfel', '%']) c
    CROSS JOIN LATERAL (SELECT paths(t, c, ARRAY[c, 'Anna']) AS found OFFSET 0) p
    WHERE cardinality(p.found) NOT BETWEEN 1 AND 8 OR p.found[cardinality(p.found)] <> lower(t)
        OR EXISTS (SELECT FROM unnest(p.found) x WHERE x !~ ('^' || lower(t) || '( >|$)'))
        OR (SELECT count(DISTINCT x) FROM unnest(p.found) x) <> cardinality(p.found)$$,
    'at most eight of the type, each once, the root among them and last');
SELECT is_empty($$SELECT asked.*, together.found FROM (
        SELECT nth, type, category, label FROM (VALUES (1, 'Entity', 'tabby', 'Rex'), (2, 'State', 'pet ownership', NULL), (3, 'Entity', 'rascal', 'kitten'), (4, 'Concept', 'dog', 'kitten'))
            AS a (nth, type, category, label)) asked
    LEFT JOIN (SELECT nth, array_agg(path ORDER BY rank) AS found FROM kg_batch_internal.candidate_taxa(pets(), '{Entity,State,Entity,Concept}', '{tabby,pet ownership,rascal,dog}',
        '{3,1,4}', '{kitten,Rex,kitten}') GROUP BY nth) together USING (nth)
    WHERE together.found IS DISTINCT FROM paths(asked.type, asked.category, array_remove(ARRAY[asked.label], NULL))$$, 'several kinds get what each gets alone');
SELECT is(paths('Entity', 'mobile app developer', '{Anna,Bob}'), paths('Entity', 'Mobile-App developer', '{Bob,Anna,Bob}'), 'candidates are a function of kind and labels');

-- ---- own taxa ----

SELECT is(kg_batch.load_taxonomy('[{"path": "Entity > animal > Llama", "definition": "a woolly animal", "aliases": ["Alpaca", "alpaca", "llama", "lama_glama"]},
    {"path": "entity > animal > llama > show llama", "definition": "one that wins prizes"}]', 'pets'), 2::bigint, 'a list');
SELECT results_eq($$SELECT path, type, definition, aliases, shipped, own, taxon_id >= 10000 FROM kg_batch.taxon WHERE graph_id = pets() AND own ORDER BY path$$,
    $$VALUES ('entity > animal > llama' COLLATE "C", 'Entity', 'a woolly animal', ARRAY['alpaca', 'lama glama'] COLLATE "C", false, true, true),
        ('entity > animal > llama > show llama', 'Entity', 'one that wins prizes', '{}', false, true, true)$$, 'is written as categories are compared');
SELECT is(filed('Entity', 'llama'), 'entity > animal > llama by name 1000', 'kinds that are called so are filed at once');
SELECT is((SELECT count(*) FROM kg_batch.taxon WHERE graph_id = work() AND own), 0::bigint, 'other graphs have theirs');
SELECT ok((paths('Entity', 'alpaca farm animal'))[1] = 'entity > animal > farm animal' AND 'entity > animal > llama' = ANY (paths('Entity', 'alpaca farm animal')), 'own ones are candidates');
INSERT INTO kg_batch_internal.taxon (graph_id, path, definition, aliases) VALUES (pets(), 'entity > animal > zander', 'one of the rivers', '{salted loxes}');
SELECT is((paths('Entity', 'smoked lox'))[1], 'entity > animal > zander', 'by a singular that is shorter than what it begins');
DELETE FROM kg_batch_internal.taxon WHERE graph_id = pets() AND path = 'entity > animal > zander';
SELECT is(kg_batch.load_taxonomy('[{"name": "Goal", "children": [{"name": "moon shot", "definition": "something hard", "children": [
    {"name": "space elevator", "definition": "one to the stars"}]}]}]', 'pets'), 2::bigint, 'a tree');
SELECT is((SELECT string_agg(path, ', ' ORDER BY path) FROM kg_batch.taxon WHERE graph_id = pets() AND own AND type = 'Goal'),
    'goal > moon shot, goal > moon shot > space elevator', 'what is only on the way is not the graph''s own');
CREATE TEMP TABLE llama AS SELECT taxon('entity > animal > llama') AS taxon_id;
SELECT kg_batch.load_taxonomy('[{"path": "entity > animal > llama", "definition": "a woolly beast"}]', 'pets');
SELECT results_eq($$SELECT definition, aliases, taxon_id FROM kg_batch.taxon WHERE graph_id = pets() AND name = 'llama'$$,
    $$SELECT 'a woolly beast', ARRAY['alpaca', 'lama glama'] COLLATE "C", taxon_id FROM llama$$, 'loaded again it is changed, not doubled; what is not said stays');
SELECT kg_batch.load_taxonomy('[{"path": "entity > animal > dog", "aliases": ["doggo"]}]', 'pets');
SELECT results_eq($$SELECT taxon_id, definition, aliases, shipped, own FROM kg_batch.taxon WHERE graph_id = pets() AND path = 'entity > animal > dog'$$,
    $$SELECT taxon_id, definition, ARRAY['doggo'] COLLATE "C", true, true FROM shipped WHERE path = 'entity > animal > dog'$$, 'an own form of a shipped one wins, under its id');
SELECT is((SELECT count(*) FROM kg_batch.taxon WHERE graph_id = pets() AND type = 'Entity'), (SELECT count(*) + 2 FROM shipped WHERE type = 'Entity'), 'beside all others');
SELECT is(filed('Entity', 'puppy'), 'open', 'a kind whose name is gone is open again');
SELECT new_kind('Entity', 'doggo');
SELECT is(filed('Entity', 'doggo'), 'entity > animal > dog by name 1000', 'own aliases file too');
SELECT kg_batch.load_taxonomy('[{"path": "entity > place > show llama", "definition": "a place of that name"}]', 'pets');
SELECT new_kind('Entity', 'show llama');
SELECT is(filed('Entity', 'show llama'), 'entity > place > show llama by name 1000', 'of two with one name the broader counts');
SELECT kg_batch.load_taxonomy('[{"path": "entity > place > cattery", "definition": "where cats are", "aliases": ["kitten"]}]', 'pets');
SELECT new_kind('Entity', 'kitten'), new_kind('State', 'freelance work');
SELECT is(filed('Entity', 'kitten'), 'entity > place > cattery by name 1000', 'own ones before shipped ones');
SELECT is(filed('State', 'freelance work'), 'state > occupation > self employment by name 1000', 'a kind of statement is filed by its canonical form too');

CREATE TEMP TABLE bad (document jsonb, error text);
INSERT INTO bad VALUES
    ('7', 'the taxonomy is not an array'), ('{"taxa": 1}', 'the taxonomy is not an array'), ('{}', 'the taxonomy has no "taxa"'), ('{"x": 1}', 'invalid field "x" of the taxonomy'),
    ('[7]', 'element 1 of the taxonomy: it is not an object'), ('[{"definition": "x"}]', 'element 1 of the taxonomy: it has not one of "path" and "name"'),
    ('[{"path": "entity > good", "definition": "x"}, {"path": "entity > animl > llama", "definition": "x"}]', 'element 2 of the taxonomy ("entity > animl > llama"): "entity > animl" does not exist'),
    ('[{"path": "entity > good", "definition": "x"}, {"path": "entity > worse"}]', 'element 2 of the taxonomy ("entity > worse"): it is new and has no definition'),
    ('[{"path": "thing > x", "definition": "x"}]', 'element 1 of the taxonomy ("thing > x"): "thing" is not a root'),
    ('[{"path": "entity > x", "definition": "x"}, {"path": "Entity>X", "definition": "y"}]', 'element 2 of the taxonomy ("entity > x"): it stands there twice, first as element 1'),
    ('[{"path": "entity > x", "definition": 7}]', 'element 1 of the taxonomy ("entity > x"): field "definition" is not a string'),
    ('[{"path": "entity > x", "definition": ""}]', 'element 1 of the taxonomy ("entity > x"): its definition has not 1 to 1000 bytes'),
    ('[{"path": "entity > x", "definition": "x", "aliases": "y"}]', 'element 1 of the taxonomy ("entity > x"): field "aliases" is not an array of at most 100 strings'),
    ('[{"path": "entity > x", "definition": "x", "aliases": ["?"]}]', 'element 1 of the taxonomy ("entity > x"): an alias has not 1 to 100 bytes'),
    ('[{"path": "entity > x", "definition": "x", "alias": []}]', 'element 1 of the taxonomy ("entity > x"): unknown field "alias"'),
    ('[{"path": "entity > > x", "definition": "x"}]', 'element 1 of the taxonomy ("entity >  > x"): a name has not 1 to 100 bytes'),
    ('[{"name": "entity", "children": [{"name": "x", "definition": "x"}, {"path": "entity > y", "definition": "y"}]}]',
        'element 1.2 of the taxonomy ("entity"): a child has a "name", not a "path"'),
    ('[{"name": "entity", "children": [{"name": "x > y", "definition": "x"}]}]', 'element 1.1 of the taxonomy ("entity > x > y"): a name holds no ">"'),
    ('[{"path": "entity > a > b > c > d > e > f > g > h", "definition": "x"}]', 'element 1 of the taxonomy ("entity > a > b > c > d > e > f > g > h"): it is more than 8 levels deep'),
    ('{"replace": true, "taxa": [{"path": "entity > animal > llama > show llama", "definition": "x"}]}',
        'element 1 of the taxonomy ("entity > animal > llama > show llama"): "entity > animal > llama" does not exist');
CREATE TEMP TABLE before AS SELECT * FROM kg_batch_internal.taxon;
SELECT throws_ok(format('SELECT kg_batch.load_taxonomy(%L, ''pets'')', document), '22023', error, 'refused: ' || document::text) FROM bad;
SELECT throws_ok('SELECT kg_batch.load_taxonomy(NULL, ''pets'')', '22004', NULL, 'refused: nothing');
SELECT set_eq('SELECT * FROM kg_batch_internal.taxon', 'SELECT * FROM before', 'and nothing was changed');

-- ---- a model's word, and a person's ----

CREATE FUNCTION file_by_model(kind bigint, taxon bigint, confidence int, suggestion text DEFAULT NULL) RETURNS boolean LANGUAGE sql
    RETURN NOT EXISTS (SELECT FROM kg_batch_internal.file_kinds_by_model(pets(), ARRAY[kind], ARRAY[taxon], ARRAY[confidence], ARRAY[suggestion]));

SELECT ok(file_by_model(kind('Entity', 'space elevator'), taxon('entity > object'), 800, NULL), 'a model files a kind');
SELECT is(filed('Entity', 'space elevator'), 'entity > object by model 800', 'as sure as it says');
SELECT ok(NOT file_by_model(kind('Entity', 'space elevator'), wrong, 800, NULL), 'not where it cannot be: ' || COALESCE(wrong::text, 'nowhere'))
FROM unnest(ARRAY[taxon('goal'), 9999, NULL]) AS wrong;
SELECT ok(file_by_model(kind('Entity', 'person'), taxon('entity > object'), 1000, 'human robot'), 'a name');
SELECT is(filed('Entity', 'person'), 'entity > person by name 1000', 'beats it');
SELECT is((SELECT count(*) FROM kg_batch.taxon_suggestion), 0::bigint, 'and nothing is suggested');
SELECT is(ARRAY(SELECT kg_batch_internal.file_kinds_by_model(pets(), ARRAY[kind('Entity', 'jabberwock'), kind('Entity', 'space elevator'), kind('Entity', 'person'), kind('Entity', 'jabberwock')],
        ARRAY[taxon('entity > object'), taxon('goal'), taxon('entity > object'), taxon('entity > animal')], ARRAY[900, 800, 700, 650], ARRAY[NULL::text, NULL, NULL, NULL])),
    ARRAY[kind('Entity', 'space elevator')], 'of several it says where it cannot be');
SELECT is(concat_ws(', ', filed('Entity', 'jabberwock'), filed('Entity', 'space elevator'), filed('Entity', 'person')),
    'entity > animal by model 650, entity > object by model 800, entity > person by name 1000', 'and files the others, each as sure as it says last');
SELECT file_by_model(kind('Entity', 'jabberwock'), taxon('entity > animal'), 700, 'Mythical Creature');
SELECT file_by_model(kind('Entity', 'space elevator'), taxon('entity > animal'), 600, 'mythical_creature');
SELECT is((SELECT string_agg(concat_ws(' | ', state, path, categories), ', ') FROM kg_batch.taxon_suggestion),
    'waiting | entity > animal > mythical creature | {jabberwock,"space elevator"}', 'what it would rather have is suggested once');
SELECT is(filed('Entity', 'jabberwock'), 'entity > animal by model 700', 'until then it stays above');
CREATE FUNCTION suggestion() RETURNS bigint LANGUAGE sql AS $$ SELECT max(suggestion_id) FROM kg_batch_internal.taxon_suggestion $$;
SELECT throws_ok('SELECT kg_batch.accept_suggestion(4711, ''pets'')', '42704', 'suggestion 4711 does not exist in this graph', 'there is no such suggestion');
SELECT throws_ok(format('SELECT kg_batch.refuse_suggestion(%s, ''work'')', suggestion()), '42704', NULL, 'not in that graph');
SELECT throws_ok('SELECT kg_batch.accept_suggestion(NULL, ''pets'')', '22004', NULL, 'nor nothing');
SELECT kg_batch.refuse_suggestion(suggestion(), 'pets');
SELECT file_by_model(kind('Entity', 'jabberwock'), taxon('entity > animal'), 700, 'mythical creature');
SELECT is((SELECT string_agg(concat_ws(' | ', state, categories, decided_by), ', ') FROM kg_batch.taxon_suggestion),
    'refused | {"space elevator"} | ' || quote_ident(session_user), 'a refused one is not asked again');
SELECT is(kg_batch.accept_suggestion(suggestion(), 'pets'), taxon('entity > animal > mythical creature'), 'the later word counts');
SELECT is(filed('Entity', 'space elevator'), 'entity > animal > mythical creature by person 1000', 'kinds for which it was suggested move');
SELECT is(filed('Entity', 'jabberwock'), 'entity > animal by model 700', 'others stay');
SELECT is(kg_batch.accept_suggestion(suggestion(), 'pets'), taxon('entity > animal > mythical creature'), 'twice is once');
SELECT throws_ok(format('SELECT kg_batch.refuse_suggestion(%s, ''pets'')', suggestion()), '55000', NULL, 'what was accepted is a taxon');
SELECT file_by_model(kind('Entity', 'jabberwock'), taxon('entity > animal'), 700, 'mythical creature');
SELECT is(filed('Entity', 'jabberwock'), 'entity > animal > mythical creature by model 700', 'a suggestion of what is there means it');
SELECT file_by_model(kind('Entity', 'jabberwock'), taxon('entity > animal'), 700, 'alpaca');
SELECT is(filed('Entity', 'jabberwock'), 'entity > animal > llama by model 700', 'by another of its names too');
SELECT kg_batch.load_taxonomy('[{"path": "entity > object > space elevator", "definition": "a tall one"}]', 'pets');
SELECT is(filed('Entity', 'space elevator'), 'entity > animal > mythical creature by person 1000', 'a person''s word beats a name');

SELECT is(kg_batch.load_taxonomy('{"replace": true, "taxa": [{"path": "entity > animal > llama", "definition": "a woolly animal"}]}', 'pets'), 1::bigint, 'own ones are taken out');
SELECT is((SELECT string_agg(path, ', ') FROM kg_batch.taxon WHERE graph_id = pets() AND own), 'entity > animal > llama', 'all that are not named');
SELECT is(filed('Entity', category), wanted, category || ' afterwards') FROM (VALUES ('llama', 'entity > animal > llama by name 1000'), ('space elevator', 'open'),
    ('puppy', 'entity > animal > dog by name 1000'), ('doggo', 'open'), ('jabberwock', 'entity > animal > llama by model 700')) AS v (category, wanted);
SELECT is(taxon('entity > animal > llama'), (SELECT taxon_id FROM llama), 'what stays has its id');
SELECT file_by_model(kind('Entity', 'doggo'), taxon('entity > animal > llama'), 500, 'small llama');
SELECT kg_batch.load_taxonomy('{"replace": true, "taxa": []}', 'pets');
SELECT throws_ok(format('SELECT kg_batch.accept_suggestion(%s, ''pets'')', suggestion()), '55000', NULL, 'nothing stands under what is gone');

-- ---- votes ----

CREATE FUNCTION taxa(wanted text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(regexp_replace(x.path, '^.* > ', '') || CASE WHEN x.is_primary THEN '*' ELSE '' END || ' ' || x.votes || ' ' || x.score, ', ' ORDER BY x.score DESC, x.path)
    FROM kg_batch.node_taxa x JOIN kg_batch.node n USING (graph_id, node_id) WHERE n.graph_id = pets() AND n.label = wanted $$;
CREATE FUNCTION vote(wanted text, new_category text, at timestamptz, place text, new_type text DEFAULT 'Entity') RETURNS void LANGUAGE sql AS $$
    INSERT INTO kg_batch_internal.node_mention (graph_id, chunk_id, n, key, is_statement, type, class, label, label_key, category, named, aliases, attributes, hash_tags,
        confidence, importance, replaces, negated, modality, facts, said_at, order_key)
    SELECT graph_id, chunk_id, (SELECT max(n) + 1 FROM kg_batch_internal.node_mention), key, is_statement, new_type, class, label, label_key, new_category, named, aliases, attributes,
        hash_tags, confidence, importance, replaces, negated, modality, facts, at, place
    FROM kg_batch_internal.node_mention WHERE graph_id = pets() AND label = wanted ORDER BY n LIMIT 1;
    SELECT kg_batch_internal.note_kinds(pets(), ARRAY(SELECT chunk_id FROM kg_batch_internal.chunk)) $$;
SELECT is(taxa('Clyde'), 'dog* 1 1.0000', 'one vote is all');
SELECT is(taxa('Adoption'), 'adoption* 1 1.0000', 'statements too');
SELECT vote('Clyde', 'person', '2023-05-08 15:56Z', '3');
SELECT is(taxa('Clyde'), 'dog* 1 0.7000, person 1 0.7000', 'of equals the one that was said first');
UPDATE kg_batch_internal.node_mention SET order_key = '1' WHERE label = 'Clyde' AND category = 'person';
SELECT is(taxa('Clyde'), 'dog 1 0.7000, person* 1 0.7000', 'whichever that is');
UPDATE kg_batch_internal.node_mention SET order_key = '3' WHERE label = 'Clyde' AND category = 'person';
SELECT vote('Clyde', 'puppy', '2023-04-23 15:56Z', '4');
SELECT is(taxa('Clyde'), 'dog* 2 0.7996, person 1 0.5998', '0.6 share, 0.3 confidence, 0.1 recency');
SELECT vote('Clyde', 'cat', '2023-04-23 15:56Z', '5');
SELECT vote('Clyde', 'horse', '2022-04-23 15:56Z', '6'), vote('Clyde', 'fish', NULL, '7');
SELECT is(taxa('Clyde'), 'dog* 2 0.5998, person 1 0.4996, cat 1 0.4496, fish 1 0.3996, horse 1 0.3996', 'recency falls to nothing in 30 days before the node''s latest');
UPDATE kg_batch_internal.node_mention SET said_at = said_at + interval '1000 days' WHERE graph_id = pets();
SELECT is(taxa('Clyde'), 'dog* 2 0.5998, person 1 0.4996, cat 1 0.4496, fish 1 0.3996, horse 1 0.3996', 'whenever that is');
SELECT vote('Clyde', 'jabberwock', NULL, '8');
SELECT is(taxa('Clyde'), 'dog* 2 0.5998, person 1 0.4996, cat 1 0.4496, fish 1 0.3996, horse 1 0.3996', 'a kind that is not filed has no vote');
SELECT file_by_model(kind('Entity', 'jabberwock'), taxon('entity > animal > dog'), 500);
SELECT is(taxa('Clyde'), 'dog* 3 0.6067, person 1 0.4852, cat 1 0.4352, fish 1 0.3852, horse 1 0.3852', 'confidence is the votes'' mean');
UPDATE kg_batch_internal.node_mention SET live = false WHERE category = 'jabberwock';
SELECT is(taxa('Clyde'), 'dog* 2 0.5998, person 1 0.4996, cat 1 0.4496, fish 1 0.3996, horse 1 0.3996', 'a mention that rests has none');
UPDATE kg_batch_internal.node_mention SET order_key = '0' WHERE category = 'horse';
SELECT vote('Clyde', 'person', '2022-04-23 15:56Z', '9'), vote('Clyde', 'Person', '2022-04-23 15:56Z', '9');
SELECT matches(taxa('Clyde'), '^person\* 3 ', 'enough votes change what a node is');
SELECT is((SELECT count(*) FROM kg_batch.node_taxa WHERE graph_id = work()), 0::bigint, 'other graphs are not touched');
-- Two identities in one node vote together.
UPDATE kg_batch_internal.identity i SET node_id = n.node_id FROM kg_batch_internal.node n
WHERE n.graph_id = pets() AND i.graph_id = pets() AND n.label = 'Alice' AND i.key = md5('Clyde')::uuid;
SELECT matches(taxa('Alice'), '^person\* 4 ', 'identities that are one node vote together');

-- The digest covers them.
CREATE TEMP TABLE digest AS SELECT kg_batch.graph_digest('pets') AS digest;
UPDATE kg_batch_internal.kind SET confidence = 900 WHERE type = 'Entity' AND category = 'dog' AND graph_id = pets();
SELECT isnt(kg_batch.graph_digest('pets'), digest, 'the digest covers scores of taxa') FROM digest;
UPDATE kg_batch_internal.kind SET confidence = 1000 WHERE type = 'Entity' AND category = 'dog' AND graph_id = pets();
SELECT is(kg_batch.graph_digest('pets'), digest, 'and they alone') FROM digest;
UPDATE kg_batch_internal.kind SET taxon_id = taxon('entity > animal > cat') WHERE type = 'Entity' AND category = 'dog' AND graph_id = pets();
SELECT isnt(kg_batch.graph_digest('pets'), digest, 'and which they are') FROM digest;

-- The taxa of one node are those of its identities alone: the condition goes below groups and windows.
CREATE FUNCTION plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP RETURN NEXT line; END LOOP;
END $$;
SELECT ok(bool_or(l ~ '\(node_id = 5\)') AND NOT bool_or(l ~ '[a-z]\.node_id = 5'), 'the taxa of a node are found by index')
FROM plan_of(format('SELECT path FROM kg_batch.node_taxa WHERE graph_id = %s AND node_id = 5', pets())) l;

SELECT * FROM finish();
