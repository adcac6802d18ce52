#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace kg_sim {

// SHA-256 over the pieces one after the other, as 64 hex digits.
std::string sha256_hex(std::initializer_list<std::string_view> pieces);

// A quick hash that is the same on every machine and in every run.
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0);

}  // namespace kg_sim
