// The settings `kg_batch.*`, registered in one place.
//
// Job settings are PGC_USERSET: what the caller has is frozen into a job when it
// is made (store/job.h), workers never read them. Server settings are
// PGC_SIGHUP: only the configuration file or ALTER SYSTEM changes them, so that
// no role can raise a limit, move the endpoint or read another file as key.
// None is PGC_POSTMASTER: those cannot be defined without preload.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kg_batch::backend {

void register_settings();  // from _PG_init

// A job setting as an option of `create_job`: name, valid values, default.
struct JobSetting {
  enum class Type { boolean, integer, real, text, choice, seconds, money };
  const char* name;      // without the prefix
  Type type;
  double least, most;    // of numbers; characters of text
  const char* choices;   // of `choice`: "combined, staged"
};
const std::vector<JobSetting>& job_settings();
// The caller's present value, as text: what SHOW prints; seconds and milliseconds as numbers.
std::string job_setting(const JobSetting& setting);

namespace settings {
std::string embedding_model();
std::string graph();
bool enabled();
int num_pipelines();
int max_workers();  // resolved: never the default's -1
int commit_frequency();
bool enable_progress_tracking();
bool enable_performance_monitoring();
std::string api_base_url();
std::string api_key_file();
std::string models();
int requests_in_flight();
int requests_per_minute();
std::int64_t tokens_per_minute();
int batch_max_requests();
std::int64_t batch_enqueued_tokens();
int batch_linger_ms();
int batch_poll_interval_ms();
double budget();          // the most that a job may ask for; negative: none
double budget_per_day();  // negative: none
bool redact();
int retention_s();  // negative: for ever
}  // namespace settings

}  // namespace kg_batch::backend
