// SHA-256 (FIPS 180-4) of byte strings: what content keys are cut from.
//
// Small and dependency-free on purpose: keys are made everywhere, a
// cryptography library would be a dependency of the extension for this alone.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kg_batch::graph {

using Sha256Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  void update(std::string_view bytes);
  // The digest of everything so far; the object is spent.
  Sha256Digest finish();

 private:
  void compress(const std::uint8_t* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;  // bytes
};

Sha256Digest sha256(std::string_view bytes);

// Of texts that mostly begin alike, as the requests of a job do: the same digests, but
// what two in a row have in common is not hashed again.
class Sha256OfAlike {
 public:
  Sha256Digest of(std::string_view bytes);

 private:
  std::string last_;
  std::size_t shared_ = 0;  // so many bytes of `last_` are in `start_`
  Sha256 start_;
};

// The first so many bytes, in lower case.
std::string hex(const Sha256Digest& digest, std::size_t bytes = sizeof(Sha256Digest));

}  // namespace kg_batch::graph
