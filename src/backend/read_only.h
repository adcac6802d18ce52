// Where nothing can be written: on a standby, in a read-only transaction.

#pragma once

namespace kg_batch::backend {

// An Error there, which says so in words of its own: PostgreSQL's speak of a
// statement that nobody typed.
void refuse_if_read_only();

}  // namespace kg_batch::backend
