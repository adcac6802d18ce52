#include "multipart.h"

#include <algorithm>
#include <cctype>

namespace kg_sim {

namespace {

constexpr std::size_t longest_part_header = 16 * 1024;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// The value of `; name="value"` or `; name=value`; browsers escape a quote as %22 or \".
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  const std::string wanted = lower(name);
  std::size_t at = header.find(';');
  while (at != std::string_view::npos) {
    ++at;
    while (at < header.size() && (header[at] == ' ' || header[at] == '\t')) ++at;
    const std::size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return std::nullopt;
    const bool found = lower(header.substr(at, equals - at)) == wanted;
    std::string value;
    at = equals + 1;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size()) ++at;
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const std::size_t end = std::min(header.find(';', at), header.size());
      value = header.substr(at, end - at);
      while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.pop_back();
      at = end == header.size() ? std::string_view::npos : end;
    }
    if (found) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> MultipartReader::boundary_of(std::string_view content_type) {
  if (lower(content_type.substr(0, content_type.find(';'))).find("multipart/form-data") != 0) return std::nullopt;
  auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 200) return std::nullopt;
  return boundary;
}

MultipartReader::MultipartReader(const std::string& boundary, Events events)
    : delimiter_("\r\n--" + boundary), events_(std::move(events)), buffer_("\r\n") {}

void MultipartReader::feed(std::string_view bytes) {
  if (state_ == State::finished || state_ == State::broken) return;
  buffer_.append(bytes);
  while (advance()) {
  }
}

bool MultipartReader::advance() {
  switch (state_) {
    case State::preamble: {
      const std::size_t at = buffer_.find(delimiter_);
      if (at == std::string::npos) {
        if (buffer_.size() > delimiter_.size()) buffer_.erase(0, buffer_.size() - delimiter_.size());
        return false;
      }
      buffer_.erase(0, at + delimiter_.size());
      state_ = State::after_boundary;
      return true;
    }
    case State::after_boundary: {
      if (buffer_.size() < 2) return false;
      if (buffer_.compare(0, 2, "--") == 0) {
        state_ = State::finished;
        buffer_.clear();
        return false;
      }
      if (buffer_.compare(0, 2, "\r\n") == 0) {
        buffer_.erase(0, 2);
        state_ = State::headers;
        return true;
      }
      // Only the beginning of a boundary: it belongs to the part.
      state_ = in_part_ ? State::data : State::broken;
      if (in_part_) events_.on_data(delimiter_);
      return in_part_;
    }
    case State::headers: {
      const std::size_t end = buffer_.find("\r\n\r\n");
      if (end == std::string::npos) {
        if (buffer_.size() > longest_part_header) state_ = State::broken;
        return false;
      }
      PartHeader part;
      std::size_t from = 0;
      while (from < end) {
        const std::size_t line_end = std::min(buffer_.find("\r\n", from), end);
        const std::string_view line = std::string_view(buffer_).substr(from, line_end - from);
        if (lower(line.substr(0, line.find(':'))) == "content-disposition") {
          part.name = parameter(line, "name").value_or("");
          part.filename = parameter(line, "filename");
        }
        from = line_end + 2;
      }
      buffer_.erase(0, end + 4);
      events_.on_part(part);
      in_part_ = true;
      state_ = State::data;
      return true;
    }
    case State::data: {
      const std::size_t at = buffer_.find(delimiter_);
      if (at != std::string::npos) {
        if (at > 0) events_.on_data(std::string_view(buffer_).substr(0, at));
        buffer_.erase(0, at + delimiter_.size());
        state_ = State::after_boundary;
        return true;
      }
      if (buffer_.size() >= delimiter_.size()) {
        const std::size_t sure = buffer_.size() - (delimiter_.size() - 1);
        events_.on_data(std::string_view(buffer_).substr(0, sure));
        buffer_.erase(0, sure);
      }
      return false;
    }
    case State::finished:
    case State::broken:
      return false;
  }
  return false;
}

}  // namespace kg_sim
