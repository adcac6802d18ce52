#include "backend/bridge.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"

#include <climits>

namespace kg_batch::backend {

namespace {

char* api_base_url = nullptr;
char* api_key_file = nullptr;
int batch_chunk_max = 50;
int batch_chunk_size = 20;
int batch_enqueued_tokens = 2'000'000;
int batch_linger = 2'000;
int batch_max_requests = 50'000;
int batch_min_requests = 20;
int batch_poll_interval = 15'000;
int batch_timeout = 24 * 3600;
int boundaries = 1;
double budget = 5;
double budget_per_day = 5;
int chunk_max_tokens = 6'000;
int commit_frequency = 5;
int context_sentences = 8;
char* embedding_model = nullptr;
bool enable_performance_monitoring = true;
bool enable_progress_tracking = true;
bool enabled = true;
int extraction = 0;
char* graph = nullptr;
bool learn_from_assistant = false;
int max_attempts = 3;
int max_conversations_per_pipeline = 10;
int max_output_tokens = 16'000;
int max_workers = -1;
bool merge_by_batch = false;
double merge_confidence = 0.9;
char* merge_model = nullptr;
char* merge_reasoning_effort = nullptr;
char* model = nullptr;
char* models = nullptr;
int num_pipelines = 8;
int real_time_chunk_size = 5;
char* reasoning_effort = nullptr;
bool redact = true;
int requests_in_flight = 16;
int requests_per_minute = 0;
int retention = -1;
int settle = 30 * 60;
int tokens_per_minute = 0;
bool use_batch_api = true;
bool use_known = false;

const config_enum_entry boundary_choices[] = {
    {"none", 0, false}, {"rules", 1, false}, {"model", 2, false}, {nullptr, 0, false}};
const config_enum_entry extraction_choices[] = {{"combined", 0, false}, {"staged", 1, false}, {nullptr, 0, false}};

void define_bool(const char* name, const char* brief, const char* more, bool* value, bool start, GucContext context) {
  DefineCustomBoolVariable(name, brief, more, value, start, context, 0, nullptr, nullptr, nullptr);
}
void define_int(const char* name, const char* brief, const char* more, int* value, int start, int least, int most,
                GucContext context, int flags = 0) {
  DefineCustomIntVariable(name, brief, more, value, start, least, most, context, flags, nullptr, nullptr, nullptr);
}
void define_real(const char* name, const char* brief, const char* more, double* value, double start, double least,
                 double most, GucContext context) {
  DefineCustomRealVariable(name, brief, more, value, start, least, most, context, 0, nullptr, nullptr, nullptr);
}
void define_text(const char* name, const char* brief, const char* more, char** value, const char* start, GucContext context,
                 int flags = 0) {
  DefineCustomStringVariable(name, brief, more, value, start, context, flags, nullptr, nullptr, nullptr);
}
void define_enum(const char* name, const char* brief, const char* more, int* value, int start,
                 const config_enum_entry* choices, GucContext context) {
  DefineCustomEnumVariable(name, brief, more, value, start, choices, context, 0, nullptr, nullptr, nullptr);
}

std::string text_of(const char* value) { return value == nullptr ? "" : value; }

}  // namespace

// In alphabetical order; the documents list them in the same one.
void register_settings() {
  backend_call([] {
    define_text("kg_batch.api_base_url", "Where the OpenAI API is.", "Without a final slash. Requests go nowhere else.",
                &api_base_url, "https://api.openai.com/v1", PGC_SIGHUP);
    define_text("kg_batch.api_key_file", "File with the API key, mode 0600.",
                "Read by batch manager and pipelines, again on reload. Without it the server's environment variable "
                "OPENAI_API_KEY counts.",
                &api_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY);
    define_int("kg_batch.batch_chunk_max", "Most sentences of a chunk that is asked by batch.", nullptr, &batch_chunk_max, 50, 1,
               200, PGC_USERSET);
    define_int("kg_batch.batch_chunk_size", "Fewest sentences of a chunk that is asked by batch.",
               "Where neighbouring short segments of one conversation can share a request.", &batch_chunk_size, 20, 1, 200,
               PGC_USERSET);
    define_int("kg_batch.batch_enqueued_tokens", "Most input tokens in batches that are out, a model.",
               "The account's limit; 0 is none.", &batch_enqueued_tokens, 2'000'000, 0, INT_MAX, PGC_SIGHUP);
    define_int("kg_batch.batch_linger", "How long ready requests wait for others before a batch is made.", nullptr, &batch_linger,
               2'000, 0, 3'600'000, PGC_SIGHUP, GUC_UNIT_MS);
    define_int("kg_batch.batch_max_requests", "Most requests of a batch.", "OpenAI takes 50,000.", &batch_max_requests, 50'000, 1,
               50'000, PGC_SIGHUP);
    define_int("kg_batch.batch_min_requests", "Fewer ready requests than this go directly.", nullptr, &batch_min_requests, 20, 1,
               50'000, PGC_USERSET);
    define_int("kg_batch.batch_poll_interval", "How often a batch is asked for its state at first.",
               "Grows by a twelfth each time, to twenty times as much for batches that take long.", &batch_poll_interval, 15'000, 10, 3'600'000, PGC_SIGHUP,
               GUC_UNIT_MS);
    define_int("kg_batch.batch_timeout", "Past this a batch is cancelled and the rest goes directly.", nullptr, &batch_timeout,
               24 * 3600, 60, 7 * 24 * 3600, PGC_USERSET, GUC_UNIT_S);
    define_enum("kg_batch.boundaries", "How conversations are divided into segments.",
                "rules: explicit sessions, silence, size and shifts of topic, at no cost; "
                "model: shifts of topic as a model says; none: size alone.", &boundaries, 1, boundary_choices,
                PGC_USERSET);
    define_real("kg_batch.budget", "US dollars that a job may spend.",
                "For jobs a caller's value, at most the server's; -1 is none where the server's is none.", &budget, 5, -1, 1e9,
                PGC_USERSET);
    define_real("kg_batch.budget_per_day", "US dollars that a database may spend in a day (UTC).", "-1 is none.", &budget_per_day,
                5, -1, 1e9, PGC_SIGHUP);
    define_int("kg_batch.chunk_max_tokens", "Most tokens of a chunk's text.", nullptr, &chunk_max_tokens, 6'000, 200, 100'000,
               PGC_USERSET);
    define_int("kg_batch.commit_frequency", "Chunks that share one transaction when they are ready together.", nullptr,
               &commit_frequency, 5, 1, 1'000, PGC_SIGHUP);
    define_int("kg_batch.context_sentences", "Sentences before a chunk that are shown as context.", nullptr, &context_sentences, 8,
               0, 50, PGC_USERSET);
    define_text("kg_batch.embedding_model", "Model whose embeddings find things that are called otherwise; empty for none.",
                "Only where the extension vector (pgvector) is installed in the database; elsewhere nothing is asked.", &embedding_model, "",
                PGC_USERSET);
    define_bool("kg_batch.enable_performance_monitoring", "Whether latency histograms are kept.", nullptr,
                &enable_performance_monitoring, true, PGC_SIGHUP);
    define_bool("kg_batch.enable_progress_tracking", "Whether progress is sampled for rate and ETA.", nullptr,
                &enable_progress_tracking, true, PGC_SIGHUP);
    define_bool("kg_batch.enabled", "Whether workers run in this database.", "off for a physical copy that must not spend.",
                &enabled, true, PGC_SUSET);
    define_enum("kg_batch.extraction", "The plan of stages.", "combined: one request a chunk. staged: three, one after the other.", &extraction, 0,
                extraction_choices, PGC_USERSET);
    define_text("kg_batch.graph", "The graph that functions use when none is given.", nullptr, &graph, "default", PGC_USERSET);
    define_bool("kg_batch.learn_from_assistant", "Whether what the assistant says may be the only source of a fact.", nullptr,
                &learn_from_assistant, false, PGC_USERSET);
    define_int("kg_batch.max_attempts", "How often a request is asked until its chunk fails.", nullptr, &max_attempts, 3, 1, 20,
               PGC_USERSET);
    define_int("kg_batch.max_conversations_per_pipeline", "Conversations and chunks that a pipeline has in hand at most.", nullptr,
               &max_conversations_per_pipeline, 10, 1, 1'000, PGC_USERSET);
    define_int("kg_batch.max_output_tokens", "Most tokens of an answer, reasoning included.", nullptr, &max_output_tokens, 16'000, 200,
               128'000, PGC_USERSET);
    define_int("kg_batch.max_workers", "Background workers of all databases together.",
               "-1: max_worker_processes less 4, at least 3. The launcher is not counted.", &max_workers, -1, -1, most_workers,
               PGC_SIGHUP);
    define_bool("kg_batch.merge_by_batch", "Whether questions about the graph go by batch.",
                "off: directly, since whatever is done with a graph waits for them.", &merge_by_batch, false, PGC_USERSET);
    define_real("kg_batch.merge_confidence", "From which confidence on a model's \"same\" counts.", nullptr, &merge_confidence, 0.9, 0, 1,
                PGC_USERSET);
    define_text("kg_batch.merge_model", "Model that is asked about the graph; empty for kg_batch.model.", nullptr, &merge_model, "",
                PGC_USERSET);
    define_text("kg_batch.merge_reasoning_effort", "Reasoning effort of questions about the graph; empty sends none.", nullptr,
                &merge_reasoning_effort, "low", PGC_USERSET);
    define_text("kg_batch.model", "Model that reads chunks.", nullptr, &model, "gpt-6-luna", PGC_USERSET);
    define_text("kg_batch.models", "Models that jobs may name, separated by commas; empty for all that have a price.", nullptr,
                &models, "", PGC_SIGHUP);
    define_int("kg_batch.num_pipelines", "Most pipelines of a database.", nullptr, &num_pipelines, 8, 1, most_workers, PGC_SIGHUP);
    define_int("kg_batch.real_time_chunk_size", "Sentences of a chunk with use_batch_api off.", nullptr, &real_time_chunk_size, 5, 1,
               200, PGC_USERSET);
    define_text("kg_batch.reasoning_effort", "Reasoning effort of reading chunks; empty sends none.", nullptr, &reasoning_effort,
                "none", PGC_USERSET);
    define_bool("kg_batch.redact", "Whether keys, card numbers and passwords are masked before anything leaves.", nullptr, &redact,
                true, PGC_SIGHUP);
    define_int("kg_batch.requests_in_flight", "Direct requests that a pipeline has out at most.", nullptr, &requests_in_flight, 16, 1,
               4'096, PGC_SIGHUP);
    define_int("kg_batch.requests_per_minute", "Direct requests a minute of all pipelines of the server; 0 is no limit.", nullptr,
               &requests_per_minute, 0, 0, INT_MAX, PGC_SIGHUP);
    define_int("kg_batch.retention", "How long the text of answers is kept after it is in the graph; -1 for ever.", nullptr, &retention,
               -1, -1, INT_MAX, PGC_SIGHUP, GUC_UNIT_S);
    define_int("kg_batch.settle", "How long after its last message a conversation that is not final is read.", nullptr, &settle,
               30 * 60, 0, INT_MAX, PGC_USERSET, GUC_UNIT_S);
    define_int("kg_batch.tokens_per_minute", "Tokens a minute of direct requests of the server; 0 is no limit.", nullptr,
               &tokens_per_minute, 0, 0, INT_MAX, PGC_SIGHUP);
    define_bool("kg_batch.use_batch_api", "Whether chunks are read through the Batch API, at half price.", nullptr, &use_batch_api,
                true, PGC_USERSET);
    define_bool("kg_batch.use_known", "Whether what the graph says of what a chunk names goes along with its question.",
                "Only what is new comes back then, but what it is depends on when it was asked.", &use_known, false, PGC_USERSET);
    MarkGUCPrefixReserved("kg_batch");
  });
}

const std::vector<JobSetting>& job_settings() {
  using Type = JobSetting::Type;
  static const std::vector<JobSetting> list = {
      {"batch_chunk_max", Type::integer, 1, 200, ""},
      {"batch_chunk_size", Type::integer, 1, 200, ""},
      {"batch_min_requests", Type::integer, 1, 50'000, ""},
      {"batch_timeout", Type::seconds, 60, 7 * 24 * 3600, ""},
      {"boundaries", Type::choice, 0, 0, "none, rules, model"},
      {"budget", Type::money, -1, 1e9, ""},
      {"chunk_max_tokens", Type::integer, 200, 100'000, ""},
      {"context_sentences", Type::integer, 0, 50, ""},
      {"embedding_model", Type::text, 0, 200, ""},
      {"extraction", Type::choice, 0, 0, "combined, staged"},
      {"learn_from_assistant", Type::boolean, 0, 0, ""},
      {"max_attempts", Type::integer, 1, 20, ""},
      {"max_conversations_per_pipeline", Type::integer, 1, 1'000, ""},
      {"max_output_tokens", Type::integer, 200, 128'000, ""},
      {"merge_by_batch", Type::boolean, 0, 0, ""},
      {"merge_confidence", Type::real, 0, 1, ""},
      {"merge_model", Type::text, 0, 200, ""},
      {"merge_reasoning_effort", Type::text, 0, 20, ""},
      {"model", Type::text, 1, 200, ""},
      {"real_time_chunk_size", Type::integer, 1, 200, ""},
      {"reasoning_effort", Type::text, 0, 20, ""},
      {"settle", Type::seconds, 0, INT_MAX, ""},
      {"use_batch_api", Type::boolean, 0, 0, ""},
      {"use_known", Type::boolean, 0, 0, ""},
  };
  return list;
}

std::string job_setting(const JobSetting& setting) {
  const std::string name = setting.name;
  if (name == "batch_chunk_max") return std::to_string(batch_chunk_max);
  if (name == "batch_chunk_size") return std::to_string(batch_chunk_size);
  if (name == "batch_min_requests") return std::to_string(batch_min_requests);
  if (name == "batch_timeout") return std::to_string(batch_timeout);
  if (name == "boundaries") return boundary_choices[boundaries].name;
  if (name == "budget") return std::to_string(budget);
  if (name == "chunk_max_tokens") return std::to_string(chunk_max_tokens);
  if (name == "context_sentences") return std::to_string(context_sentences);
  if (name == "embedding_model") return text_of(embedding_model);
  if (name == "extraction") return extraction_choices[extraction].name;
  if (name == "learn_from_assistant") return learn_from_assistant ? "on" : "off";
  if (name == "max_attempts") return std::to_string(max_attempts);
  if (name == "max_conversations_per_pipeline") return std::to_string(max_conversations_per_pipeline);
  if (name == "max_output_tokens") return std::to_string(max_output_tokens);
  if (name == "merge_by_batch") return merge_by_batch ? "on" : "off";
  if (name == "merge_confidence") return std::to_string(merge_confidence);
  if (name == "merge_model") return text_of(merge_model);
  if (name == "merge_reasoning_effort") return text_of(merge_reasoning_effort);
  if (name == "model") return text_of(model);
  if (name == "real_time_chunk_size") return std::to_string(real_time_chunk_size);
  if (name == "reasoning_effort") return text_of(reasoning_effort);
  if (name == "settle") return std::to_string(settle);
  if (name == "use_batch_api") return use_batch_api ? "on" : "off";
  return use_known ? "on" : "off";
}

namespace settings {

std::string embedding_model() { return text_of(backend::embedding_model); }
std::string graph() { return text_of(backend::graph); }
bool enabled() { return backend::enabled; }
int num_pipelines() { return backend::num_pipelines; }
int max_workers() { return backend::max_workers >= 0 ? backend::max_workers : std::max(3, max_worker_processes - 4); }
int commit_frequency() { return backend::commit_frequency; }
bool enable_progress_tracking() { return backend::enable_progress_tracking; }
bool enable_performance_monitoring() { return backend::enable_performance_monitoring; }
std::string api_base_url() { return text_of(backend::api_base_url); }
std::string api_key_file() { return text_of(backend::api_key_file); }
std::string models() { return text_of(backend::models); }
int requests_in_flight() { return backend::requests_in_flight; }
int requests_per_minute() { return backend::requests_per_minute; }
std::int64_t tokens_per_minute() { return backend::tokens_per_minute; }
int batch_max_requests() { return backend::batch_max_requests; }
std::int64_t batch_enqueued_tokens() { return backend::batch_enqueued_tokens; }
int batch_linger_ms() { return backend::batch_linger; }
int batch_poll_interval_ms() { return backend::batch_poll_interval; }
double budget() {
  // The most a job may ask for is what the server says, not what the session set.
  const char* const reset = backend_call([] { return GetConfigOptionResetString("kg_batch.budget"); });
  return reset == nullptr ? backend::budget : std::stod(reset);
}
double budget_per_day() { return backend::budget_per_day; }
int retention_s() { return backend::retention; }
bool redact() { return backend::redact; }

}  // namespace settings

}  // namespace kg_batch::backend
