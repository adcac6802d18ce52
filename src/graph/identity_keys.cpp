#include "graph/identity_keys.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "graph/content_key.h"
#include "graph/dependency_order.h"
#include "graph/keys.h"

namespace kg_batch::graph {
namespace {

Key thing_key(std::string_view label, std::string_view thing_class, std::string_view scope) {
  return ContentKey("thing").add(name_key(label)).add(thing_class).add(scope).key();
}

std::string scope_of(std::string_view what, std::initializer_list<std::string_view> parts) {
  ContentKey key(what);
  for (const std::string_view part : parts) {
    key.add(part);
  }
  return std::string(bytes_of(key.key()));
}

// The content key of the segment in which a sentence stands; of the chunk's
// first one for what cites none.
std::string_view segment_of(int sentence, const KnownSentences& sentences) {
  auto found = sentences.find(sentence);
  if (found == sentences.end()) {
    found = sentences.upper_bound(0);
  }
  const bool known = found != sentences.end() && found->second.message != nullptr;
  return known ? std::string_view(found->second.message->segment_key) : std::string_view{};
}

// The chunk by its content: what tells the second Anna of one chunk from the
// second Anna of the next.
Key chunk_key(const Place& place, const KnownSentences& sentences) {
  ContentKey key("chunk");
  key.add(place.conversation_key);
  for (const auto& [id, sentence] : sentences) {
    if (id > 0 && sentence.message != nullptr) {
      const auto& sent_at = sentence.message->sent_at_us;
      key.add(sentence.message->segment_key)
          .add(sent_at ? std::to_string(*sent_at) : "")
          .add(std::to_string(sentence.shown->where.start))
          .add(sentence.words());
    }
  }
  return key.key();
}

const ParticipantIdentity* participant_of(const Thing& thing, const Place& place) {
  const bool known = thing.participant && *thing.participant >= 1 &&
                     static_cast<std::size_t>(*thing.participant) <= place.participants.size();
  return known ? &place.participants[static_cast<std::size_t>(*thing.participant - 1)] : nullptr;
}

std::string hex_of(const Key& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : key) {
    hex.push_back(digits[byte >> 4]);
    hex.push_back(digits[byte & 15]);
  }
  return hex;
}

ThingIdentity participant_identity(const ParticipantIdentity& participant, int id, const Place& place) {
  if (participant.is_self) {
    return {ContentKey("self").key(), "", {}};
  }
  if (participant.speaker_id) {
    return {ContentKey("participant").add(*participant.speaker_id).key(), "", {}};
  }
  if (participant.namesake) {
    const std::string nth = std::to_string(id);
    return {thing_key(participant.name, "person", scope_of("namesake", {place.conversation_key, nth})),
            "namesake\x1f" + place.conversation_key + "\x1f" + nth, {}};
  }
  const std::string scope = participant.nameless || place.names_shared ? place.conversation_key : "";
  return {thing_key(participant.name, "person", scope), scope, {}};
}

// Two participants have the name, so another mention of it may mean either.
bool may_be_either_namesake(const Thing& thing, const Place& place) {
  return thing.thing_class == "person" &&
         std::any_of(place.participants.begin(), place.participants.end(), [&](const ParticipantIdentity& participant) {
           return participant.namesake && name_key(participant.name) == name_key(thing.label);
         });
}

// "Mum", "Speaker 1": a name that reaches no further than the conversation. A
// film may be called Mother.
bool has_conversation_name(const Thing& thing) {
  return (thing.thing_class == "person" || thing.thing_class == "other") && is_conversation_name(thing.label);
}

// Of all kin only the parents are one of a kind for good: a brother may be
// another brother next time.
bool is_one_of_a_kind(const std::optional<std::string>& relation) {
  return relation && (*relation == "mother" || *relation == "father");
}

// How a thing gets its key, by what tells it from others of its label.
enum class Told { by_name, by_conversation, by_parenthood, by_label, by_owner, by_segment };

Told told(const Thing& thing, bool has_owner, bool owner_speaks, const Place& place) {
  if (thing.named && !has_conversation_name(thing)) {
    return place.names_shared || may_be_either_namesake(thing, place) ? Told::by_conversation : Told::by_name;
  }
  if (owner_speaks && is_one_of_a_kind(thing.relation)) {
    return Told::by_parenthood;
  }
  if (thing.named) {
    return Told::by_conversation;
  }
  // A topic has no name but what it is called, and is the same one wherever it
  // is talked about. A trait is the same one of the same owner.
  if (thing.type == "Concept" && !has_owner) {
    return Told::by_label;
  }
  return thing.type == "Property" && has_owner ? Told::by_owner : Told::by_segment;
}

Key key_told(Told how, const Thing& thing, const Standing& standing, std::string_view owner, const Place& place,
             const KnownSentences& sentences) {
  const std::string_view relation = thing.relation ? std::string_view(*thing.relation) : std::string_view{};
  switch (how) {
    case Told::by_parenthood:
      return ContentKey("relation").add(owner).add(relation).key();
    case Told::by_conversation:
      return thing_key(thing.label, thing.thing_class, place.conversation_key);
    case Told::by_owner:
      return ContentKey("property").add(name_key(thing.label)).add(thing.thing_class).add(owner).key();
    case Told::by_segment:
      return thing_key(thing.label, thing.thing_class,
                       scope_of("segment", {segment_of(standing.first_sentence, sentences), owner, relation}));
    case Told::by_name:
    case Told::by_label:
      break;
  }
  return thing_key(thing.label, thing.thing_class, "");
}

// What key_told scopes by, for people to read and for telling namesakes.
std::string scope_told(Told how, const Standing& standing, const Place& place, const KnownSentences& sentences) {
  switch (how) {
    case Told::by_conversation:
      return place.conversation_key;
    case Told::by_segment:
      return "segment\x1f" + std::string(segment_of(standing.first_sentence, sentences));
    default:
      return "";
  }
}

// The day of an Event that lies within one, by dates that were not guessed.
std::string day_of(const Statement& statement) {
  constexpr std::size_t width = 10;  // YYYY-MM-DD
  const auto day = [](const Date& date) {
    return date.date.size() >= width && date.how != How::estimated ? date.date.substr(0, width) : std::string();
  };
  if (statement.type != "Event" || !statement.start) {
    return "";
  }
  const std::string start = day(*statement.start);
  // An Event that happened on a day has no other end unless one is given.
  return !statement.end || day(*statement.end) == start ? start : "";
}

}  // namespace

