// JSON and text from the network made safe for the database: valid UTF-8, no
// U+0000, no lone surrogate, bounded depth and size.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace kg_batch::openai {

struct SafeJson {
  nlohmann::ordered_json value;
  int replaced = 0;
};

// nullopt when it cannot be parsed even after the repair of invalid UTF-8 and
// escapes of lone surrogates, or is nested deeper than `max_depth`.
std::optional<SafeJson> parse_untrusted(std::string_view text, int max_depth = 64);

// Invalid UTF-8, surrogates and U+0000 become U+FFFD. Counts into `replaced`.
std::string sanitize_utf8(std::string_view text, int* replaced = nullptr);

// For error messages: sanitised, control characters out, at most `max_chars`.
std::string short_text(std::string_view text, std::size_t max_chars);

}  // namespace kg_batch::openai
