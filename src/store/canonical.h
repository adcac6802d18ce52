// What kinds and roles of statements stand for, as SQL expressions: the one
// place that says so for folding and validity (the view evidence has its own).
//
// The canonical list first, a row of one's own before a shipped one; else what a
// model made of the graph's own words; else itself. $1 is the graph.
//
// A kind that says it from the other end, "being managed by", has agent and object
// change places. All other roles say what somebody is and not who is named first:
// an employer is the employer, whatever the statement is called.

#pragma once

#define KG_BATCH_CANONICAL(sort, name)                                                                                                     \
  "COALESCE((SELECT c.canonical FROM kg_batch_internal.predicate c WHERE c.sort = '" sort "' AND c.name = " name                          \
  " ORDER BY c.shipped LIMIT 1), (SELECT c.canonical FROM kg_batch_internal.predicate_mapping c WHERE c.graph_id = $1 AND c.sort = '" sort \
  "' AND c.name = " name " AND c.state = 'mapped'), " name ")"

#define KG_BATCH_CANONICAL_KIND(kind) KG_BATCH_CANONICAL("kind", kind)

#define KG_BATCH_FROM_THE_OTHER_END(kind)                                                                                     \
  "(SELECT c.inverse FROM kg_batch_internal.predicate_mapping c WHERE c.graph_id = $1 AND c.sort = 'kind' AND c.name = " kind \
  " AND c.state = 'mapped' AND (SELECT pg_catalog.count(*) FROM kg_batch_internal.predicate p WHERE p.sort = 'kind' AND p.name = " kind ") = 0)"

// Of a role of a statement of that kind.
#define KG_BATCH_CANONICAL_ROLE(role, kind)                                                                                        \
  "(SELECT CASE WHEN r.name = 'agent' AND " KG_BATCH_FROM_THE_OTHER_END(kind) " THEN 'object' WHEN r.name = 'object' AND "         \
  KG_BATCH_FROM_THE_OTHER_END(kind) " THEN 'agent' ELSE r.name END FROM (SELECT " KG_BATCH_CANONICAL("role", role) " AS name OFFSET 0) r)"
