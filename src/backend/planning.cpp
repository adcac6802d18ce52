#include "backend/bridge.h"
#include "backend/planning.h"

namespace kg_batch::backend {

namespace {

bool ours = false;
get_relation_stats_hook_type previous_relation_stats = nullptr;

// ---- below: called by the planner, so plain memory only ----

HeapTuple one_value(Oid relation, AttrNumber column) {
  const Relation statistics = table_open(StatisticRelationId, AccessShareLock);
  Datum values[Natts_pg_statistic];
  bool nulls[Natts_pg_statistic];
  for (int i = 0; i < Natts_pg_statistic; ++i) {
    values[i] = Datum{0};  // no common values, no histogram
    nulls[i] = i + 1 >= Anum_pg_statistic_stanumbers1;
  }
  values[Anum_pg_statistic_starelid - 1] = ObjectIdGetDatum(relation);
  values[Anum_pg_statistic_staattnum - 1] = Int16GetDatum(column);
  values[Anum_pg_statistic_stainherit - 1] = BoolGetDatum(false);
  values[Anum_pg_statistic_stanullfrac - 1] = Float4GetDatum(0);
  values[Anum_pg_statistic_stawidth - 1] = Int32GetDatum(static_cast<int>(sizeof(std::int64_t)));
  values[Anum_pg_statistic_stadistinct - 1] = Float4GetDatum(1);
  const HeapTuple tuple = heap_form_tuple(RelationGetDescr(statistics), values, nulls);
  table_close(statistics, AccessShareLock);
  return tuple;
}

bool is_graph_id(Oid relation, AttrNumber column) {
  if (get_rel_namespace(relation) != get_namespace_oid("kg_batch_internal", true)) return false;
  const char* const name = get_attname(relation, column, true);
  return name != nullptr && strcmp(name, "graph_id") == 0;
}

bool relation_stats(PlannerInfo* root, RangeTblEntry* entry, AttrNumber column, VariableStatData* variable) {
  if (ours && entry->rtekind == RTE_RELATION && column > 0 && is_graph_id(entry->relid, column)) {
    variable->statsTuple = one_value(entry->relid, column);
    variable->freefunc = heap_freetuple;
    variable->acl_ok = true;
    return true;
  }
  return previous_relation_stats != nullptr && previous_relation_stats(root, entry, column, variable);
}

}  // namespace

void register_planning() {
  previous_relation_stats = get_relation_stats_hook;
  get_relation_stats_hook = relation_stats;
}

OurPlanning::OurPlanning() : was_ours_(ours), jit_was_(jit_enabled) {
  ours = true;
  jit_enabled = false;
}

OurPlanning::~OurPlanning() {
  ours = was_ours_;
  jit_enabled = jit_was_;
}

}  // namespace kg_batch::backend
