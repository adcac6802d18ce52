#include "openai/embeddings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "openai/bodies.h"
#include "openai/json_text.h"

namespace kg_batch::openai {
namespace {

constexpr std::size_t kMaxName = 100;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64_of(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= left ? kAlphabet[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

// Nothing for what is no base64: other letters, a broken length, padding inside.
std::optional<std::string> bytes_of(std::string_view text) {
  if (text.size() % 4 == 0)
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  static const auto values = [] {
    std::array<int, 256> table;
    table.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int>(i);
    return table;
  }();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 0xFF);
  }
  return bytes;
}

// Little-endian float32, whatever this machine has.
std::string base64_of(const std::vector<float>& vector) {
  std::string bytes;
  bytes.reserve(vector.size() * 4);
  for (const float x : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFF);
  }
  return base64_of(bytes);
}

std::optional<std::vector<float>> floats_of(std::string_view base64) {
  const auto bytes = bytes_of(base64);
  if (!bytes || bytes->size() % 4 != 0) return std::nullopt;
  std::vector<float> vector;
  vector.reserve(bytes->size() / 4);
  for (std::size_t at = 0; at < bytes->size(); at += 4) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) bits |= std::uint32_t{static_cast<unsigned char>((*bytes)[at + i])} << (8 * i);
    vector.push_back(std::bit_cast<float>(bits));
  }
  return vector;
}

// What is wrong with a vector; "" nothing. A double can be finite and no float.
std::string trouble_with(const std::vector<float>& vector) {
  if (vector.empty()) return "without numbers";
  if (vector.size() > most_dimensions) return "of " + std::to_string(vector.size()) + " dimensions";
  if (!std::all_of(vector.begin(), vector.end(), [](float x) { return std::isfinite(x); })) return "with a number that is not finite";
  if (std::all_of(vector.begin(), vector.end(), [](float x) { return x == 0; })) return "of zeros";
  return "";
}

// The vector, or why there is none.
std::variant<std::vector<float>, std::string> vector_of(const Json& embedding) {
  std::vector<float> vector;
  if (embedding.is_string()) {
    auto read = floats_of(embedding.get_ref<const std::string&>());
    if (!read) return std::string("that is no base64 of 32-bit numbers");
    vector = std::move(*read);
  } else if (embedding.is_array()) {
    vector.reserve(embedding.size());
    for (const Json& number : embedding) {
      if (!number.is_number()) return std::string("with something that is no number");
      vector.push_back(static_cast<float>(number.get<double>()));
    }
  } else {
    return std::string("that is neither a list nor base64");
  }
  if (std::string trouble = trouble_with(vector); !trouble.empty()) return trouble;
  return vector;
}

}  // namespace

std::string embeddings_body(std::string_view model, const std::vector<std::string>& texts, EncodingFormat format,
                            std::optional<std::size_t> dimensions) {
  Json body = Json::object();
  body["model"] = sanitize_utf8(model);
  body["input"] = Json::array();
  for (const std::string& text : texts) body["input"].push_back(sanitize_utf8(text));
  body["encoding_format"] = format == EncodingFormat::base64 ? "base64" : "float";
  if (dimensions) body["dimensions"] = *dimensions;
  return body.dump();
}

Result<EmbeddingAnswer> embedding_answer(const Json& body, std::string request_id, std::optional<std::size_t> texts) {
  const auto unreadable = [&](std::string message) {
    ApiError error;
    error.advice = Advice::retry;
    error.status = 200;
    error.message = std::move(message);
    error.request_id = request_id;
    return error;
  };
  const Json* data = member(body, "data");
  if (data == nullptr || !data->is_array() || data->empty()) return unreadable("an answer without embeddings");
  if (texts && data->size() != *texts)
    return unreadable(std::to_string(data->size()) + " embeddings for " + std::to_string(*texts) + " texts");
  EmbeddingAnswer answer;
  answer.vectors.resize(data->size());
  for (const Json& each : *data) {
    const Json* index = member(each, "index");
    const auto place = index == nullptr ? std::nullopt : integer(*index);
    if (!place || *place < 0 || *place >= static_cast<std::int64_t>(data->size()))
      return unreadable("an embedding without the index of a text");
    auto& slot = answer.vectors[static_cast<std::size_t>(*place)];
    if (!slot.empty()) return unreadable("two embeddings with index " + std::to_string(*place));
    const Json* embedding = member(each, "embedding");
    if (embedding == nullptr) return unreadable("no embedding at index " + std::to_string(*place));
    auto vector = vector_of(*embedding);
    if (const auto* trouble = std::get_if<std::string>(&vector))
      return unreadable("an embedding " + *trouble + " at index " + std::to_string(*place));
    slot = std::move(std::get<std::vector<float>>(vector));
  }
  for (const auto& vector : answer.vectors)
    if (vector.size() != answer.vectors.front().size()) return unreadable("embeddings of different dimensions");
  answer.model = short_text(text_member(body, "model"), kMaxName);
  answer.usage = usage_of(body);
  answer.request_id = std::move(request_id);
  return answer;
}

std::string pack_vectors(const std::vector<std::vector<float>>& vectors) {
  Json packed = Json::array();
  for (const auto& vector : vectors) packed.push_back(base64_of(vector));
  return Json{{"vectors", std::move(packed)}}.dump();
}

std::optional<std::vector<std::vector<float>>> unpack_vectors(std::string_view text) {
  const auto parsed = parse_untrusted(text);
  const Json* packed = parsed ? member(parsed->value, "vectors") : nullptr;
  if (packed == nullptr || !packed->is_array() || packed->empty()) return std::nullopt;
  std::vector<std::vector<float>> vectors;
  for (const Json& each : *packed) {
    auto vector = each.is_string() ? vector_of(each) : std::variant<std::vector<float>, std::string>(std::string());
    if (std::holds_alternative<std::string>(vector)) return std::nullopt;
    vectors.push_back(std::move(std::get<std::vector<float>>(vector)));
    if (vectors.back().size() != vectors.front().size()) return std::nullopt;
  }
  return vectors;
}

}  // namespace kg_batch::openai
