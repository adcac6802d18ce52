#include "embeddings.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>

#include "models.h"
#include "sha256.h"
#include "tokens.h"

namespace kg_sim {

namespace {

constexpr std::size_t most_inputs = 2048;
constexpr std::int64_t most_tokens_an_input = 8192;
constexpr std::int64_t most_tokens = 300000;

ApiError invalid(std::string message, std::string param, std::string code) {
  return ApiError{400, std::move(message), std::move(param), std::move(code)};
}

// 0 for a model that makes none.
std::size_t native_dimensions(const std::string& model) {
  if (model.rfind("text-embedding-3-large", 0) == 0) return 3072;
  return model.rfind("text-embedding-", 0) == 0 ? 1536 : 0;
}

bool takes_dimensions(const std::string& model) { return model.rfind("text-embedding-3", 0) == 0; }

// Tokens that come as numbers are the words of a text that nobody has read.
std::optional<std::string> text_of(const Json& input) {
  if (input.is_string()) return input.get<std::string>();
  if (!input.is_array()) return std::nullopt;
  std::string text;
  for (const Json& token : input) {
    if (!token.is_number_integer()) return std::nullopt;
    text += (text.empty() ? "t" : " t") + to_text(token);
  }
  return text;
}

bool is_list_of_inputs(const Json& input) { return input.is_array() && !input.empty() && !input[0].is_number(); }

std::map<std::string, int> words_of(const std::string& text) {
  std::map<std::string, int> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) ++words[word];
    word.clear();
  };
  for (const char c : folded(text)) {
    const bool belongs = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    belongs ? (void)(word += c) : end();
  }
  end();
  if (words.empty()) ++words[text];
  return words;
}

// A kind of the gold file, and the category where it belongs: kg_batch asks about
// "kind of entity: saluki dog" and "category of entity, animal, dog (hound): …".
std::string category_of(const std::string& text, const OracleGold& world) {
  constexpr std::string_view kind_of = "kind of ", category = "category of ";
  if (text.starts_with(kind_of)) {
    const std::size_t colon = text.find(": ");
    if (colon == std::string::npos) return "";
    std::string type = text.substr(kind_of.size(), colon - kind_of.size());
    if (!type.empty()) type[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(type[0])));
    const Json* where = world.kind(type, text.substr(colon + 2));
    const std::string path = !where ? "" : where->is_string() ? where->get<std::string>() : text_member(*where, "path");
    std::string name = std::string(category);
    for (std::size_t at = 0; at < path.size(); ++at) path.compare(at, 3, " > ") == 0 ? (void)(name += ", ", at += 2) : (void)(name += path[at]);
    return path.empty() ? "" : name;
  }
  return text.starts_with(category) ? text.substr(0, std::min(text.find(" ("), text.find(": "))) : "";
}

// What the gold file calls the same, also with a kind in parentheses after it.
std::string one_text_of(const std::string& text, const OracleGold& world) {
  if (std::string category = category_of(text, world); !category.empty()) return category;
  const std::size_t kind = text.rfind(" (");
  if (kind == std::string::npos || kind == 0 || text.back() != ')') return world.one_name_of(text);
  return world.one_name_of(text.substr(0, kind)) + text.substr(kind);
}

// 64 bits that look like chance, of each number.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

