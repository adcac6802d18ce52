#include "line_reader.h"

namespace kg_sim {

namespace {
constexpr std::size_t piece = 64 * 1024;
}

std::optional<Line> LineReader::next() {
  std::size_t searched = used_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      Line line{buffer_.substr(used_, end - used_), offset_};
      offset_ += end + 1 - used_;
      used_ = end + 1;
      return line;
    }
    buffer_.erase(0, used_);
    used_ = 0;
    searched = buffer_.size();
    buffer_.resize(searched + piece);
    const std::size_t got = file_.read(read_offset_, buffer_.data() + searched, piece);
    buffer_.resize(searched + got);
    read_offset_ += got;
    if (got == 0) {
      if (buffer_.empty()) return std::nullopt;
      Line line{std::move(buffer_), offset_};
      buffer_.clear();
      offset_ += line.text.size();
      return line;
    }
  }
}

void LineReader::seek(std::uint64_t offset) {
  buffer_.clear();
  used_ = 0;
  offset_ = read_offset_ = offset;
}

}  // namespace kg_sim
