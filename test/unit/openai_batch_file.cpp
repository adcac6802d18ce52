// Lines as they go out, and lines as all kinds of servers have been seen to
// send them back.

#include "openai/batch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kg_batch::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kCompletion =
    R"({"id":"chatcmpl-1","model":"gpt-6-luna","choices":[{"index":0,"message":{"role":"assistant","content":"{}","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";

std::string quoted(const std::string& json) {
  std::string out = "\"";
  for (const char c : json) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

ChatAnswer answer_of(const BatchLine& line) {
  if (const auto* error = std::get_if<ApiError>(&line.result)) ADD_FAILURE() << error->message;
  return std::holds_alternative<ChatAnswer>(line.result) ? std::get<ChatAnswer>(line.result) : ChatAnswer{};
}

ApiError error_of(const BatchLine& line) {
  if (!std::holds_alternative<ApiError>(line.result)) {
    ADD_FAILURE() << "an answer, not an error";
    return {};
  }
  return std::get<ApiError>(line.result);
}

// ---- written ----

TEST(OpenaiBatchLine, IsGolden) {
  EXPECT_EQ(batch_line("1-2-1", "/v1/chat/completions", R"({"model":"m","messages":[]})"),
            "{\"custom_id\":\"1-2-1\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"m\","
            "\"messages\":[]}}\n");
}

TEST(OpenaiBatchLine, HasOneNewlineAndNoControlCharacterWhateverTheBodyHolds) {
  const std::string line = batch_line("a\"\n\xFF", "/v1\r", "{\n\t\"a\":\r\n \"\xC3\x28\"\x01}");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (std::size_t i = 0; i + 1 < line.size(); ++i) EXPECT_GE(static_cast<unsigned char>(line[i]), 0x20u);
  EXPECT_THAT(line, HasSubstr("\"custom_id\":\"a\\\"\\n\xEF\xBF\xBD\""));
}

// ---- read ----

TEST(OpenaiBatchLine, Success) {
  const BatchLine line = read_batch_line(
      R"({"id":"batch_req_1","custom_id":"7-1","response":{"status_code":200,"request_id":"abc","body":)" + kCompletion +
      R"(},"error":null})");
  EXPECT_EQ(line.custom_id, "7-1");
  EXPECT_EQ(line.body, kCompletion);
  EXPECT_EQ(line.replaced, 0);
  const ChatAnswer answer = answer_of(line);
  EXPECT_EQ(answer.content, "{}");
  EXPECT_EQ(answer.model, "gpt-6-luna");
  EXPECT_EQ(answer.request_id, "abc");
  EXPECT_EQ(answer.usage->input_tokens, 3);
}

TEST(OpenaiBatchLine, ErrorIsInTheBodyAndTheTopOneIsNull) {
  const BatchLine line = read_batch_line(
      R"({"id":"batch_req_1","custom_id":"7-1","response":{"status_code":400,"request_id":"abc","body":{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}},"error":null})");
  const ApiError error = error_of(line);
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.advice, Advice::bad_request);
  EXPECT_EQ(error.code, "context_length_exceeded");
  EXPECT_EQ(error.param, "messages");
  EXPECT_EQ(error.message, "too long");
  EXPECT_EQ(error.request_id, "abc");
  EXPECT_THAT(line.body, HasSubstr("context_length_exceeded"));
}

TEST(OpenaiBatchLine, StatusesOfLines) {
  const auto advice = [](int status, const std::string& code = "") {
    return error_of(read_batch_line(R"({"custom_id":"a","response":{"status_code":)" + std::to_string(status) +
                                    R"(,"body":{"error":{"message":"m","code":")" + code + R"("}}},"error":null})"))
        .advice;
  };
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_EQ(advice(status), Advice::retry) << status;
  EXPECT_EQ(advice(400), Advice::bad_request);
  EXPECT_EQ(advice(404, "model_not_found"), Advice::not_found);
  EXPECT_EQ(advice(429, "insufficient_quota"), Advice::money);
  EXPECT_EQ(advice(401), Advice::credentials);
}

