#include "graph/mentions.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "chunking/sentences.h"
#include "graph/content_key.h"
#include "graph/dependency_order.h"
#include "graph/keys.h"
#include "graph/quote_span.h"

namespace kg_batch::graph {
namespace {

// A sentence of the question with where it comes from.
struct KnownSentence {
  const stages::ShownSentence* shown = nullptr;
  const MessagePlace* message = nullptr;  // nullptr when the place does not have it
  std::optional<int> by;                  // participant; nothing for the assistant
};

using Sentences = std::map<int, KnownSentence>;  // by id: context first, then the chunk in reading order

Sentences sentences_of(const stages::Question& question, const Place& place) {
  std::unordered_map<std::int64_t, const MessagePlace*> messages;
  for (const MessagePlace& message : place.messages) {
    messages.emplace(message.message_id, &message);
  }
  Sentences sentences;
  for (const auto* part : {&question.context, &question.messages}) {
    for (const stages::ShownMessage& message : *part) {
      for (const stages::ShownSentence& sentence : message.sentences) {
        const auto found = messages.find(sentence.where.message_id);
        sentences[sentence.id] = {&sentence, found == messages.end() ? nullptr : found->second, message.by};
      }
    }
  }
  return sentences;
}

SourceRow source_of(const Quote& quote, const KnownSentence& sentence) {
  const chunking::Sentence& where = sentence.shown->where;
  SourceRow source;
  source.message_id = where.message_id;
  source.sentence_start = source.span_start = where.start;
  source.sentence_end = source.span_end = where.end;
  source.quote = quote.quote;
  // The model saw a placeholder, so what it quotes stands nowhere in the message.
  if (sentence.message == nullptr || where.shown != chunking::Shown::words) {
    return source;
  }
  const std::string_view text = chunking::char_slice(sentence.message->text, where.start, where.end);
  if (const auto span = find_quote(text, quote.quote)) {
    source.matched = true;
    source.span_start = where.start + span->start;
    source.span_end = where.start + span->end;
  }
  return source;
}

// What mentions need of a fact beyond its row.
struct CitedFact {
  int n = 0;
  Modality modality = Modality::asserted;
  bool negated = false;
  std::optional<std::int64_t> said_at_us;
  int first_sentence = 0;  // smallest id of a new sentence; 0 when there is none
};

using Facts = std::map<int, CitedFact>;  // by the answer's id

Facts write_facts(const Reading& reading, const Sentences& sentences, Mentions& mentions) {
  Facts facts;
  int n = 0;
  for (const Fact& fact : reading.facts) {
    FactRow row;
    row.n = ++n;
    row.text = fact.text;
    row.modality = fact.modality;
    row.negated = fact.negated;

    int first_new = 0;
    int first_said = 0;  // by a participant; a new sentence before one of the context
    int source_n = 0;
    int quote_n = 0;
    for (const Quote& quote : fact.evidence) {
      ++quote_n;
      const auto found = sentences.find(quote.sentence);
      if (found == sentences.end()) {
        mentions.rejected.push_back({"fact " + std::to_string(fact.id) + ", quote " + std::to_string(quote_n),
                                     "sentence " + std::to_string(quote.sentence) + " is not in the question",
                                     quote.quote});
        continue;
      }
      SourceRow source = source_of(quote, found->second);
      source.fact = row.n;
      source.n = ++source_n;
      mentions.sources.push_back(std::move(source));

      const int id = quote.sentence;
      if (id > 0 && (first_new == 0 || id < first_new)) {
        first_new = id;
      }
      const bool earlier = first_said == 0 || (id > 0) > (first_said > 0) || ((id > 0) == (first_said > 0) && id < first_said);
      if (found->second.by && earlier) {
        first_said = id;
      }
    }
    if (first_new != 0) {
      const KnownSentence& sentence = sentences.at(first_new);
      row.first_message_id = sentence.shown->where.message_id;
      row.said_at_us = sentence.message == nullptr ? std::nullopt : sentence.message->sent_at_us;
    }
    if (first_said != 0) {
      row.said_by = sentences.at(first_said).by;
    }
    facts.emplace(fact.id, CitedFact{row.n, row.modality, row.negated, row.said_at_us, first_new});
    mentions.facts.push_back(std::move(row));
  }
  return facts;
}

// What the facts of one mention say together.
struct Standing {
  std::vector<int> facts;  // FactRow::n, ascending
  Modality modality = Modality::hypothetical;
  bool negated = true;
  std::optional<std::int64_t> said_at_us;
  int first_sentence = 0;
};

Standing standing_of(const std::set<int>& fact_ids, const Facts& facts) {
  Standing standing;
  for (const int id : fact_ids) {
    const auto found = facts.find(id);
    if (found == facts.end()) {
      continue;
    }
    const CitedFact& fact = found->second;
    standing.facts.push_back(fact.n);
    standing.modality = std::min(standing.modality, fact.modality);
    standing.negated = standing.negated && fact.negated;
    if (fact.said_at_us && (!standing.said_at_us || *fact.said_at_us < *standing.said_at_us)) {
      standing.said_at_us = fact.said_at_us;
    }
    if (fact.first_sentence != 0 && (standing.first_sentence == 0 || fact.first_sentence < standing.first_sentence)) {
      standing.first_sentence = fact.first_sentence;
    }
  }
  if (standing.facts.empty()) {
    standing.modality = Modality::asserted;
    standing.negated = false;
  }
  std::sort(standing.facts.begin(), standing.facts.end());
  return standing;
}

// Makes the keys of one chunk's mentions. A thing is asked for by its index in
// the reading, a statement too; the answer's own ids never enter a key.
class Keys {
 public:
  Keys(const Reading& reading, const stages::Question& question, const Place& place, const Sentences& sentences)
      : reading_(reading), question_(question), place_(place), sentences_(sentences) {}

