#include "store/validity.h"

#include <map>
#include <set>

#include "backend/spi.h"
#include "store/canonical.h"

namespace kg_batch::store {

using backend::execute_generic;
using backend::Rows;
using graph::Key;

namespace {

struct Loaded {
  graph::State state;
  std::string kind;
  std::vector<std::int64_t> holders;
};
using States = std::map<std::int64_t, Loaded>;  // by node_id

// A State is of the kind that its identities' kinds stand for; who plays the
// exclusive role of that kind holds it.
constexpr const char* states_of_nodes =
    "SELECT n.node_id, n.key, k.kind, e.target_id, (SELECT t.key FROM kg_batch_internal.node t WHERE t.graph_id = $1 AND t.node_id = e.target_id) "
    "FROM unnest($2) AS u (node_id) "
    "CROSS JOIN LATERAL (SELECT o.node_id, o.key, o.negated FROM kg_batch_internal.node o WHERE o.graph_id = $1 AND o.node_id = u.node_id "
    "  AND o.type = 'State' AND o.modality IN ('asserted', 'reported') OFFSET 0) n "
    "CROSS JOIN LATERAL (SELECT " KG_BATCH_CANONICAL_KIND("i.kind") " AS kind "
    "  FROM kg_batch_internal.identity i WHERE i.graph_id = $1 AND i.node_id = n.node_id ORDER BY i.key LIMIT 1) k "
    "LEFT JOIN LATERAL (SELECT d.target_id FROM kg_batch_internal.edge d WHERE d.graph_id = $1 AND d.source_id = n.node_id AND NOT n.negated "
    "  AND d.predicate = (SELECT p.exclusive_role FROM kg_batch_internal.predicate p WHERE p.sort = 'kind' AND p.name = k.kind "
    "   AND p.name = p.canonical ORDER BY p.shipped LIMIT 1)) e ON true";

void load_states(std::int64_t graph_id, const std::vector<std::int64_t>& nodes, States& states) {
  const Rows rows = execute_generic(states_of_nodes, {graph_id, nodes});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Loaded& one = states[rows.integer(i, 0)];
    one.state.key = graph::key_from(rows.text(i, 1));
    one.kind = rows.text(i, 2);
    if (rows.is_null(i, 3)) continue;
    one.holders.push_back(rows.integer(i, 3));
    one.state.holders.push_back(graph::key_from(rows.text(i, 4)));
  }
}

// Further States that have a holder in common with one of these.
std::vector<std::int64_t> beside(std::int64_t graph_id, const std::vector<std::int64_t>& nodes, const States& states) {
  std::vector<std::int64_t> holders;
  for (const std::int64_t node : nodes)
    if (const auto found = states.find(node); found != states.end())
      holders.insert(holders.end(), found->second.holders.begin(), found->second.holders.end());
  const Rows rows = execute_generic(
      "SELECT DISTINCT e.source_id FROM unnest($2) AS u (holder) CROSS JOIN LATERAL (SELECT d.source_id FROM kg_batch_internal.edge d "
      " WHERE d.graph_id = $1 AND d.target_id = u.holder AND d.predicate IN (SELECT p.exclusive_role FROM kg_batch_internal.predicate p "
      "  WHERE p.exclusive_role IS NOT NULL)) e",
      {graph_id, holders});
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!states.contains(rows.integer(i, 0))) found.push_back(rows.integer(i, 0));
  return found;
}

void load_marks(std::int64_t graph_id, States& states) {
  std::vector<std::int64_t> nodes;
  for (const auto& [node, one] : states) nodes.push_back(node);
  const Rows rows = execute_generic(
      "SELECT i.node_id, m.start_date, m.start_how, m.end_date, m.end_how, m.replaces, (m.said_at AT TIME ZONE 'UTC')::date - '1970-01-01'::date, "
      " m.order_key, "
      // The speaker of one of its facts takes part in it.
      " (SELECT pg_catalog.count(*) FROM kg_batch_internal.edge_mention e "
      "   CROSS JOIN LATERAL (SELECT t.participant FROM kg_batch_internal.node_mention t WHERE t.graph_id = $1 AND t.chunk_id = e.chunk_id AND t.n = e.target "
      "     AND t.participant IS NOT NULL OFFSET 0) t "
      "   CROSS JOIN LATERAL unnest(m.facts) AS q (fact) "
      "   CROSS JOIN LATERAL (SELECT FROM kg_batch_internal.fact f WHERE f.graph_id = $1 AND f.chunk_id = e.chunk_id AND f.n = q.fact "
      "     AND f.said_by = t.participant OFFSET 0) f "
      "  WHERE e.graph_id = $1 AND e.chunk_id = m.chunk_id AND e.statement = m.n) > 0 "
      "FROM unnest($2) AS u (node_id) "
      "CROSS JOIN LATERAL (SELECT o.node_id, o.key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.node_id = u.node_id OFFSET 0) i "
      "CROSS JOIN LATERAL (SELECT * FROM kg_batch_internal.node_mention o WHERE o.graph_id = $1 AND o.key = i.key AND o.live "
      " AND o.modality IN ('asserted', 'reported') OFFSET 0) m",
      {graph_id, nodes});
  const auto how = [](const std::string& name) {
    return name == "actual" ? graph::How::actual : name == "inferred" ? graph::How::inferred : graph::How::estimated;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    graph::StateMark mark;
    if (!rows.is_null(i, 1)) mark.start = graph::Date{rows.text(i, 1), how(rows.text(i, 2))};
    if (!rows.is_null(i, 3)) mark.end = graph::Date{rows.text(i, 3), how(rows.text(i, 4))};
    mark.replaces = rows.boolean(i, 5);
    if (const auto day = rows.maybe_integer(i, 6)) mark.said = graph::Day(std::chrono::days(*day));
    mark.order_key = rows.text(i, 7);
    mark.own = rows.boolean(i, 8);
    states.at(rows.integer(i, 0)).state.marks.push_back(std::move(mark));
  }
  std::erase_if(states, [](const auto& one) { return one.second.state.marks.empty(); });
}

