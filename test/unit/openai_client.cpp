// Requests byte for byte, and readers against bytes that servers have sent.

#include "openai/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

namespace kg_batch::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Endpoint kEndpoint{"https://api.openai.com/v1", "sk-key\n", "org-1", ""};

HttpResponse response(long status, std::string body, std::map<std::string, std::string> headers = {}) {
  HttpResponse out;
  out.outcome = Outcome::answered;
  out.status = status;
  out.headers = std::move(headers);
  out.headers.emplace("content-type", "application/json");
  out.body = std::move(body);
  return out;
}

HttpResponse failed(Outcome outcome, std::string error, long status = 0) {
  HttpResponse out;
  out.outcome = outcome;
  out.status = status;
  out.error = std::move(error);
  return out;
}

std::string error_body(const std::string& type, const std::string& code) {
  return R"({"error":{"message":"Something.","type":")" + type + R"(","param":null,"code":)" +
         (code.empty() ? "null" : "\"" + code + "\"") + "}}";
}

Advice advice(long status, const std::string& body = "{}", bool once = false) {
  return read_error(response(status, body), once).advice;
}

// ---- requests ----

TEST(OpenaiRequests, CarryKeyAndOrganizationTrimmed) {
  const HttpRequest request = models_request(kEndpoint);
  EXPECT_EQ(request.url, "https://api.openai.com/v1/models");
  EXPECT_THAT(request.headers,
              ElementsAre("Authorization: Bearer sk-key", "OpenAI-Organization: org-1", "Accept: application/json"));
}

TEST(OpenaiRequests, FinalSlashOfTheBaseIsNoMatter) {
  EXPECT_EQ(models_request({"http://h/v1//", "", "", ""}).url, "http://h/v1/models");
  EXPECT_THAT(models_request({"http://h/v1", "", "", ""}).headers, ElementsAre("Accept: application/json"));
}

TEST(OpenaiRequests, ChatIsAPostOfTheBody) {
  const HttpRequest request = chat_request(kEndpoint, "{\"model\":\"m\"}", 1234);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(request.body, "{\"model\":\"m\"}");
  EXPECT_EQ(request.timeout_ms, 1234);
  EXPECT_FALSE(request.once);
}

TEST(OpenaiRequests, CreateBatchIsGoldenAndSentOnce) {
  const HttpRequest request = create_batch_request(kEndpoint, "file-1", "/v1/chat/completions",
                                                   {{"kg_token", "t"}, {"kg \"home\"", "h\xFF"}}, 86400);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://api.openai.com/v1/batches");
  EXPECT_EQ(request.body,
            "{\"input_file_id\":\"file-1\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\","
            "\"metadata\":{\"kg_token\":\"t\",\"kg \\\"home\\\"\":\"h\xEF\xBF\xBD\"},"
            "\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":86400}}");
  EXPECT_TRUE(request.once);
  EXPECT_EQ(create_batch_request(kEndpoint, "f", "/v1/e", {}, std::nullopt).body,
            R"({"input_file_id":"f","endpoint":"/v1/e","completion_window":"24h"})");
}

TEST(OpenaiRequests, UploadHasTheFieldsOfTheContract) {
  const HttpRequest request = upload_request(kEndpoint, "/spool/1", "kg-1.jsonl", 2592000);
  ASSERT_TRUE(request.file);
  EXPECT_EQ(request.file->path, "/spool/1");
  EXPECT_EQ(request.file->filename, "kg-1.jsonl");
  EXPECT_THAT(request.file->fields,
              ElementsAre(std::pair<std::string, std::string>("purpose", "batch"),
                          std::pair<std::string, std::string>("expires_after[anchor]", "created_at"),
                          std::pair<std::string, std::string>("expires_after[seconds]", "2592000")));
  EXPECT_TRUE(request.once);
  EXPECT_EQ(upload_request(kEndpoint, "p", "f", std::nullopt).file->fields.size(), 1u);
}