TEST(OpenaiBatchLine, ErrorsWithoutAResponse) {
  const auto error = [](const std::string& rest) { return error_of(read_batch_line(R"({"custom_id":"a",)" + rest + "}")); };
  for (const char* code : {"batch_expired", "batch_cancelled", "request_timeout", "server_error", "something_new"}) {
    const ApiError got = error(R"("response":null,"error":{"code":")" + std::string(code) + R"(","message":"m"})");
    EXPECT_EQ(got.advice, Advice::retry) << code;
    EXPECT_EQ(got.code, code);
    EXPECT_EQ(got.status, 0);
  }
  EXPECT_EQ(error(R"("error":{"type":"invalid_request_error","message":"m"})").advice, Advice::bad_request) << "ogx";
  EXPECT_EQ(error(R"("error":{"code":"insufficient_quota"})").advice, Advice::money);
  EXPECT_EQ(error(R"("error":"it broke")").message, "it broke");
  EXPECT_EQ(error(R"("response":null,"error":null)").advice, Advice::retry);
  EXPECT_EQ(error(R"("response":7,"error":{})").advice, Advice::retry);
}

TEST(OpenaiBatchLine, BodyAsAString) {
  const BatchLine line = read_batch_line(R"({"custom_id":"a","response":{"status_code":200,"body":)" +
                                         quoted(kCompletion) + "},\"error\":null}");
  EXPECT_EQ(answer_of(line).content, "{}");
  EXPECT_EQ(line.body, kCompletion);
}

TEST(OpenaiBatchLine, BareCompletion) {
  const BatchLine line = read_batch_line(R"({"custom_id":"a","response":)" + kCompletion + ",\"error\":null}");
  EXPECT_EQ(answer_of(line).content, "{}");
  EXPECT_EQ(line.body, kCompletion);
}

TEST(OpenaiBatchLine, SuccessThatIsNoneIsAnError) {
  for (const char* rest : {R"("response":{"status_code":200,"body":{}})", R"("response":{"status_code":200,"body":null})",
                           R"("response":{"status_code":200})", R"("response":{"status_code":200,"body":"<html></html>"})",
                           R"("response":{"status_code":200,"body":{"error":{"message":"m"}}})",
                           R"("response":{"status_code":200,"body":{"choices":[{"message":{"content":"x"}}]}},"error":{"code":"x","message":"m"})",
                           R"("response":{"status_code":"200","body":{"error":{"message":"m"}}})", R"("response":{})"}) {
    const BatchLine line = read_batch_line(R"({"custom_id":"a",)" + std::string(rest) + "}");
    EXPECT_EQ(line.custom_id, "a") << rest;
    EXPECT_EQ(error_of(line).advice, Advice::retry) << rest;
    EXPECT_FALSE(error_of(line).message.empty()) << rest;
  }
}

TEST(OpenaiBatchLine, TextHazardsAreRepairedAndCounted) {
  const BatchLine line = read_batch_line(
      R"({"custom_id":"a","response":{"status_code":200,"body":{"choices":[{"message":{"content":"K\u0000f2 \ud800"}}]}}})");
  EXPECT_EQ(line.replaced, 2);
  EXPECT_EQ(answer_of(line).content, "K\xEF\xBF\xBD" "f2 \xEF\xBF\xBD");
  EXPECT_EQ(line.body.find("\\u0000"), std::string::npos);
  const BatchLine bytes = read_batch_line("{\"custom_id\":\"a\",\"response\":{\"status_code\":200,\"body\":{\"choices\":[{\"message\":{\"content\":\"\xFF\"}}]}}}");
  EXPECT_EQ(bytes.replaced, 1);
}

