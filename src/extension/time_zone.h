// Times without a zone are read in one that the caller names, while this holds:
// the setting timezone is that, and what it was again afterwards. After an error
// the backend puts it back itself, at the end of the (sub)transaction.

#pragma once

#include <optional>
#include <string>

namespace kg_batch::extension {

class TimeZone {
 public:
  // The session's own when none is named; PostgreSQL's error for one that it does not know.
  explicit TimeZone(const std::optional<std::string>& name);
  void leave() const;

 private:
  int guc_level_ = 0;
};

}  // namespace kg_batch::extension
