// While one of these lives, statements see the database as the caller's own
// statement does, however many follow each other, and may not write: for reading
// in pages what others go on changing.

#pragma once

namespace kg_batch::backend {

class OneSnapshot {
 public:
  OneSnapshot();
  ~OneSnapshot();
  OneSnapshot(const OneSnapshot&) = delete;
  OneSnapshot& operator=(const OneSnapshot&) = delete;
};

}  // namespace kg_batch::backend