std::vector<ThingIdentity> identities_of_things(const std::vector<Thing>& things, const std::vector<Standing>& standings,
                                                const Place& place, const KnownSentences& sentences,
                                                std::vector<Rejected>& rejected) {
  std::map<int, std::size_t> index_of;  // by id, so that the order of the answer does not matter
  Needs needs;
  for (std::size_t i = 0; i < things.size(); ++i) {
    if (index_of.emplace(things[i].id, i).second) {
      needs[things[i].id] = things[i].of ? std::vector{*things[i].of} : std::vector<int>{};
    }
  }
  const DependencyOrder order = dependency_order(needs);
  for (const ClosingNeed& closing : order.closing) {
    rejected.push_back({"thing " + std::to_string(closing.id) + ", of", "belongs to itself",
                        std::to_string(needs[closing.id][closing.which])});
    needs[closing.id].clear();
  }

  std::vector<ThingIdentity> identities(things.size());
  std::map<Key, std::vector<std::size_t>> same_name;
  std::set<Key> of_participants;
  for (const int id : order.order) {
    const std::size_t index = index_of.at(id);
    const Thing& thing = things[index];
    if (const ParticipantIdentity* participant = participant_of(thing, place)) {
      identities[index] = participant_identity(*participant, *thing.participant, place);
      of_participants.insert(identities[index].key);
      continue;
    }
    const auto owner = needs[id].empty() ? index_of.end() : index_of.find(needs[id].front());
    const bool has_owner = owner != index_of.end();
    const bool owner_speaks = has_owner && participant_of(things[owner->second], place) != nullptr;
    const Told how = told(thing, has_owner, owner_speaks, place);
    const Key* owner_key = has_owner ? &identities[owner->second].key : nullptr;
    const std::string_view of = owner_key != nullptr ? bytes_of(*owner_key) : std::string_view{};
    identities[index].key = key_told(how, thing, standings[index], of, place, sentences);
    identities[index].scope = scope_told(how, standings[index], place, sentences);
    if (owner_key != nullptr) {
      identities[index].owner = *owner_key;
    }
    if (how == Told::by_name || how == Told::by_conversation || how == Told::by_segment) {
      same_name[identities[index].key].push_back(index);
    }
  }

  // What one answer lists apart under one name is two: the model had a reason.
  // A participant keeps the name, each of the others gets a scope.
  for (auto& [key, same] : same_name) {
    if (same.size() == 1 && !of_participants.contains(key)) {
      continue;
    }
    std::sort(same.begin(), same.end(), [&](std::size_t a, std::size_t b) {
      const auto rank = [&](std::size_t i) {
        return std::tie(standings[i].first_sentence, things[i].category, things[i].label, things[i].id);
      };
      return rank(a) < rank(b);
    });
    const Key chunk = chunk_key(place, sentences);
    for (std::size_t ordinal = 0; ordinal < same.size(); ++ordinal) {
      const Thing& thing = things[same[ordinal]];
      const std::string scope = scope_of("same name", {bytes_of(key), bytes_of(chunk), std::to_string(ordinal + 1)});
      ThingIdentity& identity = identities[same[ordinal]];
      identity.key = thing_key(thing.label, thing.thing_class, scope);
      identity.scope = (of_participants.contains(key) ? "beside participant\x1f" : "same name\x1f") + hex_of(key) +
                       "\x1f" + hex_of(chunk) + "\x1f" + std::to_string(ordinal + 1);
    }
  }
  // One id is one thing, also where it stands twice.
  for (std::size_t i = 0; i < things.size(); ++i) {
    identities[i] = identities[index_of.at(things[i].id)];
  }
  return identities;
}

