// Arrays in rows that travel as columns. A column of arrays of different lengths is no
// array of PostgreSQL, so each travels as the text of an array, which the statement casts.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kg_batch::backend {

inline std::string array_literal(const std::vector<std::string>& values) {
  std::string literal = "{";
  for (const auto& value : values) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

template <typename Number>
std::string array_literal(const std::vector<Number>& values) {
  std::string literal = "{";
  for (const Number value : values) {
    if (literal.size() > 1) literal += ',';
    literal += std::to_string(value);
  }
  return literal + "}";
}

}  // namespace kg_batch::backend