  // Content key of the segment in which a sentence stands; the first one of
  // the chunk for what cites none.
  std::string_view segment_of(int sentence) const {
    auto found = sentences_.find(sentence);
    if (found == sentences_.end()) {
      found = sentences_.upper_bound(0);
    }
    return found == sentences_.end() || found->second.message == nullptr
               ? std::string_view{}
               : std::string_view(found->second.message->segment_key);
  }

  std::vector<Key> of_things(const std::vector<Standing>& standings, std::vector<Rejected>& rejected);

  Key of_statement(const Statement& statement, const Standing& standing,
                   const std::vector<std::pair<const RoleOf*, Key>>& roles, bool has_participant) const;

 private:
  bool is_participant(const Thing& thing) const {
    return thing.participant && *thing.participant >= 1 &&
           static_cast<std::size_t>(*thing.participant) <= place_.participants.size();
  }

  Key of_participant(int id) const;
  Key of_other(const Thing& thing, const Standing& standing, const Key* owner, const Thing* owned_by) const;
  bool may_be_a_namesake(const Thing& thing) const;
  Key chunk_key() const;

  const Reading& reading_;
  const stages::Question& question_;
  const Place& place_;
  const Sentences& sentences_;
};

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

Key Keys::of_participant(int id) const {
  const ParticipantIdentity& participant = place_.participants[static_cast<std::size_t>(id - 1)];
  if (participant.is_self) {
    return ContentKey("self").key();
  }
  if (participant.speaker_id) {
    return ContentKey("participant").add(*participant.speaker_id).key();
  }
  if (participant.namesake) {
    const std::string scope = scope_of("namesake", {place_.conversation_key, std::to_string(id)});
    return thing_key(participant.name, "person", scope);
  }
  const bool here_alone = participant.nameless || place_.names_shared;
  return thing_key(participant.name, "person", here_alone ? std::string_view(place_.conversation_key) : "");
}

// Two participants have the name, so a third mention of it may be either.
bool Keys::may_be_a_namesake(const Thing& thing) const {
  return thing.thing_class == "person" &&
         std::any_of(place_.participants.begin(), place_.participants.end(), [&](const ParticipantIdentity& other) {
           return other.namesake && name_key(other.name) == name_key(thing.label);
         });
}

// What is one of a kind for its owner, whatever it is called: of all kin only
// the parents. A brother may be another brother next time.
bool is_unique_relation(std::string_view relation) { return relation == "mother" || relation == "father"; }

Key Keys::of_other(const Thing& thing, const Standing& standing, const Key* owner, const Thing* owned_by) const {
  const bool kin_word = (thing.thing_class == "person" || thing.thing_class == "other") && is_conversation_name(thing.label);
  const std::string_view relation = thing.relation ? std::string_view(*thing.relation) : std::string_view{};
  if (thing.named && !kin_word) {
    const bool here_alone = place_.names_shared || may_be_a_namesake(thing);
    return thing_key(thing.label, thing.thing_class, here_alone ? std::string_view(place_.conversation_key) : "");
  }
  if (owner != nullptr && is_participant(*owned_by) && is_unique_relation(relation)) {
    return ContentKey("relation").add(*owner).add(relation).key();
  }
  if (thing.named) {
    return thing_key(thing.label, thing.thing_class, place_.conversation_key);
  }
  // A topic has no owner and no name but what it is called: it is the same one
  // wherever it is talked about.
  if (thing.type == "Concept" && owner == nullptr) {
    return thing_key(thing.label, thing.thing_class, "");
  }
  const std::string_view owner_bytes = owner == nullptr ? std::string_view{} : bytes_of(*owner);
  if (thing.type == "Property" && owner != nullptr) {
    return ContentKey("property").add(name_key(thing.label)).add(thing.thing_class).add(owner_bytes).key();
  }
  return thing_key(thing.label, thing.thing_class,
                   scope_of("segment", {segment_of(standing.first_sentence), owner_bytes, relation}));
}

// The chunk by its content: what tells "the second Anna" of one chunk from the
// second Anna of the next.
Key Keys::chunk_key() const {
  ContentKey key("chunk");
  key.add(place_.conversation_key);
  for (const auto& [id, sentence] : sentences_) {
    if (id > 0 && sentence.message != nullptr) {
      const chunking::Sentence& where = sentence.shown->where;
      key.add(sentence.message->segment_key)
          .add(sentence.message->sent_at_us ? std::to_string(*sentence.message->sent_at_us) : "")
          .add(std::to_string(where.start))
          .add(chunking::char_slice(sentence.message->text, where.start, where.end));
    }
  }
  return key.key();
}

std::vector<Key> Keys::of_things(const std::vector<Standing>& standings, std::vector<Rejected>& rejected) {
  const std::vector<Thing>& things = reading_.things;
  std::map<int, std::size_t> index_of;  // by id, so that the order of the answer does not matter
  for (std::size_t i = 0; i < things.size(); ++i) {
    index_of.emplace(things[i].id, i);
  }
  std::vector<std::size_t> by_id;
  std::map<std::size_t, std::size_t> position;
  for (const auto& [id, index] : index_of) {
    position[index] = by_id.size();
    by_id.push_back(index);
  }
  std::vector<std::vector<std::size_t>> needs(by_id.size());
  for (std::size_t at = 0; at < by_id.size(); ++at) {
    const Thing& thing = things[by_id[at]];
    const auto owner = thing.of ? index_of.find(*thing.of) : index_of.end();
    if (owner != index_of.end()) {
      needs[at].push_back(position[owner->second]);
    }
  }
  const DependencyOrder order = dependency_order(needs);
  for (const Need& closing : order.closing) {
    needs[closing.node].clear();
    const Thing& thing = things[by_id[closing.node]];
    rejected.push_back({"thing " + std::to_string(thing.id) + ", of", "belongs to itself", std::to_string(*thing.of)});
  }

  std::vector<Key> keys(things.size());
  std::map<Key, std::vector<std::size_t>> sharing;  // things told apart by nothing but their ids
  std::set<Key> participants;
  for (const std::size_t at : order.order) {
    const std::size_t index = by_id[at];
    const Thing& thing = things[index];
    if (is_participant(thing)) {
      keys[index] = of_participant(*thing.participant);
      participants.insert(keys[index]);
      continue;
    }
    const bool owned = !needs[at].empty();
    const std::size_t owner = owned ? by_id[needs[at].front()] : 0;
    keys[index] = of_other(thing, standings[index], owned ? &keys[owner] : nullptr, owned ? &things[owner] : nullptr);
    const bool of_unique = thing.relation && is_unique_relation(*thing.relation) && !thing.named;
    const bool topic = thing.type != "Entity" && !thing.named;
    if (!of_unique && !topic) {
      sharing[keys[index]].push_back(index);
    }
  }

  // Two things of one answer under one name are two: the model had a reason to
  // list them apart. A participant keeps the name, the others get a scope.
  for (auto& [key, same] : sharing) {
    if (same.size() < 2 && !participants.contains(key)) {
      continue;
    }
    std::sort(same.begin(), same.end(), [&](std::size_t a, std::size_t b) {
      const auto rank = [&](std::size_t i) {
        return std::tie(standings[i].first_sentence, things[i].category, things[i].label, things[i].id);
      };
      return rank(a) < rank(b);
    });
    const Key chunk = chunk_key();
    for (std::size_t ordinal = 0; ordinal < same.size(); ++ordinal) {
      const Thing& thing = things[same[ordinal]];
      keys[same[ordinal]] = thing_key(
          thing.label, thing.thing_class,
          scope_of("same name", {bytes_of(key), place_.conversation_key, bytes_of(chunk), std::to_string(ordinal + 1)}));
    }
  }
  // Things listed twice with one id are the reader's to reject; a second one
  // gets the first one's key.
  for (std::size_t i = 0; i < things.size(); ++i) {
    keys[i] = keys[index_of.at(things[i].id)];
  }
  return keys;
}

// The day of an Event that lies within one, by dates that were not guessed.
std::optional<std::string> day_of(const Statement& statement) {
  constexpr std::size_t day_width = 10;  // YYYY-MM-DD
  const auto is_certain_day = [](const Date& date) { return date.date.size() >= day_width && date.how != How::estimated; };
  if (statement.type != "Event" || !statement.start || !is_certain_day(*statement.start)) {
    return std::nullopt;
  }
  const std::string day = statement.start->date.substr(0, day_width);
  // An Event that happened on a day has no other end unless one is given.
  if (statement.end && (!is_certain_day(*statement.end) || statement.end->date.substr(0, day_width) != day)) {
    return std::nullopt;
  }
  return day;
}

Key Keys::of_statement(const Statement& statement, const Standing& standing,
                       const std::vector<std::pair<const RoleOf*, Key>>& roles, bool has_participant) const {
  std::set<std::tuple<std::string, std::string, Key>> parts;
  for (const auto& [role, target] : roles) {
    parts.emplace(role->role, role->role_text ? name_key(*role->role_text) : "", target);
  }
  const std::optional<std::string> day = day_of(statement);
  const bool is_undated_event = statement.type == "Event" && !day;
  ContentKey key("statement");
  key.add(statement.type)
      .add(name_key(statement.category))
      .add(standing.negated ? "negated" : "")
      .add(name_key(statement.label))
      .add(std::to_string(parts.size()));
  for (const auto& [role, role_text, target] : parts) {
    key.add(role).add(role_text).add(target);
  }
  key.add(day.value_or(""));
  key.add(is_undated_event || !has_participant ? segment_of(standing.first_sentence) : std::string_view{});
  return key.key();
}

// Facts behind each thing: its own, else those of the statements it takes part
// in, else those of what belongs to it. So nothing is without evidence.
std::vector<Standing> standings_of_things(const Reading& reading, const Facts& facts) {
  std::map<int, std::set<int>> cited;
  const auto known = [&](const std::vector<int>& ids) {
    std::set<int> set;
    std::copy_if(ids.begin(), ids.end(), std::inserter(set, set.end()), [&](int id) { return facts.contains(id); });
    return set;
  };
  for (const Thing& thing : reading.things) {
    cited[thing.id].merge(known(thing.facts));
  }
  std::map<int, std::set<int>> lent;
  for (const Statement& statement : reading.statements) {
    const std::set<int> own = known(statement.facts);
    for (const RoleOf& role : statement.roles) {
      const auto target = cited.find(role.node);
      if (target != cited.end() && target->second.empty()) {
        lent[role.node].insert(own.begin(), own.end());
      }
    }
  }
  for (auto& [id, ids] : lent) {
    cited[id] = std::move(ids);
  }
  // Owners of owners: each pass lends one step further, and lends all of a step at once.
  for (bool changed = true; changed;) {
    lent.clear();
    for (const Thing& thing : reading.things) {
      const auto owner = thing.of ? cited.find(*thing.of) : cited.end();
      if (owner != cited.end() && owner->second.empty()) {
        const std::set<int>& own = cited[thing.id];
        if (!own.empty()) {
          lent[*thing.of].insert(own.begin(), own.end());
        }
      }
    }
    changed = !lent.empty();
    for (auto& [id, ids] : lent) {
      cited[id] = std::move(ids);
    }
  }
  std::vector<Standing> standings;
  for (const Thing& thing : reading.things) {
    standings.push_back(standing_of(cited[thing.id], facts));
    standings.back().negated = false;  // polarity is of statements
  }
  return standings;
}

// The roles of the statements that can be written: without those that close a
// circle or lead nowhere. A statement that has none left falls away, and with
// it what pointed to it.
class Roles {
 public:
  Roles(const Reading& reading, const std::map<int, std::size_t>& things, std::vector<Rejected>& rejected);

