// Texts out of an answer, made fit to be kept.

#pragma once

#include <string>
#include <string_view>

namespace kg_batch::stages {

// At most `max_characters` code points of valid UTF-8.
std::string_view cut_text(std::string_view text, int max_characters);

// Trimmed, runs of white space and control characters as one space, then cut.
std::string tidy_text(std::string_view text, int max_characters);

// Tidy, ASCII letters in lower case: for what is English by rule.
std::string tidy_word(std::string_view text, int max_characters);

// YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDTHH:MM of a day that exists.
bool is_date(std::string_view text);

}  // namespace kg_batch::stages
