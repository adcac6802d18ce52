#include <algorithm>
#include <set>

#include "decisions.h"
#include "name_forms.h"
#include "question_fields.h"
#include "words.h"

namespace kg_sim::rules {
namespace {

constexpr std::size_t most_decisions = 40;

// Names that mean somebody else with each who says them.
constexpr std::string_view kin_words =
    "mum mom mam mama mother dad papa father parent grandma grandpa gran granny nan nana grandmother grandfather sister "
    "brother sibling aunt auntie uncle cousin niece nephew wife husband spouse partner girlfriend boyfriend son daughter "
    "child friend boss manager colleague neighbour user unknown";

struct Side {
  std::string type, thing_class, label, dates;
  bool named = false, participant = false, statement = false;
  Name name;
  std::vector<Name> aliases;
  std::set<std::int64_t> conversations;
  std::set<std::vector<std::string>> neighbors;
};

struct Verdict {
  const char* verdict;
  const char* reason;
  double confidence;
};

Side side_of(const Json& json) {
  Side side;
  side.type = text_in(json, "type");
  side.thing_class = text_in(json, "class");
  side.label = text_in(json, "label");
  side.dates = text_in(json, "dates");
  side.named = flag_in(json, "named");
  side.participant = flag_in(json, "participant");
  side.statement = is_any(side.type, {"Event", "State", "Goal"});
  const bool organisation = side.thing_class == "organisation";
  side.name = name_of(side.label, organisation);
  for (const std::string& alias : texts_in(json, "aliases")) side.aliases.push_back(name_of(alias, organisation));
  if (const Json* conversations = list_in(json, "conversations")) {
    for (const Json& conversation : *conversations) {
      if (conversation.is_number_integer()) side.conversations.insert(conversation.get<std::int64_t>());
    }
  }
  if (const Json* neighbors = list_in(json, "neighbors")) {
    for (const Json& neighbor : *neighbors) {
      std::vector<std::string> tokens = tokens_of(text_in(neighbor, "label"));
      if (!tokens.empty()) side.neighbors.insert(std::move(tokens));
    }
  }
  return side;
}

bool have_in_common(const auto& a, const auto& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& one) { return b.contains(one); });
}

bool has_alias(const Side& side, const Name& name) {
  return std::any_of(side.aliases.begin(), side.aliases.end(), [&](const Name& alias) { return alias.same_as(name); });
}

bool is_kin_word(const Name& name) { return name.tokens.size() == 1 && in_list(kin_words, name.tokens[0]); }

Verdict of_statements(const Side& a, const Side& b) {
  if (a.type == "Event" && b.type == "Event" && !a.dates.empty() && !b.dates.empty() && a.dates != b.dates) {
    return {"different", "Events of different dates.", 0.95};
  }
  if (a.type == b.type && !a.neighbors.empty() && a.neighbors == b.neighbors && stems_of(a.label) == stems_of(b.label)) {
    return {"same", "The same participants, the same matter in other words.", 0.95};
  }
  return {"unsure", "Statements of different words.", 0.5};
}

Verdict of_things(const Side& a, const Side& b) {
  const bool together = have_in_common(a.conversations, b.conversations);
  if (together && a.participant && b.participant) {
    return {"different", "Both take part in one conversation.", 0.98};
  }
  if (!a.name.numbers.empty() && !b.name.numbers.empty() && a.name.numbers != b.name.numbers) {
    return {"different", "The numbers differ.", 0.95};
  }
  if (a.name.addressed != 0 && b.name.addressed != 0 && a.name.addressed != b.name.addressed) {
    return {"different", "A man and a woman.", 0.95};
  }
  const bool comparable = a.type == b.type && (a.thing_class == b.thing_class || a.thing_class == "other" || b.thing_class == "other");
  const bool telling = comparable && a.named && b.named && !a.name.tokens.empty() && !b.name.tokens.empty() &&
                       !is_kin_word(a.name) && !is_kin_word(b.name);
  const bool near = have_in_common(a.neighbors, b.neighbors);
  if (telling && (has_alias(a, b.name) || has_alias(b, a.name))) {
    return {"same", "The name of one is an alias of the other.", 0.95};
  }
  if (telling && a.name.same_as(b.name)) {
    // Equal to the letter, they were kept apart for a reason: namesakes.
    if (a.label != b.label || near) {
      return {"same", "The names are equal but for accents, forms of address or legal form.", 0.97};
    }
    return {"unsure", "Equal names and nothing else in common.", 0.5};
  }
  if (together) {
    return {"different", "One conversation speaks of both.", 0.92};
  }
  if (telling && near && is_initials_of(a.name, b.name)) {
    return {"same", "Initials of the name, and a neighbor in common.", 0.93};
  }
  return {"unsure", "Nothing speaks clearly for or against it.", 0.5};
}

Verdict verdict_on(const Side& a, const Side& b) {
  if (a.statement != b.statement) return {"different", "A thing and a statement.", 0.98};
  return a.statement ? of_statements(a, b) : of_things(a, b);
}

}  // namespace

Json merge_answer(const Json& question) {
  const Json* pairs = list_in(question, "pairs");
  if (pairs == nullptr) return nullptr;
  Json answer;
  answer["decisions"] = Json::array();
  for (const Json& pair : *pairs) {
    const std::optional<std::int64_t> id = number_in(pair, "id");
    if (!id || !pair.contains("a") || !pair.contains("b") || answer["decisions"].size() == most_decisions) continue;
    const Verdict verdict = verdict_on(side_of(pair["a"]), side_of(pair["b"]));
    Json decision;
    decision["pair"] = *id;
    decision["reason"] = verdict.reason;
    decision["verdict"] = verdict.verdict;
    decision["confidence"] = verdict.confidence;
    answer["decisions"].push_back(std::move(decision));
  }
  return answer;
}

}  // namespace kg_sim::rules
