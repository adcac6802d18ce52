// The calls of the OpenAI HTTP API that kg_batch makes, as requests to send and
// responses to read. No I/O happens here: `Http` sends, so every reader is
// tested against recorded bytes.
//
// Readers are tolerant where servers differ (statuses in upper case, null, ""
// or absent file ids, missing counts) and never throw on what a server sent:
// bad bytes are an `ApiError`.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "openai/http.h"

namespace kg_batch::openai {

struct Endpoint {
  std::string base_url;                 // https://api.openai.com/v1, without a final slash
  std::string api_key;                  // never in any text that this code makes
  std::string organization, project;    // headers when not empty
};

// What to do about an answer that is none.
enum class Advice {
  retry,          // later, after `retry_after_ms` or a backoff: 408, 429, 5xx, broken transfers
  unclear,        // it may have been done: list before asking again (only for `once` requests)
  bad_request,    // never as it is: 400, 413, 422
  not_found,      // 404
  conflict,       // 409: look again
  money,          // insufficient_quota and the like: a person has to act
  credentials,    // 401, 403: a person has to act
};

struct ApiError {
  Advice advice = Advice::retry;
  long status = 0;                        // 0 without an HTTP answer
  std::string code, type, param;          // as the server gave them
  std::string message;                    // at most 500 characters, no control characters, no key
  std::optional<std::int64_t> retry_after_ms;  // from retry-after-ms, retry-after (seconds or date); 0…600,000
  std::string request_id;                 // x-request-id
};

template <typename T>
using Result = std::variant<T, ApiError>;

struct Usage {
  std::int64_t input_tokens = 0, cached_tokens = 0, cache_write_tokens = 0;
  std::int64_t output_tokens = 0, reasoning_tokens = 0;
};

enum class Finish { stop, length, refusal, content_filter, empty };

// One answer to one chat completion, direct or out of a batch line.
struct ChatAnswer {
  Finish finish = Finish::stop;
  std::string content;                // as text; for a refusal the refusal
  std::string model;                  // as returned: decides the price
  std::optional<Usage> usage;
  std::string request_id;
};

// One answer to one request for embeddings: a vector for each text, in their order.
struct EmbeddingAnswer {
  std::vector<std::vector<float>> vectors;
  std::string model;                  // as returned: decides the price
  std::optional<Usage> usage;
  std::string request_id;
};

struct FileObject {
  std::string file_id, filename, status;
  std::int64_t bytes = 0, created_at = 0;
};

enum class BatchStatus { validating, in_progress, finalizing, completed, failed, expired, cancelling, cancelled, unknown };
bool is_terminal(BatchStatus status);
std::string_view to_string(BatchStatus status);

struct BatchLineError {
  std::string code, message, param;
  std::optional<std::int64_t> line;   // from 1
};

struct BatchObject {
  std::string batch_id, input_file_id;
  BatchStatus status = BatchStatus::unknown;
  std::string status_text;            // as the server gave it
  std::optional<std::string> output_file_id, error_file_id;   // never ""
  std::int64_t total = 0, completed = 0, failed = 0;          // request_counts, zero when absent
  std::int64_t created_at = 0;
  std::optional<std::int64_t> expires_at;
  std::vector<BatchLineError> errors;
  std::vector<std::pair<std::string, std::string>> metadata;
};

template <typename T>
struct Page {
  std::vector<T> data;
  bool has_more = false;
};

// What to do about a batch that failed with this.
Advice advice_about(const BatchLineError& error);

// A success whose body is no answer: it was done, and perhaps billed.
bool is_unreadable_success(const ApiError& error);

// The server's own time, seconds since 1970, by its `date`; ours when it does not tell.
std::int64_t server_time(const HttpResponse& response);

// ---- requests ----
HttpRequest chat_request(const Endpoint&, std::string body, long timeout_ms = 600'000);
HttpRequest upload_request(const Endpoint&, std::string path, std::string filename,
                           std::optional<std::int64_t> expires_after_seconds);
HttpRequest create_batch_request(const Endpoint&, std::string_view input_file_id, std::string_view endpoint,
                                 const std::vector<std::pair<std::string, std::string>>& metadata,
                                 std::optional<std::int64_t> output_expires_after_seconds);
HttpRequest get_batch_request(const Endpoint&, std::string_view batch_id);
HttpRequest cancel_batch_request(const Endpoint&, std::string_view batch_id);
HttpRequest list_batches_request(const Endpoint&, int limit, std::string_view after);   // newest first
HttpRequest list_files_request(const Endpoint&, int limit, std::string_view after);     // purpose batch, newest first
HttpRequest file_content_request(const Endpoint&, std::string_view file_id);
HttpRequest delete_file_request(const Endpoint&, std::string_view file_id);
HttpRequest models_request(const Endpoint&);

// ---- readers ----
// `once` marks requests of which it matters whether they were done.
ApiError read_error(const HttpResponse& response, bool once);
Result<ChatAnswer> read_chat(const HttpResponse& response);
Result<FileObject> read_file(const HttpResponse& response, bool once = false);
Result<BatchObject> read_batch(const HttpResponse& response, bool once = false);
Result<Page<BatchObject>> read_batch_page(const HttpResponse& response);
Result<Page<FileObject>> read_file_page(const HttpResponse& response);
Result<std::vector<std::string>> read_models(const HttpResponse& response);

}  // namespace kg_batch::openai
