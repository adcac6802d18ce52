#include "graph/mentions.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "graph/evidence.h"
#include "graph/identity_keys.h"
#include "graph/keys.h"
#include "graph/naming.h"
#include "graph/statement_roles.h"

namespace kg_batch::graph {

std::string text_of(const Key& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[key[i] >> 4];
    text += digits[key[i] & 15];
  }
  return text;
}

Key key_from(std::string_view uuid) {
  Key key{};
  std::size_t at = 0;
  for (const char c : uuid) {
    if (c == '-' || at >= 2 * key.size()) continue;
    const int digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
    key[at / 2] = static_cast<std::uint8_t>(key[at / 2] << 4 | digit);
    ++at;
  }
  return key;
}
namespace {

// The label, without what tells two participants of one name apart for the
// model: "Anna (2)" is called Anna.
std::string label_of(const Thing& thing, const stages::Question& question, const Place& place) {
  if (thing.participant) {
    const auto id = static_cast<std::size_t>(*thing.participant);
    for (const stages::Participant& shown : question.participants) {
      if (shown.id == *thing.participant && shown.name == thing.label && id >= 1 && id <= place.participants.size() &&
          !place.participants[id - 1].name.empty()) {
        return place.participants[id - 1].name;
      }
    }
  }
  return thing.label;
}

void take_standing(MentionRow& row, const Standing& standing) {
  row.negated = standing.negated;
  row.modality = standing.modality;
  row.facts = standing.facts;
  row.said_at_us = standing.said_at_us;
}

MentionRow thing_row(const Thing& thing, const Standing& standing, std::string label) {
  MentionRow row;
  row.type = thing.type;
  row.node_class = thing.thing_class;
  row.label = std::move(label);
  row.category = thing.category;
  row.label_key = name_key(row.label);
  row.named = thing.named;
  row.aliases = thing.aliases;
  row.attributes = thing.attributes;
  row.hash_tags = thing.hash_tags;
  row.confidence = thing.confidence;
  row.importance = thing.importance;
  row.participant = thing.participant;
  take_standing(row, standing);
  return row;
}

MentionRow statement_row(const Statement& statement, const Standing& standing) {
  MentionRow row;
  row.is_statement = true;
  row.type = statement.type;
  row.label = statement.label;
  row.category = name_key(statement.category);  // a kind, compared as in the key
  row.label_key = name_key(statement.label);
  row.hash_tags = statement.hash_tags;
  row.confidence = statement.confidence;
  row.importance = statement.importance;
  row.start = statement.start;
  row.end = statement.end;
  row.replaces = statement.replaces;
  row.goal_status = statement.goal_status;
  take_standing(row, standing);
  return row;
}

// What the words behind a thing say of its names. Only quotes that stand in their
// sentence: what the model made up names nobody.
void read_naming(MentionRow& row, const Mentions& mentions) {
  std::set<std::string> stated;
  std::set<int> addressing;
  for (const SourceRow& source : mentions.sources) {
    if (!source.matched || !std::binary_search(row.facts.begin(), row.facts.end(), source.fact)) continue;
    for (const std::string& alias : row.aliases) {
      if (states_alias(source.quote, row.label, alias)) stated.insert(name_key(alias));
    }
    if (row.named && !row.participant && addresses(source.quote, row.label)) {
      addressing.insert(mentions.facts[static_cast<std::size_t>(source.fact) - 1].said_by.value_or(0));
    }
  }
  row.stated_aliases.assign(stated.begin(), stated.end());
  row.addressed_by.assign(addressing.begin(), addressing.end());
}

}  // namespace

Mentions mentions_of(const Reading& reading, const stages::Question& question, const Place& place) {
  Mentions mentions;
  mentions.rejected = reading.rejected;
  const KnownSentences sentences = known_sentences(question, place);
  const CitedFacts facts = write_facts(reading.facts, sentences, mentions);

  const std::vector<Standing> thing_standings = standings_of_things(reading, facts);
  const std::vector<ThingIdentity> identities =
      identities_of_things(reading.things, thing_standings, place, sentences, mentions.rejected);
  std::map<int, std::size_t> node_of;  // place in `nodes` by the answer's id, of whatever can be pointed to
  std::set<int> things;
  for (std::size_t i = 0; i < reading.things.size(); ++i) {
    const Thing& thing = reading.things[i];
    MentionRow row = thing_row(thing, thing_standings[i], label_of(thing, question, place));
    row.n = static_cast<int>(i) + 1;
    row.key = identities[i].key;
    row.scope = identities[i].scope;
    row.owner = identities[i].owner;
    row.relation = thing.relation;
    read_naming(row, mentions);
    things.insert(thing.id);
    node_of.emplace(thing.id, i);
    mentions.nodes.push_back(std::move(row));
  }

  const std::vector<Statement>& statements = reading.statements;
  const StatementRoles roles = statement_roles(statements, things, mentions.rejected);
  for (std::size_t i = 0; i < statements.size(); ++i) {
    if (!roles.kept[i].empty()) {
      const Standing standing = standing_of({statements[i].facts.begin(), statements[i].facts.end()}, facts);
      MentionRow row = statement_row(statements[i], standing);
      row.n = static_cast<int>(mentions.nodes.size()) + 1;
      node_of.emplace(statements[i].id, mentions.nodes.size());
      mentions.nodes.push_back(std::move(row));
    }
  }
  // Keys come last and in an order of their own: a statement's is made of those
  // it points to.
  for (const std::size_t index : roles.order) {
    const Statement& statement = statements[index];
    std::vector<std::pair<const RoleOf*, Key>> targets;
    bool is_of_somebody = false;
    for (const std::size_t r : roles.kept[index]) {
      const MentionRow& target = mentions.nodes[node_of.at(statement.roles[r].node)];
      targets.emplace_back(&statement.roles[r], target.key);
      is_of_somebody = is_of_somebody || target.participant.has_value() || target.named ||
                       (target.is_statement && !is_scoped_to_segment(target.scope));
    }
    const Standing standing = standing_of({statement.facts.begin(), statement.facts.end()}, facts);
    MentionRow& row = mentions.nodes[node_of.at(statement.id)];
    row.scope = scope_of_statement(statement, standing, is_of_somebody, sentences);
    row.key = key_of_statement(statement, standing, targets, row.scope);
  }

  for (std::size_t i = 0; i < statements.size(); ++i) {
    for (const std::size_t r : roles.kept[i]) {
      const RoleOf& role = statements[i].roles[r];
      EdgeRow edge;
      edge.n = static_cast<int>(mentions.edges.size()) + 1;
      edge.statement = mentions.nodes[node_of.at(statements[i].id)].n;
      edge.target = mentions.nodes[node_of.at(role.node)].n;
      edge.role = role.role;
      // As in the key: two spellings of one role are one edge.
      if (role.role_text) {
        edge.role_text = name_key(*role.role_text);
      }
      mentions.edges.push_back(std::move(edge));
    }
  }
  return mentions;
}

}  // namespace kg_batch::graph
