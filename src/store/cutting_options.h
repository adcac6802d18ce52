// How a job's conversations are cut: one place for the workers that cut and for
// the estimate that says before what they will ask.

#pragma once

#include "chunking/cuts.h"
#include "store/job.h"

namespace kg_batch::store {

// Without the Batch API chunks are of one size; by batch neighbouring short
// segments share a request, because each pays for the prompt again.
chunking::CutOptions cutting_options(const JobOptions& options);

}  // namespace kg_batch::store
