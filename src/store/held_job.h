// A job of which nothing is open and that is running still: `advance_jobs` could not
// end it, because somebody held its row.
#pragma once

namespace kg_batch::store {

bool some_job_is_held();

}  // namespace kg_batch::store