TEST(OpenaiRequests, IdsCannotBecomeOtherPaths) {
  EXPECT_EQ(get_batch_request(kEndpoint, "batch_1").url, "https://api.openai.com/v1/batches/batch_1");
  EXPECT_EQ(get_batch_request(kEndpoint, "../files?x=1#y z").url,
            "https://api.openai.com/v1/batches/..%2Ffiles%3Fx%3D1%23y%20z");
  EXPECT_EQ(delete_file_request(kEndpoint, "..").url, "https://api.openai.com/v1/files/%2E%2E");
  EXPECT_EQ(delete_file_request(kEndpoint, "f").method, "DELETE");
  EXPECT_EQ(cancel_batch_request(kEndpoint, "b").url, "https://api.openai.com/v1/batches/b/cancel");
  EXPECT_EQ(cancel_batch_request(kEndpoint, "b").body, "");
}

TEST(OpenaiRequests, ListsPage) {
  EXPECT_EQ(list_batches_request(kEndpoint, 100, "").url, "https://api.openai.com/v1/batches?limit=100");
  EXPECT_EQ(list_batches_request(kEndpoint, 100, "batch_1&").url,
            "https://api.openai.com/v1/batches?limit=100&after=batch_1%26");
  EXPECT_EQ(list_files_request(kEndpoint, 50, "file-1").url,
            "https://api.openai.com/v1/files?purpose=batch&order=desc&limit=50&after=file-1");
}

TEST(OpenaiRequests, ContentMayTakeAsLongAsBytesCome) {
  const HttpRequest request = file_content_request(kEndpoint, "file-1");
  EXPECT_EQ(request.url, "https://api.openai.com/v1/files/file-1/content");
  EXPECT_TRUE(request.plain);
  EXPECT_EQ(request.timeout_ms, 0);
  EXPECT_GT(request.low_speed_seconds, 0);
  EXPECT_GT(request.max_body, std::size_t{2} << 30);
  EXPECT_THAT(request.headers, Not(::testing::Contains("Accept: application/json")));
}

// ---- errors ----

TEST(OpenaiErrors, AreClassifiedByStatusAndCode) {
  EXPECT_EQ(advice(400), Advice::bad_request);
  EXPECT_EQ(advice(401), Advice::credentials);
  EXPECT_EQ(advice(402), Advice::money);
  EXPECT_EQ(advice(403), Advice::credentials);
  EXPECT_EQ(advice(404), Advice::not_found);
  EXPECT_EQ(advice(405), Advice::bad_request);
  EXPECT_EQ(advice(408), Advice::retry);
  EXPECT_EQ(advice(409), Advice::conflict);
  EXPECT_EQ(advice(413), Advice::bad_request);
  EXPECT_EQ(advice(422), Advice::bad_request);
  EXPECT_EQ(advice(429), Advice::retry);
  EXPECT_EQ(advice(307), Advice::bad_request) << "redirects are not followed";
  for (const long status : {500, 502, 503, 504, 520, 524, 529}) EXPECT_EQ(advice(status), Advice::retry) << status;
  for (const char* code : {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
                           "organization_spend_limit_exceeded", "project_spend_limit_exceeded",
                           "organization_usage_limit_exceeded"}) {
    EXPECT_EQ(advice(429, error_body("requests", code)), Advice::money) << code;
    EXPECT_EQ(advice(429, error_body(code, "")), Advice::money) << code;
    EXPECT_EQ(advice(403, error_body("", code)), Advice::money) << code;
  }
  EXPECT_EQ(advice(429, error_body("tokens", "rate_limit_exceeded")), Advice::retry);
}

TEST(OpenaiErrors, MessagesDecideNothing) {
  EXPECT_EQ(advice(429, R"({"error":{"message":"insufficient_quota, invalid_api_key"}})"), Advice::retry);
  EXPECT_EQ(advice(400, R"({"error":{"message":"rate limit, please try again, 503"}})"), Advice::bad_request);
}

TEST(OpenaiErrors, WhatMayHaveBeenDoneIsUnclearWhenItMatters) {
  for (const long status : {200, 201, 408, 409, 425, 499, 500, 502, 503, 504, 529}) {
    EXPECT_EQ(advice(status, "{", true), Advice::unclear) << status;
  }
  EXPECT_EQ(advice(400, "{}", true), Advice::bad_request);
  EXPECT_EQ(advice(401, "{}", true), Advice::credentials);
  EXPECT_EQ(advice(404, "{}", true), Advice::not_found);
  EXPECT_EQ(advice(429, "{}", true), Advice::retry);
  EXPECT_EQ(advice(429, error_body("", "insufficient_quota"), true), Advice::money);
}

