// Result files of a batch: a stream of bytes, cut into lines, each read.

#include "openai/batch_file.h"

#include <algorithm>

#include "openai/json_text.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {
      R"({"id":"batch_req_1","custom_id":"kg-1-1","response":{"status_code":200,"request_id":"req_1","body":{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"message":{"role":"assistant","content":"{\"facts\":[]}","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":1200,"completion_tokens":30,"total_tokens":1230,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":10}}}},"error":null})"
      "\n"
      R"({"id":"batch_req_2","custom_id":"kg-1-2","response":{"status_code":429,"request_id":"req_2","body":{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}},"error":null})"
      "\n",
      R"({"id":"batch_req_3","custom_id":"kg-1-3","response":null,"error":{"code":"batch_expired","message":"This request could not be executed before the completion window expired."}})"
      "\r\n\r\n"
      R"({"custom_id":"kg-1-4","response":{"status_code":200,"body":"{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I cannot help\"},\"finish_reason\":\"stop\"}]}"}})",
      "\xEF\xBB\xBF"
      R"({"custom_id":"kg-1-5","response":{"choices":[{"message":{"content":"{\"fac"},"finish_reason":"length"}],"usage":{"prompt_tokens":"12","completion_tokens":1e3}}})"
      "\n"
      R"({"custom_id":"kg-1-6","response":{"status_code":502,"body":"<html>Bad gateway</html>"}})"
      "\n"
      R"({"custom_id":"kg-1-7","response":{"status_code":200,"body":{"choices":[{"message":{"content":[{"type":"text","text":"{}"}]},"finish_reason":"content_filter"}]}}})",
      R"({"custom_id":"kg-1-8","response":{"status_code":200,"body":{"error":{"message":"insufficient quota","code":"insufficient_quota"}}}})"
      "\n{\"custom_id\":\"kg-1-9\",\"response\":{\"status_co"};
}

}  // namespace kg_batch::fuzz

namespace {

using namespace kg_batch;
using fuzz::require;

// Lines as they come when the stream comes in pieces of `piece` bytes.
std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece, std::size_t most) {
  std::vector<std::string> lines;
  openai::LineSplitter splitter(most);
  const auto take = [&](std::optional<std::string_view> line) {
    require(!line || line->size() <= most, "a line keeps to its limit");
    require(!line || line->find('\n') == std::string_view::npos, "a line holds no newline");
    lines.push_back(line ? std::string(*line) : "(too long)");
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    splitter.feed(bytes.substr(at, piece), take);
    require(splitter.buffered() <= most, "no more is held than a line");
  }
  splitter.finish(take);
  return lines;
}

void require_line(const openai::BatchLine& line) {
  fuzz::require_storable(line.custom_id);
  fuzz::require_storable(line.body);
  require(line.body.empty() || nlohmann::json::accept(line.body), "a body is JSON");
  require(line.replaced >= 0, "replacements are counted");
  if (const auto* answer = std::get_if<openai::ChatAnswer>(&line.result)) {
    require(!line.unreadable, "an answer was readable");
    fuzz::require_storable(answer->content);
    fuzz::require_storable(answer->model);
    fuzz::require_storable(answer->request_id);
    require(answer->finish != openai::Finish::stop || !answer->content.empty(), "what ended well has content");
    if (answer->usage) {
      const openai::Usage& usage = *answer->usage;
      require(std::min({usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens, usage.output_tokens, usage.reasoning_tokens}) >= 0,
              "no tokens are negative");
    }
  } else {
    const auto& error = std::get<openai::ApiError>(line.result);
    require(!error.message.empty(), "an error says what it is");
    fuzz::require_storable(error.message, 500);
    for (const std::string* text : {&error.code, &error.type, &error.param, &error.request_id}) {
      fuzz::require_storable(*text);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const std::size_t most = size % 16 == 15 ? 40 : 1u << 20;
  const std::vector<std::string> lines = lines_of(bytes, bytes.size() + 1, most);
  require(lines == lines_of(bytes, 1 + size % 13, most), "lines do not depend on the pieces in which they came");
  for (const std::string& text : lines) {
    const openai::BatchLine line = openai::read_batch_line(text);
    require_line(line);
    // An id and a body from outside, written again.
    const std::string written = openai::batch_line(line.custom_id, "/v1/chat/completions", line.body.empty() ? "{}" : line.body);
    require(std::count(written.begin(), written.end(), '\n') == 1 && written.back() == '\n', "a written line is one line");
    fuzz::require_storable(written);
    const auto parsed = openai::parse_untrusted(written, 66);
    require(parsed && parsed->replaced == 0 && parsed->value["custom_id"] == line.custom_id, "a written line can be read again");
  }
  return 0;
}
