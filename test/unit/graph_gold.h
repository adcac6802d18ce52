// Identities as the gold pairs and the tests of resolution write them.

#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "graph/content_key.h"
#include "graph/keys.h"
#include "graph/resolution.h"

namespace kg_batch::graph {

inline Key key_of_text(const std::string& text) { return ContentKey("test").add(text).key(); }

// {"label", "class" person, "type" Entity, "kind", "named" true, "negated", "scope", "key", "aliases": ["…"],
//  "stated": [["alias", unique]], "attributes": ["key\tvalue"], "in": [conversations], "speaks": [conversations],
//  "statements": ["…"], "roles": [["role", "node"]], "starts": ["date how"], "owner", "relation",
//  "addressed": [[conversation, "key"]]}
inline IdentityView identity_of(const nlohmann::json& json, const std::string& side = "") {
  IdentityView view;
  view.label = json.at("label");
  view.label_key = name_key(view.label);
  view.key = key_of_text(json.value("key", json.dump() + side));
  view.type = json.value("type", "Entity");
  view.is_statement = view.type == "Event" || view.type == "State" || view.type == "Goal";
  view.node_class = json.value("class", view.is_statement ? "" : "person");
  view.kind = json.value("kind", "");
  view.named = json.value("named", !view.is_statement);
  view.negated = json.value("negated", false);
  view.scope = json.value("scope", "");
  for (const std::string alias : json.value("aliases", nlohmann::json::array())) view.aliases.push_back({alias, 1});
  for (const auto& stated : json.value("stated", nlohmann::json::array())) {
    view.aliases.push_back({stated[0], 1});
    view.stated_aliases.push_back({stated[0], stated[1]});
  }
  view.attributes = json.value("attributes", std::vector<std::string>{});
  view.conversations = json.value("in", std::vector<std::int64_t>{});
  view.participates_in = json.value("speaks", std::vector<std::int64_t>{});
  view.starts = json.value("starts", std::vector<std::string>{});
  for (const std::string statement : json.value("statements", nlohmann::json::array())) {
    view.statements.push_back(key_of_text(statement));
  }
  for (const auto& role : json.value("roles", nlohmann::json::array())) {
    view.roles.push_back({role[0], key_of_text(role[1])});
  }
  if (json.contains("owner")) view.owner = key_of_text(json.at("owner"));
  view.relation = json.value("relation", "");
  for (const auto& addressed : json.value("addressed", nlohmann::json::array())) {
    view.addressed.push_back({addressed[0], key_of_text(addressed[1])});
  }
  return view;
}

}  // namespace kg_batch::graph
