// One upload on its way to disk. Its memory does not grow with the file.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api_error.h"
#include "file_store.h"
#include "multipart.h"
#include "settings.h"

namespace kg_sim {

class Upload {
 public:
  Upload(const std::string& content_type, FileStore& files, const Settings& settings);
  ~Upload();  // removes what was not taken over
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  void feed(std::string_view bytes);
  std::variant<StoredFile, ApiError> finish();

 private:
  std::optional<ApiError> check() const;
  std::optional<ApiError> check_expiry(std::optional<std::int64_t>& lifetime_s) const;

  FileStore& files_;
  const Settings& settings_;
  std::unique_ptr<MultipartReader> reader_;
  std::string temporary_;
  int descriptor_ = -1;
  std::int64_t bytes_ = 0;
  std::optional<std::string> filename_;
  std::optional<std::string> purpose_, anchor_, seconds_;
  std::optional<std::string> unknown_;
  std::string* field_ = nullptr;  // where the bytes of the current part go
  bool in_file_ = false;
};

}  // namespace kg_sim
