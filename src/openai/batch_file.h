// Lines of a batch: written for the upload, read from the result files.
//
// A written line is one JSON object, valid UTF-8, ended by one "\n", without raw
// control characters. Result files are read as a stream of bytes in pieces of
// any size: lines end at "\n" alone (never at U+2028), CRLF, a BOM, blank lines
// and a missing last newline are no errors, and a line that cannot be read is
// itself a result, so that one bad line never costs another.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "openai/client.h"

namespace kg_batch::openai {

// {"custom_id":…,"method":"POST","url":…,"body":…}\n — `body` is JSON text.
std::string batch_line(std::string_view custom_id, std::string_view url, std::string_view body);

struct BatchLine {
  std::string custom_id;                        // empty when it could not be read
  std::variant<ChatAnswer, EmbeddingAnswer, ApiError> result;  // of the one request
  std::string body;                             // the response's body as JSON text, sanitised; what is stored
  bool unreadable = false;                      // no JSON object: cut off, perhaps
  int replaced = 0;                             // U+0000, lone surrogates, invalid UTF-8 that became U+FFFD
};

// Every line of a batch answers the same sort of request: that of its endpoint.
enum class LineSort { chat, embeddings };
BatchLine read_batch_line(std::string_view line, LineSort sort = LineSort::chat);

// Cuts a stream of bytes into lines.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line = 32u << 20) : max_line_(max_line) {}
  // Calls `on_line` for each line that is now whole. Over-long lines are
  // skipped and reported with nullopt.
  void feed(std::string_view bytes, const std::function<void(std::optional<std::string_view>)>& on_line);
  void finish(const std::function<void(std::optional<std::string_view>)>& on_line);  // what has no newline
  std::size_t buffered() const { return rest_.size(); }

 private:
  std::string rest_;
  bool first_ = true;
  bool skipping_ = false;
  std::size_t max_line_;
};

}  // namespace kg_batch::openai
