// Files on disk: FILES/<id> has the bytes, FILES/<id>.json what is known of
// them. A file exists from the rename of its .json on, so that a kill leaves
// whole files only. Expired files are gone, by the virtual clock.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json.h"
#include "virtual_clock.h"

namespace kg_sim {

struct StoredFile {
  std::string file_id, filename, purpose;
  std::int64_t bytes = 0;
  std::int64_t created_at = 0;
  std::optional<std::int64_t> expires_at;
  std::int64_t order = 0;  // of creation, for files of one second
};

class FileStore {
 public:
  FileStore(std::string folder, const VirtualClock& clock);

  // A name of its own in the same file system, for bytes that are still coming.
  std::string new_temporary();
  // Takes the file at `temporary` over; `lifetime_s` counts from now.
  StoredFile add(const std::string& temporary, StoredFile file, std::optional<std::int64_t> lifetime_s);
  // The pointer is good until the next change.
  const StoredFile* find(const std::string& file_id);
  bool remove(const std::string& file_id);
  std::string path_of(const std::string& file_id) const;
  // Newest first.
  std::vector<const StoredFile*> all();
  void clear();

 private:
  void drop(const std::string& file_id);

  std::string folder_;
  const VirtualClock& clock_;
  std::map<std::string, StoredFile> files_;
  std::int64_t last_order_ = 0;
  std::int64_t temporaries_ = 0;
};

Json to_json(const StoredFile& file);

}  // namespace kg_sim
