// Requests and responses as values, without any networking: what a handler
// reads and what it wants done. The server decides nothing by itself.

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kg_sim {

struct Request {
  std::string method;
  std::string target;                          // as it stood in the request line
  std::string path;                            // without the query, percent-decoded
  std::map<std::string, std::string> query;    // percent-decoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::optional<std::uint64_t> content_length;
  std::string body;                            // empty for uploads, which go to disk

  std::string header(const std::string& lower_name) const {
    auto found = headers.find(lower_name);
    return found == headers.end() ? std::string() : found->second;
  }
};

// An open file that stays readable when its name is deleted.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  bool good() const { return descriptor_ >= 0; }
  std::uint64_t size() const;
  // At most `size` bytes from `offset`; 0 at the end.
  std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;

 private:
  int descriptor_;
};

// What happens on the wire instead of an ordinary answer.
enum class Wire {
  answer,         // status line, headers, body
  drop,           // the connection ends in order, without a byte
  reset,          // the connection ends with a reset, without a byte
  hang,           // nothing comes until the client gives up
  reset_in_body,  // headers and the first half of the body, then a reset
  cut_body,       // headers that promise the whole body, half of it, then the end
  drip,           // the body a few bytes at a time
  stall,          // headers and half of the body, then nothing until the client gives up
  chunked_without_end,  // the whole body in chunks, and the end without the last, empty one
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type = "application/json";
  std::string body;
  std::shared_ptr<OpenFile> file;               // sent instead of `body`
  std::chrono::milliseconds delay{0};           // waited before the first byte
  bool is_held = false;                         // after that, as long as the setting hold_after wants
  bool close = false;                           // the connection ends after it
  Wire wire = Wire::answer;
  std::int64_t drip_bytes = 1;
  std::chrono::milliseconds drip_pause{1000};
  std::optional<std::uint64_t> length;          // only so much of it is sent, and promised
  std::int64_t promised_more = 0;               // content-length says so many more, or fewer, than there are
  std::int64_t date_shift_s = 0;                // how wrong the date header is
  std::int64_t file_created_at = 0;             // of `file`
};

// Splits "/v1/files?limit=2" into path and query, percent-decoded.
void split_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);

}  // namespace kg_sim