TEST(OpenaiErrors, OutcomesOfTheTransport) {
  for (const bool once : {false, true}) {
    const ApiError error = read_error(failed(Outcome::not_sent, "Could not connect"), once);
    EXPECT_EQ(error.advice, Advice::retry);
    EXPECT_EQ(error.status, 0);
    EXPECT_EQ(error.message, "Could not connect");
  }
  EXPECT_EQ(read_error(failed(Outcome::unknown, "reset"), false).advice, Advice::retry);
  EXPECT_EQ(read_error(failed(Outcome::unknown, "reset"), true).advice, Advice::unclear);
  EXPECT_EQ(read_error(failed(Outcome::unknown, "reset", 200), true).advice, Advice::unclear);
  EXPECT_EQ(read_error(failed(Outcome::unknown, "reset", 503), true).advice, Advice::unclear);
  EXPECT_EQ(read_error(failed(Outcome::unknown, "reset", 400), true).advice, Advice::bad_request)
      << "a refusal whose body broke off is a refusal";
  EXPECT_EQ(read_error(failed(Outcome::too_large, "big", 200), false).advice, Advice::bad_request);
  EXPECT_EQ(read_error(failed(Outcome::too_large, "big", 200), true).advice, Advice::unclear);
}

TEST(OpenaiErrors, EnvelopesOfAllKinds) {
  ApiError error = read_error(
      response(400,
               R"({"error":{"message":"Unsupported value: 'temperature'.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}})",
               {{"x-request-id", "req_1"}}),
      false);
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.code, "unsupported_value");
  EXPECT_EQ(error.type, "invalid_request_error");
  EXPECT_EQ(error.param, "temperature");
  EXPECT_EQ(error.message, "Unsupported value: 'temperature'.");
  EXPECT_EQ(error.request_id, "req_1");

  EXPECT_EQ(read_error(response(404, R"({"error":{"code":404,"message":"x"}})"), false).code, "404") << "llama.cpp";
  EXPECT_EQ(read_error(response(404, R"({"error":"no such model"})"), false).message, "no such model") << "Ollama";
  EXPECT_EQ(read_error(response(422, R"({"detail":"bad input"})"), false).message, "bad input") << "Voyage";
  EXPECT_EQ(read_error(response(422, R"({"detail":[{"loc":["body"],"msg":"field required"}]})"), false).message,
            "field required");
  EXPECT_EQ(read_error(response(404, R"({"message":"Not Found"})"), false).message, "Not Found");
}

TEST(OpenaiErrors, BodiesThatAreNoEnvelopeAreNamedAndNotShown) {
  const std::string html = "<html><title>502 Bad Gateway</title></html>";
  EXPECT_EQ(read_error(response(502, html, {{"content-type", "text/html; charset=UTF-8"}}), false).message,
            "HTTP 502 with a text/html body");
  EXPECT_EQ(read_error(response(500, ""), false).message, "HTTP 500 with an empty body");
  EXPECT_EQ(read_error(response(200, "{\"id\":"), false).message, "HTTP 200 with an unreadable application/json body");
  EXPECT_EQ(read_error(response(500, "[]"), false).message, "HTTP 500 with an unexpected application/json body");
  EXPECT_EQ(read_error(response(500, "x", {{"content-type", ""}}), false).message, "HTTP 500 with a body of no type");
  EXPECT_EQ(read_error(response(500, R"({"error":{"code":7,"message":{"a":[]},"type":[]}})"), false).code, "7");
}

TEST(OpenaiErrors, MessagesAreShortPrintableAndWithoutKeys) {
  const auto message = [](const std::string& text) {
    return read_error(response(400, R"({"error":{"message":")" + text + "\"}}"), false).message;
  };
  EXPECT_EQ(message("a\\n\\u0000\\u001b[1m\\ud800b"), "a \xEF\xBF\xBD [1m\xEF\xBF\xBD" "b");
  EXPECT_EQ(message(std::string(5000, 'x')).size(), 499u + 3u);
  EXPECT_EQ(message("Incorrect API key provided: sk-proj-abc_DEF-123. Find"), "Incorrect API key provided: sk-*** Find");
  EXPECT_EQ(message("header Bearer abcdef123456, no"), "header Bearer ***, no");
  EXPECT_EQ(message("a risk-free task-force asks-for it"), "a risk-free task-force asks-for it");
  EXPECT_EQ(read_error(failed(Outcome::unknown, "bad sk-abcdefghijkl"), false).message, "bad sk-***");
}