std::string base64_of(const std::vector<float>& vector) {
  static_assert(std::endian::native == std::endian::little);
  std::string text(4 * ((vector.size() * sizeof(float) + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(vector.data()),
                                   static_cast<int>(vector.size() * sizeof(float)));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// The shortest decimal that is this float, so that text and base64 are one number.
double shortest(float value) {
  char text[32];
  const auto written = std::to_chars(text, text + sizeof text, value);
  double number = 0;
  std::from_chars(text, written.ptr, number);
  return number;
}

}  // namespace

std::int64_t count_inputs(const Json& body) {
  const Json* input = member(body, "input");
  return !input ? 0 : is_list_of_inputs(*input) ? static_cast<std::int64_t>(input->size()) : 1;
}

std::optional<ApiError> Embeddings::read(const Json& body, EmbeddingQuestion& question) const {
  if (!body.is_object())
    return ApiError{400, "We could not parse the JSON body of your request. The OpenAI API expects a JSON object.", std::nullopt, std::nullopt};
  for (const auto& [name, value] : body.items())
    if (name != "input" && name != "model" && name != "encoding_format" && name != "dimensions" && name != "user")
      return invalid("Unrecognized request argument supplied: " + name, name, "unknown_parameter");
  question.model = text_member(body, "model");
  if (question.model.empty()) return ApiError{400, "you must provide a model parameter", std::nullopt, std::nullopt};
  if (!is_known_model(question.model, settings_))
    return ApiError{404, "The model `" + question.model + "` does not exist or you do not have access to it.", std::nullopt, "model_not_found"};
  const std::size_t native = native_dimensions(question.model);
  if (native == 0) return ApiError{403, "You are not allowed to generate embeddings from this model", std::nullopt, std::nullopt};

  const Json* format = member(body, "encoding_format");
  const std::string format_name = format ? (format->is_string() ? format->get<std::string>() : to_text(*format)) : "float";
  if (format_name != "float" && format_name != "base64")
    return invalid("Invalid value: '" + format_name + "'. Supported values are: 'float' and 'base64'.", "encoding_format", "invalid_value");
  question.base64 = format_name == "base64";
  question.dimensions = native;
  if (const Json* dimensions = member(body, "dimensions")) {
    if (!takes_dimensions(question.model))
      return invalid("This model does not support specifying dimensions.", "dimensions", "unsupported_parameter");
    if (!dimensions->is_number_integer())
      return invalid("Invalid type for 'dimensions': expected an integer, but got " + described_type(*dimensions) + " instead.", "dimensions", "invalid_type");
    const auto wanted = dimensions->get<std::int64_t>();
    if (wanted < 1 || wanted > static_cast<std::int64_t>(native))
      return invalid("Invalid value for 'dimensions' = " + std::to_string(wanted) + ". Must be between 1 and " + std::to_string(native) + ".",
                     "dimensions", wanted < 1 ? "integer_below_min_value" : "integer_above_max_value");
    question.dimensions = static_cast<std::size_t>(wanted);
  }

  const Json* input = member(body, "input");
  if (!input) return invalid("Missing required parameter: 'input'.", "input", "missing_required_parameter");
  const Json list = is_list_of_inputs(*input) ? *input : Json::array({*input});
  if (list.size() > most_inputs)
    return invalid("Invalid 'input': array too long. Expected an array with maximum length " + std::to_string(most_inputs) +
                       ", but got an array with length " + std::to_string(list.size()) + " instead.",
                   "input", "array_above_max_length");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = "input" + (list.size() > 1 ? "[" + std::to_string(i) + "]" : std::string());
    const auto text = text_of(list[i]);
    if (!text)
      return invalid("Invalid type for '" + place + "': expected a string or an array of integers, but got " + described_type(list[i]) + " instead.",
                     "input", "invalid_type");
    if (text->empty()) return invalid("Invalid '" + place + "': input cannot be an empty string.", "input", "invalid_value");
    const std::int64_t tokens = list[i].is_array() ? static_cast<std::int64_t>(list[i].size()) : count_tokens(*text);
    if (tokens > most_tokens_an_input)
      return invalid("This model's maximum context length is " + std::to_string(most_tokens_an_input) + " tokens, however you requested " +
                         std::to_string(tokens) + " tokens (" + std::to_string(tokens) + " in your prompt; 0 for the completion). Please reduce your prompt; or completion length.",
                     "input", "context_length_exceeded");
    question.tokens += tokens;
    question.inputs.push_back(*text);
  }
  if (question.tokens > most_tokens)
    return invalid("Invalid 'input': maximum request size is " + std::to_string(most_tokens) + " tokens per request.", "input", "max_tokens_per_request");
  question.hash = sha256_hex({to_text(body)});
  return std::nullopt;
}

Embeddings::Reply Embeddings::reply(const EmbeddingQuestion& question, const std::string& batch_id) {
  Reply reply;
  reply.use.input = question.tokens;
  reply.body = Json{{"object", "list"}, {"data", Json::array()}, {"model", returned_model(question.model)}};
  for (std::size_t i = 0; i < question.inputs.size(); ++i) {
    const std::vector<float> vector = vector_of(question.inputs[i], question.dimensions);
    Json embedding = Json::array();
    if (question.base64)
      embedding = base64_of(vector);
    else
      for (const float x : vector) embedding.push_back(shortest(x));
    reply.body["data"].push_back(Json{{"object", "embedding"}, {"index", i}, {"embedding", std::move(embedding)}});
  }
  reply.body["usage"] = Json{{"prompt_tokens", question.tokens}, {"total_tokens", question.tokens}};
  bill_.add({question.hash, "embeddings", returned_model(question.model), batch_id, reply.use});
  return reply;
}

std::vector<float> Embeddings::vector_of(const std::string& text, std::size_t dimensions) const {
  std::vector<double> sum(dimensions, 0);
  for (const auto& [word, times] : words_of(one_text_of(text, world_))) {
    const std::uint64_t seed = stable_hash(word);
    for (std::size_t i = 0; i < dimensions; ++i) sum[i] += (mixed(seed + i / 64) >> (i % 64) & 1) != 0 ? times : -times;
  }
  double square = 0;
  for (const double x : sum) square += x * x;
  // Words may cancel each other out in the few dimensions that were asked for.
  if (square == 0) square = sum[0] = 1;
  std::vector<float> vector;
  for (const double x : sum) vector.push_back(static_cast<float>(x / std::sqrt(square)));
  return vector;
}

}  // namespace kg_sim