TEST(OpenaiBatchLine, UnreadableLineStillSaysWhoseItIsWhenItDoes) {
  const BatchLine cut = read_batch_line(R"({"id":"batch_req_1","custom_id":"7-1","response":{"status_co)");
  EXPECT_EQ(cut.custom_id, "7-1");
  EXPECT_EQ(error_of(cut).advice, Advice::retry);
  EXPECT_TRUE(cut.body.empty());
  EXPECT_TRUE(cut.unreadable);
  EXPECT_FALSE(read_batch_line(R"({"custom_id":"7-1","response":null})").unreadable) << "that is how it is meant";
  EXPECT_EQ(read_batch_line(R"({"custom_id":"7-1","response":)" + std::string(200'000, '[')).custom_id, "7-1");
  EXPECT_EQ(read_batch_line(R"({"custom_id":"7-1","response":{"a":1e400}})").custom_id, "7-1");
  EXPECT_EQ(read_batch_line(R"({"response":{"custom_id":"no"},"x)").custom_id, "") << "only at the top";
  for (const char* text : {"", "x", "[]", "null", "{\"custom_id\":\"7", "{\"custom_id\":7}", "\"custom_id\"", "<html>"}) {
    const BatchLine line = read_batch_line(text);
    EXPECT_EQ(line.custom_id, "") << text;
    EXPECT_EQ(error_of(line).advice, Advice::retry) << text;
  }
}

TEST(OpenaiBatchLine, NeverThrows) {
  const std::string good =
      R"({"id":"batch_req_1","custom_id":"7-1","response":{"status_code":200,"request_id":"abc","body":)" + kCompletion +
      R"(},"error":null})";
  for (std::size_t i = 0; i < good.size(); ++i) {
    ASSERT_NO_THROW(read_batch_line(good.substr(0, i)));
    for (const char byte : {'\0', '"', '{', '}', '[', ',', '9', '\xFF', '\\'}) {
      std::string changed = good;
      changed[i] = byte;
      ASSERT_NO_THROW(read_batch_line(changed)) << changed;
    }
  }
}

// ---- split ----

std::vector<std::string> split(std::string_view bytes, std::size_t piece, std::size_t max_line = 1000) {
  LineSplitter splitter(max_line);
  std::vector<std::string> lines;
  const auto take = [&](std::optional<std::string_view> line) { lines.push_back(line ? std::string(*line) : "(too long)"); };
  for (std::size_t at = 0; at < bytes.size(); at += piece) splitter.feed(bytes.substr(at, piece), take);
  splitter.finish(take);
  EXPECT_EQ(splitter.buffered(), 0u);
  return lines;
}

TEST(OpenaiLineSplitter, LinesAreTheSameInPiecesOfAnySize) {
  const std::string text = "\xEF\xBB\xBF{\"a\":1}\r\n\n \t\r\n{\"b\":\"\xE2\x80\xA8\xC2\x85\"}\n\r\n{\"c\":3}";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_THAT(split(text, piece), ElementsAre("{\"a\":1}", "{\"b\":\"\xE2\x80\xA8\xC2\x85\"}", "{\"c\":3}")) << piece;
  }
}

TEST(OpenaiLineSplitter, EmptyFilesHaveNoLines) {
  EXPECT_THAT(split("", 1), ElementsAre());
  EXPECT_THAT(split("\n", 1), ElementsAre());
  EXPECT_THAT(split("\xEF\xBB\xBF", 1), ElementsAre());
  EXPECT_THAT(split("\xEF\xBB\xBF\r\n", 2), ElementsAre());
}

TEST(OpenaiLineSplitter, OverlongLineIsReportedOnceAndCostsNoOther) {
  const std::string text = "a\n" + std::string(50, 'x') + "\nb\n" + std::string(10, 'y') + "\n" + std::string(11, 'z');
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_THAT(split(text, piece, 10), ElementsAre("a", "(too long)", "b", "yyyyyyyyyy", "(too long)")) << piece;
  }
}

TEST(OpenaiLineSplitter, HoldsNoMoreThanALine) {
  LineSplitter splitter(100);
  const auto ignore = [](std::optional<std::string_view>) {};
  for (int i = 0; i < 100; ++i) {
    splitter.feed(std::string(37, 'x'), ignore);
    EXPECT_LE(splitter.buffered(), 100u);
  }
}

}  // namespace
}  // namespace kg_batch::openai
