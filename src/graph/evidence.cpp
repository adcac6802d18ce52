#include "graph/evidence.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "chunking/sentences.h"
#include "graph/quote_span.h"

namespace kg_batch::graph {
namespace {

SourceRow source_of(const Quote& quote, const KnownSentence& sentence) {
  const chunking::Sentence& where = sentence.shown->where;
  SourceRow source;
  source.message_id = where.message_id;
  source.sentence_start = source.span_start = where.start;
  source.sentence_end = source.span_end = where.end;
  source.quote = quote.quote;
  // The model saw a placeholder, so what it quotes stands nowhere in the message.
  if (where.shown != chunking::Shown::words) {
    return source;
  }
  if (const auto span = find_quote(sentence.words(), quote.quote)) {
    source.matched = true;
    source.span_start = where.start + span->start;
    source.span_end = where.start + span->end;
  }
  return source;
}

// Whose words a fact stands on: new sentences before those of the context, then
// in reading order.
bool is_said_earlier(int sentence, int than) {
  // Ids of the context count downwards.
  return std::tuple(sentence < 0, std::abs(sentence)) < std::tuple(than < 0, std::abs(than));
}

}  // namespace

std::string_view KnownSentence::words() const {
  return message == nullptr ? std::string_view{}
                            : chunking::char_slice(message->text, shown->where.start, shown->where.end);
}

KnownSentences known_sentences(const stages::Question& question, const Place& place) {
  std::unordered_map<std::int64_t, const MessagePlace*> messages;
  for (const MessagePlace& message : place.messages) {
    messages.emplace(message.message_id, &message);
  }
  KnownSentences sentences;
  for (const auto* part : {&question.context, &question.messages}) {
    for (const stages::ShownMessage& message : *part) {
      for (const stages::ShownSentence& sentence : message.sentences) {
        const auto found = messages.find(sentence.where.message_id);
        sentences[sentence.id] = {&sentence, &message, found == messages.end() ? nullptr : found->second, message.by};
      }
    }
  }
  return sentences;
}

Saying saying_of(const Fact& fact, const KnownSentences& sentences) {
  Saying saying;
  for (const Quote& quote : fact.evidence) {
    const auto found = sentences.find(quote.sentence);
    if (found == sentences.end()) {
      continue;
    }
    if (quote.sentence > 0 && (saying.first_new == 0 || quote.sentence < saying.first_new)) {
      saying.first_new = quote.sentence;
    }
    if (found->second.by && (saying.first_said == 0 || is_said_earlier(quote.sentence, saying.first_said))) {
      saying.first_said = quote.sentence;
    }
  }
  return saying;
}

CitedFacts write_facts(const std::vector<Fact>& facts, const KnownSentences& sentences, Mentions& mentions) {
  CitedFacts cited;
  for (const Fact& fact : facts) {
    FactRow row;
    row.n = static_cast<int>(mentions.facts.size()) + 1;
    row.text = fact.text;
    row.modality = fact.modality;
    row.negated = fact.negated;

    int source_n = 0;
    for (std::size_t place = 0; place < fact.evidence.size(); ++place) {
      const Quote& quote = fact.evidence[place];
      const auto found = sentences.find(quote.sentence);
      if (found == sentences.end()) {
        mentions.rejected.push_back(
            {"fact " + std::to_string(fact.id) + ", quote " + std::to_string(place + 1),
             "sentence " + std::to_string(quote.sentence) + " is not in the question", quote.quote});
        continue;
      }
      SourceRow source = source_of(quote, found->second);
      source.fact = row.n;
      source.n = ++source_n;
      mentions.sources.push_back(std::move(source));
    }
    const auto [first_new, first_said] = saying_of(fact, sentences);
    if (first_new != 0) {
      const KnownSentence& sentence = sentences.at(first_new);
      row.first_message_id = sentence.shown->where.message_id;
      row.said_at_us = sentence.message == nullptr ? std::nullopt : sentence.message->sent_at_us;
    }
    if (first_said != 0) {
      row.said_by = sentences.at(first_said).by;
    }
    cited.emplace(fact.id, CitedFact{row.n, row.modality, row.negated, row.said_at_us, first_new});
    mentions.facts.push_back(std::move(row));
  }
  return cited;
}

Standing standing_of(const std::set<int>& fact_ids, const CitedFacts& facts) {
  Standing standing;
  for (const int id : fact_ids) {
    const auto found = facts.find(id);
    if (found == facts.end()) {
      continue;
    }
    const CitedFact& fact = found->second;
    const bool first = standing.facts.empty();
    standing.modality = first ? fact.modality : std::min(standing.modality, fact.modality);
    standing.negated = fact.negated && (first || standing.negated);
    standing.facts.push_back(fact.n);
    if (fact.said_at_us && (!standing.said_at_us || *fact.said_at_us < *standing.said_at_us)) {
      standing.said_at_us = fact.said_at_us;
    }
    if (fact.first_sentence != 0 && (standing.first_sentence == 0 || fact.first_sentence < standing.first_sentence)) {
      standing.first_sentence = fact.first_sentence;
    }
  }
  std::sort(standing.facts.begin(), standing.facts.end());
  return standing;
}

std::vector<Standing> standings_of_things(const Reading& reading, const CitedFacts& facts) {
  using FactIds = std::set<int>;
  const auto known = [&](const std::vector<int>& ids) {
    FactIds found;
    std::copy_if(ids.begin(), ids.end(), std::inserter(found, found.end()), [&](int id) { return facts.contains(id); });
    return found;
  };
  std::map<int, FactIds> facts_of;
  for (const Thing& thing : reading.things) {
    facts_of[thing.id].merge(known(thing.facts));
  }
  // Lent facts are collected before any is given, so that what a thing gets does
  // not depend on who comes first.
  std::map<int, FactIds> lent;
  const auto lend = [&](int id, const FactIds& ids) {
    const auto thing = facts_of.find(id);
    if (thing != facts_of.end() && thing->second.empty() && !ids.empty()) {
      lent[id].insert(ids.begin(), ids.end());
    }
  };
  const auto give = [&] {
    const bool any = !lent.empty();
    for (auto& [id, ids] : lent) {
      facts_of[id] = std::move(ids);
    }
    lent.clear();
    return any;
  };
  for (const Statement& statement : reading.statements) {
    for (const RoleOf& role : statement.roles) {
      lend(role.node, known(statement.facts));
    }
  }
  give();
  do {
    for (const Thing& thing : reading.things) {
      if (thing.of) {
        lend(*thing.of, facts_of[thing.id]);
      }
    }
  } while (give());

  std::vector<Standing> standings;
  for (const Thing& thing : reading.things) {
    standings.push_back(standing_of(facts_of[thing.id], facts));
    standings.back().negated = false;  // polarity is of statements
  }
  return standings;
}

}  // namespace kg_batch::graph
