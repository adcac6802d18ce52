// Reads multipart/form-data as it arrives, in pieces of any size, and holds no
// more of it than one boundary: parts may come in any order and be of any length.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kg_sim {

struct PartHeader {
  std::string name;
  std::optional<std::string> filename;
};

class MultipartReader {
 public:
  struct Events {
    std::function<void(const PartHeader&)> on_part;
    std::function<void(std::string_view)> on_data;
  };

  // The boundary in a Content-Type header; nullopt when it is no multipart/form-data.
  static std::optional<std::string> boundary_of(std::string_view content_type);

  MultipartReader(const std::string& boundary, Events events);
  void feed(std::string_view bytes);
  bool finished() const { return state_ == State::finished; }  // the closing boundary was read
  bool broken() const { return state_ == State::broken; }

 private:
  enum class State { preamble, after_boundary, headers, data, finished, broken };
  bool advance();

  std::string delimiter_;
  Events events_;
  std::string buffer_;
  State state_ = State::preamble;
  bool in_part_ = false;
};

}  // namespace kg_sim
