// The installed extension as the backend sees it: its object, its owner, the
// version of its schema.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kg_batch::backend {

inline constexpr const char* library_version = "0.1.0";

struct InstalledExtension {
  unsigned int oid = 0;
  unsigned int owner = 0;
  char version[64] = {};
};

// Nothing when the database has none. Needs a transaction.
std::optional<InstalledExtension> installed_extension();

// The same under an AccessShare lock on the extension object that is held to the
// end of the transaction: DROP EXTENSION waits for it, and what is found after
// the lock was granted is what stays.
std::optional<InstalledExtension> lock_extension();

// What follows runs as the extension's owner with search_path pinned, until
// `leave`; an error ends it too. Nothing that a caller wrote is evaluated inside.
class AsOwner {
 public:
  // An Error when the extension is missing or of another version. What `any_version`
  // does, it does the same in all: a library that is newer than the schema, or older,
  // is not to fail a statement that is not about kg_batch.
  explicit AsOwner(bool any_version = false);
  void leave();

 private:
  unsigned int user_ = 0;
  int security_context_ = 0;
  int guc_level_ = 0;
};

}  // namespace kg_batch::backend
