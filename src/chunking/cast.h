// Names in a conversation, found without a model: words with a capital that do
// not stand where a capital says nothing.
//
// A name enters where it is first seen in the middle of a sentence, in runs of
// up to three words; seen at a beginning before, it is known from its first
// place in the middle on. Not names: function words, days, months, greetings,
// languages, words in capitals alone, and in German sentences what stands behind
// an article. The first thirty stay. Scripts without capitals have no cast.
// Deterministic, and a list is all there is to carry on.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kg_batch::chunking {

inline constexpr std::size_t max_cast = 30;

class Cast {
 public:
  explicit Cast(std::vector<std::string> names) : names_(std::move(names)) {}

  // A name that speaks is a participant and leaves the cast, as do the parts
  // of it: "Anna Berg" takes "Anna" and "Berg" along.
  void add_speaker(std::string_view name);
  void add_sentence(std::string_view words);
  const std::vector<std::string>& names() const { return names_; }

 private:
  void add(std::string name);

  std::vector<std::string> names_;
  std::unordered_set<std::string> speakers_;
};

}  // namespace kg_batch::chunking
