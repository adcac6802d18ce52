#include "backend/bridge.h"
#include "backend/planning.h"

namespace kg_batch::backend {

namespace {

bool ours = false, kept = false;
get_relation_stats_hook_type previous_relation_stats = nullptr;
get_relation_info_hook_type previous_relation_info = nullptr;

// For plans that are kept, of a table with fewer: so many rows, of which a partial index
// has a hundredth.
constexpr double least_rows = 1'000'000;
constexpr double rows_a_page = 50, entries_a_page = 200;
// For others: of the pages that are there, some rows each.
constexpr double least_rows_a_page = 10;

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

bool is_our_table(Oid relation) { return get_rel_namespace(relation) == get_namespace_oid("kg_batch_internal", true); }

bool is_graph_id(Oid relation, AttrNumber column) {
  if (!is_our_table(relation)) return false;
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

void relation_info(PlannerInfo* root, Oid relation, bool is_inherited, RelOptInfo* table) {
  if (previous_relation_info != nullptr) previous_relation_info(root, relation, is_inherited, table);
  if (!ours || !is_our_table(relation)) return;
  ListCell* cell;
  if (!kept) {
    table->tuples = std::max(table->tuples, table->pages * least_rows_a_page);
    foreach(cell, table->indexlist) {
      auto* const index = static_cast<IndexOptInfo*>(lfirst(cell));
      if (index->indpred == NIL) index->tuples = table->tuples;
    }
    return;
  }
  table->tuples = std::max(table->tuples, least_rows);
  table->pages = std::max(table->pages, static_cast<BlockNumber>(least_rows / rows_a_page));
  foreach(cell, table->indexlist) {
    auto* const index = static_cast<IndexOptInfo*>(lfirst(cell));
    const double rows = index->indpred == NIL ? least_rows : least_rows / 100;
    index->tuples = std::max(index->tuples, rows);
    index->pages = std::max(index->pages, static_cast<BlockNumber>(rows / entries_a_page));
    index->tree_height = std::max(index->tree_height, 2);
  }
}

}  // namespace

void register_planning() {
  previous_relation_info = get_relation_info_hook;
  get_relation_info_hook = relation_info;
  previous_relation_stats = get_relation_stats_hook;
  get_relation_stats_hook = relation_stats;
}

OurPlanning::OurPlanning(bool to_be_kept) : was_ours_(ours), was_kept_(kept), jit_was_(jit_enabled) {
  ours = true;
  kept = to_be_kept;
  jit_enabled = false;
}

OurPlanning::~OurPlanning() {
  ours = was_ours_;
  kept = was_kept_;
  jit_enabled = jit_was_;
}

}  // namespace kg_batch::backend
