#include "graph/content_key.h"

#include <algorithm>
#include <cstdint>

namespace kg_batch::graph {

ContentKey& ContentKey::add(std::string_view part) {
  char length[8];
  for (int i = 0; i < 8; ++i) {
    length[i] = static_cast<char>(std::uint64_t{part.size()} >> (56 - 8 * i));
  }
  hash_.update({length, sizeof length});
  hash_.update(part);
  return *this;
}

ContentKey& ContentKey::add(const Key& part) { return add(bytes_of(part)); }

Key ContentKey::key() {
  const Sha256Digest digest = hash_.finish();
  Key key;
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

std::string_view bytes_of(const Key& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

}  // namespace kg_batch::graph