  bool is_written(std::size_t statement) const { return !kept_[statement].empty(); }
  const std::vector<std::size_t>& kept(std::size_t statement) const { return kept_[statement]; }
  // Statements that are written, each after those it points to.
  const std::vector<std::size_t>& order() const { return order_; }
  std::optional<std::size_t> statement(int id) const {
    const auto found = index_of_.find(id);
    return found == index_of_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<int, std::size_t> index_of_;
  std::vector<std::vector<std::size_t>> kept_;  // indices into Statement::roles
  std::vector<std::size_t> order_;
};

Rejected rejected_role(const Statement& statement, std::size_t role, std::string reason) {
  return {"statement " + std::to_string(statement.id) + ", role " + std::to_string(role + 1), std::move(reason),
          statement.roles[role].role + " " + std::to_string(statement.roles[role].node)};
}

Roles::Roles(const Reading& reading, const std::map<int, std::size_t>& things, std::vector<Rejected>& rejected)
    : kept_(reading.statements.size()) {
  const std::vector<Statement>& statements = reading.statements;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    if (things.contains(statements[i].id) || !index_of_.emplace(statements[i].id, i).second) {
      rejected.push_back({"statement " + std::to_string(statements[i].id), "its id is taken", statements[i].label});
    }
  }
  std::vector<std::size_t> by_id;
  std::map<std::size_t, std::size_t> position;
  for (const auto& [id, index] : index_of_) {
    position[index] = by_id.size();
    by_id.push_back(index);
  }
  std::vector<std::vector<std::size_t>> needs(by_id.size());
  std::vector<std::vector<std::size_t>> need_roles(by_id.size());  // which role each need is
  for (std::size_t at = 0; at < by_id.size(); ++at) {
    const Statement& owner = statements[by_id[at]];
    std::vector<std::size_t> roles(owner.roles.size());
    for (std::size_t r = 0; r < roles.size(); ++r) {
      roles[r] = r;
    }
    std::stable_sort(roles.begin(), roles.end(), [&](std::size_t a, std::size_t b) {
      const auto rank = [&](std::size_t r) {
        return std::tie(owner.roles[r].node, owner.roles[r].role, owner.roles[r].role_text);
      };
      return rank(a) < rank(b);
    });
    for (const std::size_t r : roles) {
      const int node = owner.roles[r].node;
      if (things.contains(node)) {
        kept_[by_id[at]].push_back(r);
      } else if (const auto needed = statement(node)) {
        kept_[by_id[at]].push_back(r);
        needs[at].push_back(position[*needed]);
        need_roles[at].push_back(r);
      } else {
        rejected.push_back(rejected_role(owner, r, "node " + std::to_string(node) + " is not in the answer"));
      }
    }
  }
  const DependencyOrder order = dependency_order(needs);
  for (const Need& closing : order.closing) {
    const std::size_t index = by_id[closing.node];
    const std::size_t role = need_roles[closing.node][closing.which];
    std::erase(kept_[index], role);
    rejected.push_back(rejected_role(statements[index], role, "closes a circle of statements"));
  }
  // In dependency order one pass is enough: what a statement points to is settled before it.
  for (const std::size_t at : order.order) {
    const std::size_t index = by_id[at];
    const Statement& owner = statements[index];
    std::erase_if(kept_[index], [&](std::size_t r) {
      const auto needed = things.contains(owner.roles[r].node) ? std::nullopt : statement(owner.roles[r].node);
      const bool lost = needed && !is_written(*needed);
      if (lost) {
        rejected.push_back(rejected_role(owner, r, "statement " + std::to_string(owner.roles[r].node) + " was rejected"));
      }
      return lost;
    });
    std::sort(kept_[index].begin(), kept_[index].end());
    if (is_written(index)) {
      order_.push_back(index);
    } else {
      rejected.push_back({"statement " + std::to_string(owner.id), "no role is left", owner.label});
    }
  }
}

MentionRow thing_row(const Thing& thing, const Standing& standing, const stages::Question& question, const Place& place) {
  MentionRow row;
  row.type = thing.type;
  row.node_class = thing.thing_class;
  row.label = thing.label;
  if (thing.participant && static_cast<std::size_t>(*thing.participant) <= place.participants.size()) {
    // "(2)" tells two Annas apart for the model and is no part of the name.
    const ParticipantIdentity& participant = place.participants[static_cast<std::size_t>(*thing.participant - 1)];
    for (const stages::Participant& shown : question.participants) {
      if (shown.id == *thing.participant && shown.name == thing.label && !participant.name.empty()) {
        row.label = participant.name;
      }
    }
  }
  row.category = thing.category;
  row.label_key = name_key(row.label);
  row.named = thing.named;
  row.aliases = thing.aliases;
  row.attributes = thing.attributes;
  row.hash_tags = thing.hash_tags;
  row.confidence = thing.confidence;
  row.importance = thing.importance;
  row.modality = standing.modality;
  row.facts = standing.facts;
  row.said_at_us = standing.said_at_us;
  row.participant = thing.participant;
  return row;
}

MentionRow statement_row(const Statement& statement, const Standing& standing) {
  MentionRow row;
  row.is_statement = true;
  row.type = statement.type;
  row.label = statement.label;
  row.category = statement.category;
  row.label_key = name_key(statement.label);
  row.hash_tags = statement.hash_tags;
  row.confidence = statement.confidence;
  row.importance = statement.importance;
  row.start = statement.start;
  row.end = statement.end;
  row.replaces = statement.replaces;
  row.goal_status = statement.goal_status;
  row.negated = standing.negated;
  row.modality = standing.modality;
  row.facts = standing.facts;
  row.said_at_us = standing.said_at_us;
  return row;
}

}  // namespace

Mentions mentions_of(const Reading& reading, const stages::Question& question, const Place& place) {
  Mentions mentions;
  mentions.rejected = reading.rejected;
  const Sentences sentences = sentences_of(question, place);
  const Facts facts = write_facts(reading, sentences, mentions);
  Keys keys(reading, question, place, sentences);

  const std::vector<Standing> thing_standings = standings_of_things(reading, facts);
  const std::vector<Key> thing_keys = keys.of_things(thing_standings, mentions.rejected);
  std::map<int, std::size_t> things;  // by id
  int n = 0;
  for (std::size_t i = 0; i < reading.things.size(); ++i) {
    MentionRow row = thing_row(reading.things[i], thing_standings[i], question, place);
    row.n = ++n;
    row.key = thing_keys[i];
    things.emplace(reading.things[i].id, i);
    mentions.nodes.push_back(std::move(row));
  }

  const Roles roles(reading, things, mentions.rejected);
  std::vector<Standing> standings(reading.statements.size());
  std::vector<Key> statement_keys(reading.statements.size());
  for (const std::size_t index : roles.order()) {
    const Statement& statement = reading.statements[index];
    standings[index] = standing_of({statement.facts.begin(), statement.facts.end()}, facts);
    std::vector<std::pair<const RoleOf*, Key>> targets;
    bool has_participant = false;
    for (const std::size_t r : roles.kept(index)) {
      const RoleOf& role = statement.roles[r];
      const auto thing = things.find(role.node);
      if (thing != things.end()) {
        targets.emplace_back(&role, thing_keys[thing->second]);
        has_participant = has_participant || reading.things[thing->second].participant.has_value();
      } else {
        targets.emplace_back(&role, statement_keys[*roles.statement(role.node)]);
      }
    }
    statement_keys[index] = keys.of_statement(statement, standings[index], targets, has_participant);
  }

  std::vector<int> statement_n(reading.statements.size(), 0);
  for (std::size_t i = 0; i < reading.statements.size(); ++i) {
    if (roles.is_written(i)) {
      MentionRow row = statement_row(reading.statements[i], standings[i]);
      row.n = statement_n[i] = ++n;
      row.key = statement_keys[i];
      mentions.nodes.push_back(std::move(row));
    }
  }
  int edge_n = 0;
  for (std::size_t i = 0; i < reading.statements.size(); ++i) {
    for (const std::size_t r : roles.kept(i)) {
      const RoleOf& role = reading.statements[i].roles[r];
      const auto thing = things.find(role.node);
      EdgeRow edge;
      edge.n = ++edge_n;
      edge.statement = statement_n[i];
      edge.target = thing != things.end() ? static_cast<int>(thing->second) + 1 : statement_n[*roles.statement(role.node)];
      edge.role = role.role;
      edge.role_text = role.role_text;
      mentions.edges.push_back(std::move(edge));
    }
  }
  return mentions;
}

}  // namespace kg_batch::graph
