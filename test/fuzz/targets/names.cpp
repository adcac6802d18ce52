// Names and keys of the graph, and what is compared of them. Two lines are two names.

#include <algorithm>

#include "chunking/redaction.h"
#include "chunking/sentences.h"
#include "graph/keys.h"
#include "graph/name_shape.h"
#include "graph/naming.h"
#include "graph/quote_span.h"
#include "openai/json_text.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {"Alice\n  Alice \t Miller ", "Dr. M\u00fcller\nDR. MU\u0308LLER", "Straße\nSTRASSE", "Jean\u2011Luc\nJean-Luc Picard",
          "“Clyde”\n'Clyde'", "O'Brien\nO’Brien", "Clyde (the dog)\nSmith, John", "Yahoo!\nWhere is it?", "soft\u00adware\n\u200eAnna\u200f",
          "\u0645\u06cc\u200c\u062e\u0648\nΟΔΥΣΣΕΥΣ", "❤\ufe0f\n👍🏽", "東京。\nहिन्दी", "C++\nC#", "v1.2\n1,5", "🏴\U000E0067\U000E0062\U000E007F\n🇩🇪",
          "Speaker 1\n+49 170 1234567", "Bob, short for Robert, came.\nBob", "Hi Ali, thanks!\nAlice Miller", "J. R. R. Tolkien jr\nLouis XIV",
          "Acme Inc.\nThe Acme Company", "password is sk-proj-abcdefghijklmnopqrstuvwx0123!\nthe pin: 4111 1111 1111 1111a", "my key is sk-proj-abcdefghijklmnopqrstuvwx0123\ncard 4111 1111 1111 1111, password: hunter22"};
}

}  // namespace kg_batch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kg_batch;
  using fuzz::require;
  const std::string text = openai::sanitize_utf8(fuzz::text_of(data, size));
  const std::size_t newline = std::min(text.find('\n'), text.size());
  const std::string first = text.substr(0, newline);
  const std::string second = newline == text.size() ? "" : text.substr(newline + 1);

  for (const std::string* name : {&first, &second}) {
    if (name->empty()) {
      continue;  // no label is
    }
    const std::string key = graph::name_key(*name);
    fuzz::require_storable(key);
    require(!key.empty(), "a name has a key");
    require(graph::name_key(key) == key, "a key is its own key");
    require(key.find("  ") == std::string::npos || key == *name, "white space is one space");
    for (const bool is_person : {false, true}) {
      const graph::NameShape shape = graph::name_shape(key, is_person);
      require(shape.key == key, "a shape is that of its key");
      fuzz::require_storable(shape.sorted);
      fuzz::require_storable(shape.joined);
      for (const std::string& token : shape.tokens) {
        require(!token.empty(), "no token is empty");
        fuzz::require_storable(token);
        fuzz::require_storable(graph::letters_of(token));
        require(graph::length_of(token) == static_cast<std::size_t>(chunking::char_length(token)), "characters are counted alike");
        require(!graph::is_typo(token, token, is_person), "nothing is a typo of itself");
      }
      require(std::is_sorted(shape.numbers.begin(), shape.numbers.end()), "numbers are sorted");
    }
    std::vector<int> from;
    const std::string folded = graph::fold_quote(*name, &from);
    fuzz::require_storable(folded);
    require(graph::fold_quote(folded) == folded, "what is folded stays as it is");
    require(from.size() == static_cast<std::size_t>(chunking::char_length(folded)) + 1, "each folded character came from one");
    require(std::is_sorted(from.begin(), from.end()) && from.front() >= 0 && from.back() <= chunking::char_length(*name),
            "folded characters come in the order of the text");
    if (const auto span = graph::find_quote(*name, *name)) {
      require(span->start >= 0 && span->end > span->start && span->end <= chunking::char_length(*name), "a quote lies in its sentence");
    } else {
      require(folded.empty(), "a sentence quotes itself");
    }
    const std::string redacted = chunking::redact(*name);
    fuzz::require_storable(redacted);
    require(chunking::redact(redacted) == redacted, "what is masked needs no mask");
    graph::is_conversation_name(*name);
  }
  require(text.find("1111") != std::string::npos ||
              chunking::redact(first + " 4111 1111 1111 1111 " + second).find("4111 1111 1111 1111") == std::string::npos,
          "a card's number is masked whatever stands beside it");
  if (const auto span = graph::find_quote(first, second)) {
    require(span->start >= 0 && span->end > span->start && span->end <= chunking::char_length(first), "a quote lies in its sentence");
    require(graph::find_quote(first, chunking::char_slice(first, span->start, span->end)).has_value(), "what was found is there");
  }
  for (const std::string& a : graph::name_shape(graph::name_key(first), true).tokens) {
    for (const std::string& b : graph::name_shape(graph::name_key(second), true).tokens) {
      require(graph::is_typo(a, b, true) == graph::is_typo(b, a, true), "a typo is one both ways");
      require(graph::is_same_given_name(a, b) == graph::is_same_given_name(b, a), "a given name is the same both ways");
    }
  }
  graph::states_alias(first, second, "Bob");
  graph::states_alias(first, "Alice Miller", second);
  graph::addresses(first, second);
  graph::is_short_form(first, second);
  return 0;
}
