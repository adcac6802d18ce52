// The lines of a file one by one, ended by "\n" alone, in constant memory
// besides the longest line.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http_message.h"

namespace kg_sim {

struct Line {
  std::string text;           // without "\n"
  std::uint64_t offset = 0;   // of its first byte
};

class LineReader {
 public:
  explicit LineReader(const std::string& path) : file_(path) {}
  bool good() const { return file_.good(); }
  std::optional<Line> next();
  // Goes on reading at the line that begins there.
  void seek(std::uint64_t offset);

 private:
  OpenFile file_;
  std::string buffer_;
  std::size_t used_ = 0;            // of the buffer
  std::uint64_t offset_ = 0;        // of buffer_[used_]
  std::uint64_t read_offset_ = 0;   // of the end of the buffer
};

}  // namespace kg_sim
