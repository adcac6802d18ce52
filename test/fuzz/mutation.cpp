#include "mutation.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace kg_batch::fuzz {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::string_view_literals;

// What readers of text stumble over.
constexpr auto tokens = std::to_array<std::string_view>(
    {"\0"sv, "\xEF\xBB\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC0\x80", "\xE2\x82", "\xFF", "\xE2\x80\xA8", "\xC2\x85", "\r\n", "\n", "\r",
     "\t", " ", "  ", "\\u0000", "\\ud83d\\ude00", "\\ud800", "\\udfff\\ud800", "\\", "\"", "'", "{", "}", "[", "]", ":", ",", "[[[[[[[[",
     "null", "true", "false", "0", "-1", "1", "2", "3", "1e309", "-0.0", "1e-400", "0.5", "2147483647", "2147483648", "-2147483648", "4294967296",
     "9223372036854775807", "9223372036854775808", "18446744073709551616", "NaN", "```", "http://", "2024-02-30", "0000-00-00", "2023-05",
     "2023-05-08T15:50", "[2024-05-03 18:20] ", "6:20 PM", "Anna: ", "\xEF\xBC\x9A", "Dr.", "...", "\xE2\x80\xA6", "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9",
     "\xCC\x81", "\xC4\xB0", "\xC3\x9F", "\xEF\xAC\x81", "\xE2\x80\x8F", "\xE2\x80\xAE", "\xC2\xAD", "\xE2\x80\x8B", "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA",
     "\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x80\x82", "\xD8\xA7\xD9\x84", "<html>", "$$", "sk-proj-abcdefghijklmnopqrstuvwx", "4111 1111 1111 1111"});

// Every value of a document, so that any of them can be changed.
void collect(Json& value, std::vector<Json*>& values) {
  values.push_back(&value);
  if (value.is_structured()) {
    for (Json& inner : value) {
      collect(inner, values);
    }
  }
}

std::size_t line_start(const std::string& input, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string::npos : input.rfind('\n', at - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

std::size_t line_end(const std::string& input, std::size_t at) { return std::min(input.find('\n', at), input.size()); }

}  // namespace

std::string Mutation::of(std::string input, const std::vector<std::string>& others) {
  for (std::size_t left = 1 + below(below(4) == 0 ? 12 : 3); left > 0; --left) {
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (change_json(input)) {
          break;
        }
        [[fallthrough]];
      case 4:
      case 5:
        change_bytes(input);
        break;
      case 6:
        change_lines(input);
        break;
      default:
        join(input, others[below(others.size())]);
    }
  }
  if (input.size() > most_) {
    input.resize(most_);
  }
  return input;
}

void Mutation::change_bytes(std::string& input) {
  const std::size_t at = below(input.size() + 1);
  const std::size_t length = below(std::min<std::size_t>(input.size() - at, below(4) == 0 ? 400 : 8) + 1);
  switch (below(8)) {
    case 0:
      if (at < input.size()) {
        input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
      }
      break;
    case 1:
      if (at < input.size()) {
        input[at] = static_cast<char>(below(256));
      }
      break;
    case 2:
      input.insert(at, 1 + below(4), static_cast<char>(below(256)));
      break;
    case 3:
      input.erase(at, length);
      break;
    case 4: {
      const std::string part = input.substr(at, length);
      for (std::size_t times = 1 + below(below(8) == 0 ? 200 : 3); times > 0 && input.size() < most_; --times) {
        input.insert(at, part);
      }
      break;
    }
    case 5:
      input.insert(below(input.size() + 1), input.substr(at, length));
      break;
    default: {
      const std::string_view token = tokens[below(tokens.size())];
      input.replace(at, below(2) == 0 ? 0 : std::min(token.size(), input.size() - at), token);
    }
  }
}

void Mutation::change_lines(std::string& input) {
  const std::size_t start = line_start(input, below(input.size() + 1));
  const std::size_t end = std::min(line_end(input, start) + 1, input.size());
  const std::string line = input.substr(start, end - start);
  switch (below(3)) {
    case 0:
      input.erase(start, end - start);
      break;
    case 1:
      for (std::size_t times = 1 + below(below(8) == 0 ? 60 : 2); times > 0 && input.size() < most_; --times) {
        input.insert(start, line);
      }
      break;
    default:
      input.erase(start, end - start);
      input.insert(line_start(input, below(input.size() + 1)), line);
  }
}

bool Mutation::change_json(std::string& input) {
  const std::size_t start = line_start(input, below(input.size() + 1));
  const std::size_t end = line_end(input, start);
  Json document = Json::parse(input.begin() + static_cast<std::ptrdiff_t>(start), input.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
  if (document.is_discarded()) {
    return false;
  }
  for (std::size_t left = 1 + below(3); left > 0; --left) {
    std::vector<Json*> values;
    collect(document, values);
    Json& value = *values[below(values.size())];
    const Json other = *values[below(values.size())];
    switch (below(12)) {
      case 0: value = nullptr; break;
      case 1: value = below(2) == 0; break;
      case 2: value = static_cast<std::int64_t>(below(8)) - 2; break;
      case 3: {
        constexpr auto numbers = std::to_array<double>({0.5, -0.001, 1.0, 1.001, 97, 1e18, -1e300, 2147483648.0});
        value = numbers[below(numbers.size())];
        break;
      }
      case 4: value = std::string(tokens[below(tokens.size())]); break;
      case 5:
        if (value.is_string()) {
          std::string text = value.get<std::string>();
          change_bytes(text);
          value = text;
        } else {
          value = Json::object();
        }
        break;
      case 6: {
        std::string text = value.is_string() && below(2) == 0 ? value.get<std::string>() : std::string(tokens[below(tokens.size())]);
        std::string longer;
        for (std::size_t wanted = below(below(3) == 0 ? 3000 : 220); longer.size() < wanted;) {
          longer += text + (text.empty() ? "x" : "");
        }
        value = longer;
        break;
      }
      case 7:
        if (value.is_array() && !value.empty()) {  // more than may be
          const Json item = value[below(value.size())];
          for (std::size_t times = 1 + below(below(4) == 0 ? 130 : 4); times > 0; --times) {
            value.push_back(item);
            if (value.back().is_object() && value.back().contains("id") && below(8) != 0) {
              value.back()["id"] = value.size() + below(3);
            }
          }
        } else {
          value = Json::array({value});
        }
        break;
      case 8:
        if (value.is_structured() && !value.empty()) {
          value.erase(std::next(value.begin(), static_cast<std::ptrdiff_t>(below(value.size()))));
        }
        break;
      case 9:
        if (value.is_object()) {
          value[std::string(tokens[below(tokens.size())])] = other;
        } else if (value.is_array()) {
          value.push_back(other);
        }
        break;
      default: value = other;
    }
  }
  const std::string changed = document.dump(-1, ' ', below(4) == 0, Json::error_handler_t::ignore);
  if (changed.size() > 2 * most_) {
    return true;
  }
  input.replace(start, end - start, changed);
  return true;
}

void Mutation::join(std::string& input, const std::string& other) {
  const std::size_t at = below(input.size() + 1);
  const std::size_t from = below(other.size() + 1);
  if (below(2) == 0) {
    input = input.substr(0, at) + other.substr(from);
  } else {
    input.insert(at, other.substr(from, below(200)));
  }
}

}  // namespace kg_batch::fuzz
