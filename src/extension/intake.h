// What the functions that take conversations in have in common: where messages
// go, and what the caller is told.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "extension/call.h"
#include "store/estimate.h"
#include "store/ingest.h"
#include "store/job.h"

namespace kg_batch::extension {

// An argument that must be given.
std::string required_text(const Call& call, int argument, const char* name);
// From 0 to 999, lower first; 2 when it is null.
int priority_argument(const Call& call, int argument);

// The job as the owner sees it: the one named, which must be there, or the
// graph's inbox, which is made. A dry run makes none: `job_id` may be 0 then.
store::Job target_job(unsigned int caller, std::int64_t graph_id, const std::optional<std::string>& job, bool dry_run);

struct Taken {
  store::Job job;
  store::IngestReport report;
  std::optional<store::Estimate> estimate;  // of what is new
  std::int64_t rejected = 0;
  std::string not_read;  // columns of a query that say nothing to us
  bool final = false;
  bool dry_run = false;
};

// Which way it goes, how long, what it may cost.
void tell_taken(const Taken& taken);

// What keeps work from being done, each with what to do; collected as the owner.
struct Attention {
  std::string what, hint;
};
std::vector<Attention> what_needs_attention(const store::Job& job);
void tell(const std::vector<Attention>& attention);
// announce_work's word that no worker can be started.
void warn_of_slots(const std::string& warning);

}  // namespace kg_batch::extension