// What a person corrected of them, the latest of each. Gives of which.
std::set<std::pair<std::int64_t, std::string>> load_corrections(std::int64_t graph_id, States& states) {
  std::vector<std::int64_t> nodes;
  for (const auto& [node, one] : states) nodes.push_back(node);
  const Rows rows = execute_generic(
      "SELECT DISTINCT ON (u.node_id, w.field) u.node_id, w.field, w.value FROM unnest($2) AS u (node_id) "
      "CROSS JOIN LATERAL (SELECT o.key, o.given_key FROM kg_batch_internal.identity o WHERE o.graph_id = $1 AND o.node_id = u.node_id OFFSET 0) i "
      "CROSS JOIN LATERAL (SELECT k.decision_id FROM kg_batch_internal.word_key k WHERE k.graph_id = $1 "
      " AND k.key = ANY (ARRAY[i.key, i.given_key]) AND k.split_key IS NULL OFFSET 0) k "
      "CROSS JOIN LATERAL (SELECT o.field, o.value, o.decision_id FROM kg_batch_internal.word o WHERE o.graph_id = $1 "
      " AND o.decision_id = k.decision_id AND o.undone_at IS NULL AND o.field IN ('start_date', 'end_date') OFFSET 0) w "
      "ORDER BY 1, 2, w.decision_id DESC",
      {graph_id, nodes});
  std::set<std::pair<std::int64_t, std::string>> corrected;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    corrected.emplace(rows.integer(i, 0), rows.text(i, 1));
    std::optional<graph::Date> said;
    if (!rows.is_null(i, 2)) said = graph::Date{rows.text(i, 2), graph::How::actual};
    graph::correct(states.at(rows.integer(i, 0)).state.marks,
                   rows.text(i, 1) == "start_date" ? &graph::StateMark::start : &graph::StateMark::end, said);
  }
  return corrected;
}

