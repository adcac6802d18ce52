// Keys out of parts. Every part goes in with its length before it, so that
// ("ab", "c") and ("a", "bc") are two keys; the first part says what the key
// is of.

#pragma once

#include <string_view>

#include "graph/mentions.h"
#include "graph/sha256.h"

namespace kg_batch::graph {

class ContentKey {
 public:
  explicit ContentKey(std::string_view what) { add(what); }

  ContentKey& add(std::string_view part);
  ContentKey& add(const Key& part);

  Key key();

 private:
  Sha256 hash_;
};

// A key as a part of text, e.g. of a scope.
std::string_view bytes_of(const Key& key);

}  // namespace kg_batch::graph
