// A job of which nothing is open and that is running still, or of whose state nobody was
// told: `advance_jobs` could not see to it, because somebody held its row.
#pragma once

namespace kg_batch::store {

bool some_job_is_held();

}  // namespace kg_batch::store