// States of one kind that are connected over holders, each in one group.
std::vector<std::vector<std::int64_t>> groups_of(const States& states) {
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::int64_t>> held;  // kind and holder
  for (const auto& [node, one] : states)
    for (const std::int64_t holder : one.holders) held[{one.kind, holder}].push_back(node);
  std::vector<std::vector<std::int64_t>> groups;
  std::set<std::int64_t> seen;
  for (const auto& [first, unused] : states) {
    if (!seen.insert(first).second) continue;
    std::vector<std::int64_t> group{first};
    for (std::size_t next = 0; next < group.size(); ++next) {
      const Loaded& one = states.at(group[next]);
      for (const std::int64_t holder : one.holders)
        for (const std::int64_t other : held.at({one.kind, holder}))
          if (seen.insert(other).second) group.push_back(other);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::int64_t> all_states(std::int64_t graph_id) {
  const Rows rows = execute_generic("SELECT n.node_id FROM kg_batch_internal.node n WHERE n.graph_id = $1 AND n.type = 'State'", {graph_id});
  std::vector<std::int64_t> nodes;
  for (std::size_t i = 0; i < rows.size(); ++i) nodes.push_back(rows.integer(i, 0));
  return nodes;
}

std::vector<std::int64_t> present_ids(std::int64_t graph_id, const std::vector<std::int64_t>& asked) {
  const Rows rows = execute_generic(
      "SELECT DISTINCT COALESCE((SELECT r.node_id FROM kg_batch_internal.node_redirect r WHERE r.graph_id = $1 AND r.old_node_id = u.id), u.id) "
      "FROM unnest($2) AS u (id)",
      {graph_id, asked});
  std::vector<std::int64_t> nodes;
  for (std::size_t i = 0; i < rows.size(); ++i) nodes.push_back(rows.integer(i, 0));
  return nodes;
}

std::string text(const std::optional<graph::Day>& day) { return day ? std::to_string(day->time_since_epoch().count()) : ""; }

}  // namespace

std::vector<StateValidity> validity_in(std::int64_t graph_id, const std::optional<std::vector<std::int64_t>>& nodes) {
  States states;
  std::set<std::int64_t> wanted;
  if (nodes) {
    std::vector<std::int64_t> next = present_ids(graph_id, *nodes);
    wanted.insert(next.begin(), next.end());
    while (!next.empty()) {
      load_states(graph_id, next, states);
      next = beside(graph_id, next, states);
    }
  } else {
    load_states(graph_id, all_states(graph_id), states);
  }
  load_marks(graph_id, states);
  load_corrections(graph_id, states);
  std::vector<StateValidity> result;
  for (const auto& group : groups_of(states)) {
    std::vector<graph::State> members;
    for (const std::int64_t node : group) members.push_back(states.at(node).state);
    std::vector<graph::Validity> found = graph::validity_of(members);
    const auto other = [&](const std::optional<std::size_t>& place) -> std::optional<StateValidity::Other> {
      if (!place) return std::nullopt;
      return StateValidity::Other{group[*place], members[*place].key};
    };
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (nodes && !wanted.contains(group[i])) continue;
      StateValidity one;
      one.node_id = group[i];
      one.key = members[i].key;
      one.validity = std::move(found[i]);
      for (const graph::Period& period : one.validity.periods) one.ended_by.push_back(other(period.ended_by));
      one.superseded_by = other(one.validity.superseded_by);
      result.push_back(std::move(one));
    }
  }
  std::ranges::sort(result, {}, &StateValidity::key);
  return result;
}

void show_latest_periods(std::int64_t graph_id, const std::vector<std::int64_t>& nodes) {
  if (nodes.empty()) return;
  States states;
  load_states(graph_id, nodes, states);
  load_marks(graph_id, states);
  const auto corrected = load_corrections(graph_id, states);
  const std::string keep = "keep";
  std::vector<std::int64_t> shown;
  std::vector<std::string> starts, start_hows, ends, end_hows;
  const auto put = [](const std::optional<graph::Date>& date, std::vector<std::string>& dates, std::vector<std::string>& hows) {
    constexpr std::string_view names[] = {"actual", "inferred", "estimated"};
    dates.push_back(date ? date->date : "");
    hows.emplace_back(date ? names[static_cast<std::size_t>(date->how)] : "");
  };
  for (auto& [node, one] : states) {
    one.state.holders.clear();  // its own words alone: who took over is another node's
    const std::vector<graph::Period> periods = graph::validity_of({&one.state, 1}).front().periods;
    if (periods.size() < 2) continue;
    shown.push_back(node);
    put(periods.back().start, starts, start_hows);
    put(periods.back().end, ends, end_hows);
    // A person's word is shown as it was said.
    if (corrected.contains({node, "start_date"})) starts.back() = keep;
    if (corrected.contains({node, "end_date"})) ends.back() = keep;
  }
  if (shown.empty()) return;
  execute_generic("UPDATE kg_batch_internal.node n SET start_date = CASE u.s WHEN 'keep' THEN n.start_date ELSE NULLIF(u.s, '') END, "
          " start_how = CASE u.s WHEN 'keep' THEN n.start_how ELSE NULLIF(u.sh, '') END, "
          " end_date = CASE u.e WHEN 'keep' THEN n.end_date ELSE NULLIF(u.e, '') END, "
          " end_how = CASE u.e WHEN 'keep' THEN n.end_how ELSE NULLIF(u.eh, '') END "
          "FROM (SELECT $1 AS graph_id, o.* FROM unnest($2, $3, $4, $5, $6) AS o (node_id, s, sh, e, eh) OFFSET 0) u "
          "WHERE n.graph_id = u.graph_id AND n.node_id = u.node_id",
          {graph_id, shown, starts, start_hows, ends, end_hows});
}

std::string digest_text(const StateValidity& state) {
  std::string result = graph::text_of(state.key);
  for (std::size_t i = 0; i < state.validity.periods.size(); ++i) {
    const graph::Period& period = state.validity.periods[i];
    result += "|" + text(period.from) + " " + text(period.until) + " " + text(period.first_said) + " " + text(period.last_said) + " " +
              std::to_string(static_cast<int>(period.ended)) + (state.ended_by[i] ? " " + graph::text_of(state.ended_by[i]->key) : "");
  }
  if (state.superseded_by) result += "|superseded " + graph::text_of(state.superseded_by->key);
  return result;
}

}  // namespace kg_batch::store
