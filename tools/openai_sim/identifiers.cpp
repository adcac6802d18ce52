#include "identifiers.h"

#include <random>
#include <string_view>

namespace kg_sim {

namespace {

std::mt19937_64& generator() {
  static std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seeds{device(), device(), device(), device()};
    return std::mt19937_64(seeds);
  }();
  return engine;
}

std::string random_characters(std::size_t count, std::string_view alphabet) {
  std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
  std::string text(count, '\0');
  for (char& c : text) c = alphabet[pick(generator())];
  return text;
}

constexpr std::string_view base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view hex = "0123456789abcdef";

std::string hex_time(std::int64_t seconds) {
  std::string text(8, '0');
  auto rest = static_cast<std::uint32_t>(seconds);
  for (std::size_t i = 8; i-- > 0; rest >>= 4) text[i] = hex[rest & 15];
  return text;
}

}  // namespace

std::string new_file_id() { return "file-" + random_characters(22, base62); }
std::string new_batch_id(std::int64_t created_at) {
  return "batch_" + hex_time(created_at) + random_characters(24, hex);
}
std::string new_batch_request_id(std::int64_t at) {
  return "batch_req_" + hex_time(at) + random_characters(24, hex);
}
std::string new_chat_id() { return "chatcmpl-" + random_characters(29, base62); }
std::string new_request_id() { return random_characters(32, hex); }

}  // namespace kg_sim