TEST(OpenaiErrors, DelayIsReadInAllItsForms) {
  const auto delay = [](std::map<std::string, std::string> headers) {
    return read_error(response(429, "{}", std::move(headers)), false).retry_after_ms;
  };
  EXPECT_EQ(delay({}), std::nullopt);
  EXPECT_EQ(delay({{"retry-after", "1"}}), 1000);
  EXPECT_EQ(delay({{"retry-after", "0"}}), 0);
  EXPECT_EQ(delay({{"retry-after", "1.5"}}), 1500);
  EXPECT_EQ(delay({{"retry-after", "2"}, {"retry-after-ms", "200"}}), 200);
  EXPECT_EQ(delay({{"retry-after", "2"}, {"retry-after-ms", "garbage"}}), 2000);
  EXPECT_EQ(delay({{"retry-after", "2"}, {"retry-after-ms", "-5"}}), 2000);
  EXPECT_EQ(delay({{"retry-after", "99999999999"}}), 600'000);
  for (const char* text : {"-1", "soon", "", "nan", "inf", "1e3", "0x10", "5 s", "Monday"}) {
    EXPECT_EQ(delay({{"retry-after", text}}), std::nullopt) << text;
  }
  // By the server's own clock.
  const std::string date = "Wed, 21 Oct 2026 07:28:00 GMT";
  EXPECT_EQ(delay({{"retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"}, {"date", date}}), 30'000);
  EXPECT_EQ(delay({{"retry-after", "Wed, 21 Oct 2026 07:27:30 GMT"}, {"date", date}}), std::nullopt) << "past";
  EXPECT_EQ(delay({{"retry-after", "Fri, 01 Jan 2100 00:00:00 GMT"}}), 600'000);
}

TEST(OpenaiErrors, WhatABatchFailedWithSaysWhoHasToAct) {
  const auto about = [](std::string code) { return advice_about({std::move(code), "Something.", "", std::nullopt}); };
  EXPECT_EQ(about("billing_hard_limit_reached"), Advice::money);
  EXPECT_EQ(about("insufficient_quota"), Advice::money);
  EXPECT_EQ(about("invalid_api_key"), Advice::credentials);
  EXPECT_EQ(about("invalid_json_line"), Advice::bad_request);
  EXPECT_EQ(about("token_limit_exceeded"), Advice::retry);
}

TEST(OpenaiErrors, ASuccessThatCannotBeReadWasPaidPerhapsAndOneThatSaysNoWasNot) {
  const auto unreadable = [](long status, std::string body) {
    return is_unreadable_success(std::get<ApiError>(read_chat(response(status, std::move(body)))));
  };
  EXPECT_TRUE(unreadable(200, R"({"id":"chatcmpl-1","choi)"));
  EXPECT_TRUE(unreadable(200, "{}"));
  EXPECT_TRUE(unreadable(200, "<html></html>"));
  EXPECT_FALSE(unreadable(200, error_body("server_error", "server_error")));
  EXPECT_FALSE(unreadable(502, "<html></html>"));
}

TEST(OpenaiErrors, TheServersTimeIsItsOwn) {
  EXPECT_EQ(server_time(response(200, "{}", {{"date", "Wed, 21 Oct 2026 07:28:00 GMT"}})), 1792567680);
  const auto ours = static_cast<std::int64_t>(std::time(nullptr));
  EXPECT_NEAR(static_cast<double>(server_time(response(200, "{}"))), static_cast<double>(ours), 5);
  EXPECT_NEAR(static_cast<double>(server_time(response(200, "{}", {{"date", "soon"}}))), static_cast<double>(ours), 5);
}

TEST(OpenaiErrors, TheServersWordOnRetryingIsObeyed) {
  const auto with = [](long status, const char* word, bool once = false, std::string body = "{}") {
    return read_error(response(status, std::move(body), {{"x-should-retry", word}}), once).advice;
  };
  EXPECT_EQ(with(400, "true"), Advice::retry);
  EXPECT_EQ(with(409, "true"), Advice::retry);
  EXPECT_EQ(with(500, "false"), Advice::bad_request);
  EXPECT_EQ(with(429, "false"), Advice::money);
  EXPECT_EQ(with(404, "false"), Advice::not_found);
  EXPECT_EQ(with(500, "perhaps"), Advice::retry);
  EXPECT_EQ(with(500, "true", true), Advice::unclear) << "it may have been done all the same";
  EXPECT_EQ(with(400, "true", true), Advice::retry);
  EXPECT_EQ(with(401, "true"), Advice::credentials);
  EXPECT_EQ(with(429, "true", false, error_body("", "insufficient_quota")), Advice::money);
}

// ---- chat ----

std::string chat_body(const std::string& message, const std::string& finish_reason = "\"stop\"") {
  return R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-6-luna-2026-08-01","choices":[{"index":0,"message":)" +
         message + R"(,"logprobs":null,"finish_reason":)" + finish_reason +
         R"(}],"usage":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,)"
         R"("prompt_tokens_details":{"cached_tokens":800,"audio_tokens":0,"cache_write_tokens":100},)"
         R"("completion_tokens_details":{"reasoning_tokens":20}},"service_tier":"default"})";
}

ChatAnswer chat(const std::string& body) {
  auto result = read_chat(response(200, body, {{"x-request-id", "req_1"}}));
  if (const auto* error = std::get_if<ApiError>(&result)) ADD_FAILURE() << error->message;
  return std::holds_alternative<ChatAnswer>(result) ? std::get<ChatAnswer>(result) : ChatAnswer{};
}

TEST(OpenaiChat, AnswerWithUsage) {
  const ChatAnswer answer = chat(chat_body(R"({"role":"assistant","content":"{\"facts\":[]}","refusal":null})"));
  EXPECT_EQ(answer.finish, Finish::stop);
  EXPECT_EQ(answer.content, "{\"facts\":[]}");
  EXPECT_EQ(answer.model, "gpt-6-luna-2026-08-01");
  EXPECT_EQ(answer.request_id, "req_1");
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->input_tokens, 1000);
  EXPECT_EQ(answer.usage->cached_tokens, 800);
  EXPECT_EQ(answer.usage->cache_write_tokens, 100);
  EXPECT_EQ(answer.usage->output_tokens, 50);
  EXPECT_EQ(answer.usage->reasoning_tokens, 20);
}

TEST(OpenaiChat, OutcomesInTheOrderOfTheContract) {
  const std::string refused = R"({"role":"assistant","content":null,"refusal":"I cannot."})";
  EXPECT_EQ(chat(chat_body(refused, "\"length\"")).finish, Finish::refusal);
  EXPECT_EQ(chat(chat_body(refused)).content, "I cannot.");
  EXPECT_EQ(chat(chat_body(R"({"content":"{\"a\":"})", "\"length\"")).finish, Finish::length);
  EXPECT_EQ(chat(chat_body(R"({"content":"{\"a\":"})", "\"length\"")).content, "{\"a\":");
  EXPECT_EQ(chat(chat_body(R"({"content":null})", "\"length\"")).finish, Finish::length);
  EXPECT_EQ(chat(chat_body(R"({"content":"x"})", "\"content_filter\"")).finish, Finish::content_filter);
  EXPECT_EQ(chat(chat_body(R"({"content":null})")).finish, Finish::empty);
  EXPECT_EQ(chat(chat_body(R"({"content":" \n "})")).finish, Finish::empty);
  EXPECT_EQ(chat(chat_body(R"({"role":"assistant"})")).finish, Finish::empty);
  EXPECT_EQ(chat(chat_body(R"({"content":"x","refusal":""})")).finish, Finish::stop);
  EXPECT_EQ(chat(chat_body(R"({"content":"x"})", "null")).finish, Finish::stop);
  EXPECT_EQ(chat(chat_body(R"({"content":"x"})", "\"STOP\"")).finish, Finish::stop);
  EXPECT_EQ(chat(chat_body(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})")).content, "ab");
}

TEST(OpenaiChat, UsageOfAnyShapeIsNoError) {
  const auto usage = [](const std::string& text) {
    return chat(R"({"choices":[{"message":{"content":"x"}}],"usage":)" + text + "}").usage;
  };
  EXPECT_FALSE(usage("null"));
  EXPECT_FALSE(usage("[]"));
  EXPECT_FALSE(usage("{}"));
  EXPECT_FALSE(usage(R"({"prompt_tokens":"many"})"));
  EXPECT_FALSE(usage(R"({"prompt_tokens":-1})"));
  EXPECT_EQ(usage(R"({"input_tokens":5,"output_tokens":7})")->output_tokens, 7);
  EXPECT_EQ(usage(R"({"prompt_tokens":5.0,"completion_tokens":7,"prompt_tokens_details":null})")->input_tokens, 5);
  EXPECT_EQ(usage(R"({"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9}})")->cached_tokens, 5)
      << "a part is no more than the whole";
}

TEST(OpenaiChat, WhatIsNoAnswerIsAnError) {
  for (const char* body : {"", "{", "[]", "null", "{}", R"({"choices":[]})", R"({"choices":null})", R"({"choices":[null]})",
                           R"({"choices":[{}]})", R"({"choices":[{"message":"x"}]})", R"({"choices":{"a":1}})", "<html>"}) {
    const auto result = read_chat(response(200, body));
    ASSERT_TRUE(std::holds_alternative<ApiError>(result)) << body;
    EXPECT_EQ(std::get<ApiError>(result).advice, Advice::retry) << body;
    EXPECT_THAT(std::get<ApiError>(result).message, HasSubstr("HTTP 200"));
  }
}

TEST(OpenaiChat, ErrorInASuccessIsAnError) {
  const auto result = read_chat(response(200, R"({"error":{"code":402,"message":"credits"},"choices":[]})"));
  ASSERT_TRUE(std::holds_alternative<ApiError>(result));
  EXPECT_EQ(std::get<ApiError>(result).advice, Advice::money);
  EXPECT_EQ(std::get<ApiError>(result).message, "credits");
  EXPECT_EQ(std::get<ApiError>(result).status, 200);
  EXPECT_TRUE(std::holds_alternative<ChatAnswer>(
      read_chat(response(200, R"({"error":null,"choices":[{"message":{"content":"x"}}]})"))));
}

// ---- files and batches ----

TEST(OpenaiFiles, RealFileObject) {
  const auto result = read_file(response(
      200,
      R"({"id":"file-52voFe6FU6MWyAwa1Uj39R","bytes":170,"created_at":1787176071,"filename":"kg.jsonl","object":"file","purpose":"batch","status":"processed","expires_at":1789768071,"status_details":null})"));
  const auto& file = std::get<FileObject>(result);
  EXPECT_EQ(file.file_id, "file-52voFe6FU6MWyAwa1Uj39R");
  EXPECT_EQ(file.bytes, 170);
  EXPECT_EQ(file.created_at, 1787176071);
  EXPECT_EQ(file.filename, "kg.jsonl");
  EXPECT_EQ(file.status, "processed");
  EXPECT_TRUE(std::holds_alternative<ApiError>(read_file(response(200, "{}"))));
}

TEST(OpenaiFiles, AnUploadWhoseAnswerIsNoneIsUnclear) {
  const auto once = [](const HttpResponse& got) { return std::get<ApiError>(read_file(got, true)).advice; };
  EXPECT_EQ(once(response(200, "{}")), Advice::unclear);
  EXPECT_EQ(once(response(500, "{}")), Advice::unclear);
  EXPECT_EQ(once(failed(Outcome::unknown, "reset")), Advice::unclear);
  EXPECT_EQ(once(failed(Outcome::not_sent, "refused")), Advice::retry);
  EXPECT_EQ(once(response(400, R"({"error":{"message":"File is too large."}})")), Advice::bad_request);
}

TEST(OpenaiBatches, RealBatchObject) {
  const auto result = read_batch(response(
      200,
      R"({"id":"batch_6abc00d9","object":"batch","endpoint":"/v1/chat/completions","errors":null,"input_file_id":"file-1",)"
      R"("completion_window":"24h","status":"completed","output_file_id":"file-2","error_file_id":"","created_at":1790705881,)"
      R"("in_progress_at":1790705882,"expires_at":1790792281,"request_counts":{"total":19,"completed":19,"failed":0},)"
      R"("metadata":{"kg_token":"t","n":3}})"));
  const auto& batch = std::get<BatchObject>(result);
  EXPECT_EQ(batch.batch_id, "batch_6abc00d9");
  EXPECT_EQ(batch.input_file_id, "file-1");
  EXPECT_EQ(batch.status, BatchStatus::completed);
  EXPECT_EQ(batch.output_file_id, "file-2");
  EXPECT_EQ(batch.error_file_id, std::nullopt) << "\"\" is no file";
  EXPECT_EQ(batch.total, 19);
  EXPECT_EQ(batch.completed, 19);
  EXPECT_EQ(batch.failed, 0);
  EXPECT_EQ(batch.created_at, 1790705881);
  EXPECT_EQ(batch.expires_at, 1790792281);
  EXPECT_THAT(batch.metadata, ElementsAre(std::pair<std::string, std::string>("kg_token", "t"),
                                          std::pair<std::string, std::string>("n", "3")));
}

TEST(OpenaiBatches, StatusesOfAllServers) {
  const auto status = [](const std::string& text) {
    return std::get<BatchObject>(read_batch(response(200, R"({"id":"b","status":)" + text + "}"))).status;
  };
  for (const BatchStatus each :
       {BatchStatus::validating, BatchStatus::in_progress, BatchStatus::finalizing, BatchStatus::completed,
        BatchStatus::failed, BatchStatus::expired, BatchStatus::cancelling, BatchStatus::cancelled}) {
    EXPECT_EQ(status("\"" + std::string(to_string(each)) + "\""), each);
  }
  EXPECT_EQ(status("\"VALIDATING\""), BatchStatus::validating);
  EXPECT_EQ(status("\"PROGRESS\""), BatchStatus::in_progress);
  EXPECT_EQ(status("\"canceled\""), BatchStatus::cancelled);
  EXPECT_EQ(status("\"pre_schedule\""), BatchStatus::unknown);
  EXPECT_EQ(status("null"), BatchStatus::unknown);
  EXPECT_EQ(status("7"), BatchStatus::unknown);
  EXPECT_FALSE(is_terminal(BatchStatus::unknown));
  EXPECT_FALSE(is_terminal(BatchStatus::cancelling));
  EXPECT_FALSE(is_terminal(BatchStatus::finalizing));
  EXPECT_TRUE(is_terminal(BatchStatus::expired));
}

TEST(OpenaiBatches, AbsentNullAndWrongMembersAreAbsent) {
  for (const char* body : {R"({"id":"b"})",
                           R"({"id":"b","output_file_id":null,"error_file_id":null,"request_counts":null,"metadata":null,"errors":null,"expires_at":null})",
                           R"({"id":"b","output_file_id":7,"error_file_id":[],"request_counts":[],"metadata":"x","errors":{},"expires_at":"x","created_at":"now"})"}) {
    const auto result = read_batch(response(200, body));
    ASSERT_TRUE(std::holds_alternative<BatchObject>(result)) << body;
    const auto& batch = std::get<BatchObject>(result);
    EXPECT_FALSE(batch.output_file_id) << body;
    EXPECT_FALSE(batch.error_file_id) << body;
    EXPECT_EQ(batch.total, 0);
    EXPECT_FALSE(batch.expires_at);
    EXPECT_THAT(batch.errors, IsEmpty());
    EXPECT_THAT(batch.metadata, IsEmpty());
  }
}

TEST(OpenaiBatches, ErrorsAsObjectListAndString) {
  const auto errors = [](const std::string& text) {
    return std::get<BatchObject>(read_batch(response(200, R"({"id":"b","status":"failed","errors":)" + text + "}"))).errors;
  };
  const auto listed = errors(
      R"({"object":"list","data":[{"code":"invalid_json_line","line":2,"message":"This line is not parseable as valid JSON.","param":null},{"code":"token_limit_exceeded","line":null,"message":"Enqueued token limit","param":null}]})");
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].code, "invalid_json_line");
  EXPECT_EQ(listed[0].line, 2);
  EXPECT_EQ(listed[1].code, "token_limit_exceeded");
  EXPECT_FALSE(listed[1].line);
  EXPECT_EQ(errors(R"([{"code":"x","line":0}])").at(0).line, std::nullopt);
  EXPECT_EQ(errors(R"("it broke")").at(0).message, "it broke");
  EXPECT_EQ(errors(R"({"message":"it broke"})").at(0).message, "it broke");
  EXPECT_THAT(errors(R"("")"), IsEmpty());
  EXPECT_THAT(errors("{\"data\":[1,null]}"), IsEmpty());
}

