#include "upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

#include "line_reader.h"

namespace kg_sim {

namespace {

constexpr std::size_t longest_field = 1024;
constexpr std::int64_t thirty_days = 2592000;

ApiError invalid(std::string message, std::optional<std::string> param = std::nullopt,
                 std::optional<std::string> code = std::nullopt) {
  return ApiError{400, std::move(message), std::move(param), std::move(code)};
}

bool ends_in_jsonl(const std::string& name) {
  constexpr std::string_view ending = ".jsonl";
  return name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

}  // namespace

Upload::Upload(const std::string& content_type, FileStore& files, const Settings& settings)
    : files_(files), settings_(settings) {
  const auto boundary = MultipartReader::boundary_of(content_type);
  if (!boundary) return;
  reader_ = std::make_unique<MultipartReader>(
      *boundary,
      MultipartReader::Events{[this](const PartHeader& part) {
                                field_ = nullptr;
                                in_file_ = false;
                                if (part.name == "file") {
                                  in_file_ = true;
                                  filename_ = part.filename;
                                  if (descriptor_ >= 0) return;
                                  temporary_ = files_.new_temporary();
                                  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                                  if (descriptor_ < 0) throw std::runtime_error("could not open \"" + temporary_ + "\"");
                                } else if (part.name == "purpose") {
                                  field_ = &purpose_.emplace();
                                } else if (part.name == "expires_after[anchor]") {
                                  field_ = &anchor_.emplace();
                                } else if (part.name == "expires_after[seconds]") {
                                  field_ = &seconds_.emplace();
                                } else {
                                  unknown_ = part.name;
                                }
                              },
                              [this](std::string_view bytes) {
                                if (field_) {
                                  field_->append(bytes.substr(0, longest_field - std::min(longest_field, field_->size())));
                                  return;
                                }
                                if (!in_file_) return;
                                bytes_ += static_cast<std::int64_t>(bytes.size());
                                // What is too large anyway is counted, not kept.
                                if (bytes_ > settings_.max_file_bytes) return;
                                while (!bytes.empty()) {
                                  const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
                                  if (written < 0) throw std::runtime_error("could not write \"" + temporary_ + "\"");
                                  bytes.remove_prefix(static_cast<std::size_t>(written));
                                }
                              }});
}

Upload::~Upload() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

void Upload::feed(std::string_view bytes) {
  if (reader_) reader_->feed(bytes);
}

std::variant<StoredFile, ApiError> Upload::finish() {
  if (auto error = check()) return *error;
  StoredFile file;
  file.filename = *filename_;
  file.purpose = *purpose_;
  file.bytes = bytes_;
  std::optional<std::int64_t> lifetime_s;
  if (auto error = check_expiry(lifetime_s)) return *error;
  ::close(descriptor_);
  descriptor_ = -1;
  StoredFile stored = files_.add(temporary_, file, lifetime_s);
  temporary_.clear();
  return stored;
}

std::optional<ApiError> Upload::check() const {
  if (!reader_) return invalid("Invalid Content-Type header: expected multipart/form-data with a boundary.");
  if (!reader_->finished()) return invalid("Could not parse multipart form: it has no closing boundary.");
  if (descriptor_ < 0) return invalid("Missing required parameter: 'file'.", "file", "missing_required_parameter");
  if (!filename_ || filename_->empty())
    return invalid("Invalid 'file': expected a file with a name.", "file", "invalid_value");
  if (!purpose_) return invalid("Missing required parameter: 'purpose'.", "purpose", "missing_required_parameter");
  constexpr std::array purposes = {"assistants", "batch", "fine-tune", "vision", "user_data", "evals"};
  if (std::find(purposes.begin(), purposes.end(), *purpose_) == purposes.end())
    return invalid("Invalid value: '" + *purpose_ + "'. Supported values are: 'assistants', 'batch', 'fine-tune', "
                   "'vision', 'user_data', and 'evals'.",
                   "purpose", "invalid_value");
  if (unknown_) return invalid("Unknown parameter: '" + *unknown_ + "'.", *unknown_, "unknown_parameter");
  const bool batch = *purpose_ == "batch";
  if (bytes_ > (batch ? settings_.max_batch_file_bytes : settings_.max_file_bytes))
    return invalid("File is too large.", "file");
  if (!batch || !settings_.check_uploads) return std::nullopt;
  const ApiError not_jsonl = invalid("Invalid file format for Batch API. Must be .jsonl");
  if (!ends_in_jsonl(*filename_) || bytes_ == 0) return not_jsonl;
  LineReader lines(temporary_);
  const auto first = lines.next();
  if (!first || !parse_json(first->text)) return not_jsonl;
  return std::nullopt;
}

std::optional<ApiError> Upload::check_expiry(std::optional<std::int64_t>& lifetime_s) const {
  if (!anchor_ && !seconds_) {
    if (*purpose_ == "batch") lifetime_s = thirty_days;
    return std::nullopt;
  }
  if (!anchor_)
    return invalid("Missing required parameter: 'expires_after.anchor'.", "expires_after.anchor",
                   "missing_required_parameter");
  if (!seconds_)
    return invalid("Missing required parameter: 'expires_after.seconds'.", "expires_after.seconds",
                   "missing_required_parameter");
  if (*anchor_ != "created_at")
    return invalid("Invalid value: '" + *anchor_ + "'. Supported values are: 'created_at'.", "expires_after.anchor",
                   "invalid_value");
  const bool digits = !seconds_->empty() && seconds_->size() < 12 &&
                      std::all_of(seconds_->begin(), seconds_->end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits)
    return invalid("Invalid type for 'expires_after.seconds': expected an integer, but got a string instead.",
                   "expires_after.seconds", "invalid_type");
  const std::int64_t seconds = std::stoll(*seconds_);
  if (seconds < 3600)
    return invalid("Invalid 'expires_after.seconds': integer below minimum value. Expected a value >= 3600, but got " +
                       *seconds_ + " instead.",
                   "expires_after.seconds", "integer_below_min_value");
  if (seconds > thirty_days)
    return invalid(
        "Invalid 'expires_after.seconds': integer above maximum value. Expected a value <= 2592000, but got " +
            *seconds_ + " instead.",
        "expires_after.seconds", "integer_above_max_value");
  lifetime_s = seconds;
  return std::nullopt;
}

}  // namespace kg_sim