std::string scope_of_statement(const Statement& statement, const Standing& standing, bool is_of_somebody,
                               const KnownSentences& sentences) {
  const std::string day = day_of(statement);
  const bool is_undated_event = statement.type == "Event" && day.empty();
  if (is_undated_event || !is_of_somebody) {
    return day + "\x1f" + std::string(segment_of(standing.first_sentence, sentences));
  }
  return day;
}

bool is_scoped_to_segment(std::string_view scope) { return scope.find('\x1f') != std::string_view::npos; }

Key key_of_statement(const Statement& statement, const Standing& standing,
                     const std::vector<std::pair<const RoleOf*, Key>>& roles, std::string_view scope) {
  std::set<std::tuple<std::string, std::string, Key>> parts;
  for (const auto& [role, target] : roles) {
    parts.emplace(role->role, role->role_text ? name_key(*role->role_text) : "", target);
  }
  ContentKey key("statement");
  key.add(statement.type)
      .add(name_key(statement.category))
      .add(standing.negated ? "negated" : "")
      .add(name_key(statement.label))
      .add(std::to_string(parts.size()));
  for (const auto& [role, role_text, target] : parts) {
    key.add(role).add(role_text).add(target);
  }
  key.add(scope);
  return key.key();
}

bool is_told_by_owner(const Thing& thing, bool owner_speaks) {
  const Told how = told(thing, true, owner_speaks, Place{});
  return how == Told::by_parenthood || how == Told::by_owner || how == Told::by_segment;
}

Key key_that_follows(const Key& given, const std::set<std::tuple<std::string, Key, Key>>& stands_on) {
  ContentKey key("follows");
  key.add(given).add(std::to_string(stands_on.size()));
  for (const auto& [role, before, now] : stands_on) {
    key.add(role).add(before).add(now);
  }
  return key.key();
}

}  // namespace kg_batch::graph