TEST(OpenaiBatches, CreateIsUnclearUnlessTheAnswerSaysSo) {
  const auto once = [](const HttpResponse& got) {
    const auto result = read_batch(got, true);
    return std::holds_alternative<ApiError>(result) ? std::get<ApiError>(result).advice : Advice::conflict;
  };
  EXPECT_EQ(once(response(200, "{}")), Advice::unclear);
  EXPECT_EQ(once(response(200, "<html>")), Advice::unclear);
  EXPECT_EQ(once(response(200, R"({"id":""})")), Advice::unclear);
  EXPECT_EQ(once(response(200, R"({"error":{"message":"gone"}})")), Advice::unclear);
  EXPECT_EQ(once(response(500, "{}")), Advice::unclear);
  EXPECT_EQ(once(failed(Outcome::unknown, "timeout")), Advice::unclear);
  EXPECT_EQ(once(failed(Outcome::not_sent, "refused")), Advice::retry);
  EXPECT_EQ(once(response(400, error_body("invalid_request_error", "invalid_value"))), Advice::bad_request);
  EXPECT_EQ(std::get<ApiError>(read_batch(response(200, R"({"error":{"message":"gone"}})"))).advice, Advice::retry);
}

TEST(OpenaiBatches, Pages) {
  const auto page = std::get<Page<BatchObject>>(read_batch_page(response(
      200, R"({"object":"list","data":[{"id":"b1","status":"failed"},{"nothing":1},null,{"id":"b2"}],"first_id":"b1","last_id":"b2","has_more":true})")));
  ASSERT_EQ(page.data.size(), 2u);
  EXPECT_EQ(page.data[1].batch_id, "b2");
  EXPECT_TRUE(page.has_more);
  const auto empty = std::get<Page<FileObject>>(
      read_file_page(response(200, R"({"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false})")));
  EXPECT_THAT(empty.data, IsEmpty());
  EXPECT_FALSE(empty.has_more);
  EXPECT_TRUE(std::holds_alternative<Page<FileObject>>(read_file_page(response(200, R"({"data":null})"))));
  EXPECT_TRUE(std::holds_alternative<ApiError>(read_file_page(response(200, "{}"))))
      << "not the same as an empty list: a batch must not be taken for absent";
  EXPECT_TRUE(std::holds_alternative<ApiError>(read_batch_page(response(401, "{}"))));
}

TEST(OpenaiModels, AreListed) {
  EXPECT_THAT(std::get<std::vector<std::string>>(read_models(response(200, R"({"data":[{"id":"a"},{},{"id":"b"}]})"))),
              ElementsAre("a", "b"));
  EXPECT_TRUE(std::holds_alternative<ApiError>(read_models(response(200, R"({"data":1})"))));
}

// No prefix and no single changed byte of a good answer makes a reader throw.
TEST(OpenaiReaders, NeverThrow) {
  const std::string good = chat_body(R"({"role":"assistant","content":"{\"facts\":[1,{\"a\":null}]}","refusal":null})");
  const auto read_all = [](const HttpResponse& got) {
    read_chat(got);
    read_batch(got);
    read_file(got);
    read_batch_page(got);
    read_file_page(got);
    read_models(got);
    read_error(got, true);
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    ASSERT_NO_THROW(read_all(response(200, good.substr(0, i))));
    for (const char byte : {'\0', '"', '{', '}', '[', ',', '9', '\xFF', '\\'}) {
      std::string changed = good;
      changed[i] = byte;
      ASSERT_NO_THROW(read_all(response(i % 2 == 0 ? 200 : 429, changed))) << changed;
    }
  }
}

}  // namespace
}  // namespace kg_batch::openai
