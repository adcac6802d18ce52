// Requests for embeddings byte for byte, and vectors out of bytes that servers
// send: what is not whole is no answer.

#include "openai/embeddings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "openai/batch_file.h"

namespace kg_batch::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

HttpResponse response(long status, std::string body) {
  HttpResponse out;
  out.outcome = Outcome::answered;
  out.status = status;
  out.headers = {{"content-type", "application/json"}, {"x-request-id", "req_1"}};
  out.body = std::move(body);
  return out;
}

std::string list_of(const std::string& data, const std::string& usage = R"({"prompt_tokens":8,"total_tokens":8})") {
  return R"({"object":"list","data":[)" + data + R"(],"model":"text-embedding-3-small","usage":)" + usage + "}";
}

std::string one(int index, const std::string& embedding) {
  return R"({"object":"embedding","index":)" + std::to_string(index) + R"(,"embedding":)" + embedding + "}";
}

EmbeddingAnswer answer_of(const std::string& body, std::optional<std::size_t> texts = std::nullopt) {
  auto result = read_embeddings(response(200, body), texts);
  if (const auto* error = std::get_if<ApiError>(&result)) {
    ADD_FAILURE() << error->message;
    return {};
  }
  return std::get<EmbeddingAnswer>(result);
}

std::string refusal_of(const std::string& body, std::optional<std::size_t> texts = std::nullopt) {
  const auto result = read_embeddings(response(200, body), texts);
  const auto* error = std::get_if<ApiError>(&result);
  if (error == nullptr) return "taken";
  EXPECT_EQ(error->advice, Advice::retry);
  EXPECT_EQ(error->status, 200);
  EXPECT_EQ(error->request_id, "req_1");
  return error->message;
}

// 0.5, -0.25, 1 as little-endian float32.
constexpr const char* kBase64 = "\"AAAAPwAAgL4AAIA/\"";
constexpr const char* kNumbers = "[0.5,-0.25,1]";

// ---- requests ----

TEST(OpenaiEmbeddings, BodyIsGolden) {
  EXPECT_EQ(embeddings_body("m", {"Anna (person)", "\"B\"\n\xFF"}, EncodingFormat::base64, 512),
            "{\"model\":\"m\",\"input\":[\"Anna (person)\",\"\\\"B\\\"\\n\xEF\xBF\xBD\"],\"encoding_format\":\"base64\",\"dimensions\":512}");
  EXPECT_EQ(embeddings_body("m", {"a"}, EncodingFormat::number, std::nullopt), R"({"model":"m","input":["a"],"encoding_format":"float"})");
}

TEST(OpenaiEmbeddings, RequestIsAPostOfTheBody) {
  const HttpRequest request = embeddings_request({"http://h/v1/", "sk-key", "", ""}, "{}", 1234);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://h/v1/embeddings");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.timeout_ms, 1234);
  EXPECT_FALSE(request.once);
}

// ---- answers ----

TEST(OpenaiEmbeddings, NumbersAndBase64AreTheSameVector) {
  for (const char* encoded : {kNumbers, kBase64}) {
    const EmbeddingAnswer answer = answer_of(list_of(one(0, encoded)), 1);
    ASSERT_EQ(answer.vectors.size(), 1u);
    EXPECT_THAT(answer.vectors[0], ElementsAre(0.5f, -0.25f, 1.0f));
    EXPECT_EQ(answer.model, "text-embedding-3-small");
    EXPECT_EQ(answer.request_id, "req_1");
    ASSERT_TRUE(answer.usage);
    EXPECT_EQ(answer.usage->input_tokens, 8);
    EXPECT_EQ(answer.usage->output_tokens, 0);
  }
}

TEST(OpenaiEmbeddings, IndexTellsWhoseVectorItIsAndNotTheOrder) {
  const EmbeddingAnswer answer = answer_of(list_of(one(2, "[3]") + "," + one(0, "[1]") + "," + one(1, "[2]")), 3);
  EXPECT_THAT(answer.vectors, ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3)));
}

TEST(OpenaiEmbeddings, EveryTextHasExactlyOne) {
  EXPECT_THAT(refusal_of(list_of(one(0, "[1]")), 2), HasSubstr("1 embeddings for 2 texts"));
  EXPECT_THAT(refusal_of(list_of(one(0, "[1]") + "," + one(1, "[1]")), 1), HasSubstr("2 embeddings for 1 texts"));
  EXPECT_THAT(refusal_of(list_of(one(0, "[1]") + "," + one(0, "[2]"))), HasSubstr("two embeddings with index 0"));
  EXPECT_THAT(refusal_of(list_of(one(0, "[1]") + "," + one(2, "[2]"))), HasSubstr("without the index of a text"));
  EXPECT_THAT(refusal_of(list_of(one(-1, "[1]"))), HasSubstr("without the index of a text"));
  EXPECT_THAT(refusal_of(list_of(R"({"embedding":[1]})")), HasSubstr("without the index of a text"));
  EXPECT_THAT(refusal_of(list_of(R"({"index":"0","embedding":[1]})")), HasSubstr("without the index of a text"));
  EXPECT_THAT(refusal_of(list_of("null")), HasSubstr("without the index of a text"));
  EXPECT_THAT(refusal_of(list_of("")), HasSubstr("without embeddings"));
  EXPECT_THAT(refusal_of(R"({"object":"list"})"), HasSubstr("without embeddings"));
  EXPECT_THAT(refusal_of(list_of(R"({"index":0})")), HasSubstr("no embedding at index 0"));
}

TEST(OpenaiEmbeddings, AllAreOfOneLength) {
  EXPECT_THAT(refusal_of(list_of(one(0, "[1,2]") + "," + one(1, "[1]"))), HasSubstr("different dimensions"));
  EXPECT_THAT(refusal_of(list_of(one(0, "[]"))), HasSubstr("without numbers"));
  EXPECT_THAT(refusal_of(list_of(one(0, "\"\""))), HasSubstr("without numbers"));
  std::string many = "1";
  for (std::size_t i = 1; i <= most_dimensions; ++i) many += ",1";
  EXPECT_THAT(refusal_of(list_of(one(0, "[" + many + "]"))), HasSubstr("of 16001 dimensions"));
}

TEST(OpenaiEmbeddings, AllAreFiniteNumbersAndNotAllZero) {
  EXPECT_THAT(refusal_of(list_of(one(0, "[1,1e300]"))), HasSubstr("not finite"));
  EXPECT_THAT(refusal_of(list_of(one(0, "\"AADAfw==\""))), HasSubstr("not finite"));  // NaN
  EXPECT_THAT(refusal_of(list_of(one(0, "\"AACAfw==\""))), HasSubstr("not finite"));  // infinity
  EXPECT_THAT(refusal_of(list_of(one(0, "[0,0]"))), HasSubstr("of zeros"));
  EXPECT_THAT(refusal_of(list_of(one(0, "[1,null]"))), HasSubstr("no number"));
  EXPECT_THAT(refusal_of(list_of(one(0, "[1,\"2\"]"))), HasSubstr("no number"));
  EXPECT_THAT(refusal_of(list_of(one(0, "{\"a\":1}"))), HasSubstr("neither a list nor base64"));
}

TEST(OpenaiEmbeddings, BrokenBase64IsNone) {
  for (const char* text : {"\"AAAAPw=\"", "\"AAAAP\"", "\"AAA!Pw==\"", "\"AAA=PwAA\"", "\"AAAA\"", "\"AAAAPwA=\""})
    EXPECT_THAT(refusal_of(list_of(one(0, text))), HasSubstr("no base64")) << text;
  // Without padding it is whole all the same.
  EXPECT_THAT(answer_of(list_of(one(0, "\"AAAAPw\""))).vectors, ElementsAre(ElementsAre(0.5f)));
}

TEST(OpenaiEmbeddings, UsageThatIsNoneIsNotMadeUp) {
  EXPECT_FALSE(answer_of(list_of(one(0, "[1]"), "null")).usage);
  EXPECT_FALSE(answer_of(list_of(one(0, "[1]"), R"({"prompt_tokens":-1})")).usage);
  EXPECT_FALSE(answer_of(list_of(one(0, "[1]"), R"({"prompt_tokens":"8"})")).usage);
}

TEST(OpenaiEmbeddings, ErrorsAreTyped) {
  const auto error_of = [](long status, const std::string& body) { return std::get<ApiError>(read_embeddings(response(status, body))); };
  EXPECT_EQ(error_of(429, R"({"error":{"message":"slow","type":"requests","param":null,"code":"rate_limit_exceeded"}})").advice, Advice::retry);
  EXPECT_EQ(error_of(429, R"({"error":{"message":"pay","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})").advice, Advice::money);
  EXPECT_EQ(error_of(400, R"({"error":{"message":"long","type":"invalid_request_error","param":"input","code":null}})").advice, Advice::bad_request);
  EXPECT_EQ(error_of(401, "{}").advice, Advice::credentials);
  EXPECT_EQ(error_of(200, "<html>").advice, Advice::retry);
}

// ---- lines of a batch ----

TEST(OpenaiEmbeddings, ALineOfABatchIsReadAsWhatItsEndpointAnswers) {
  const std::string text = R"({"id":"r","custom_id":"7","response":{"status_code":200,"request_id":"abc","body":)" + list_of(one(0, kBase64)) +
                           R"(},"error":null})";
  const BatchLine line = read_batch_line(text, LineSort::embeddings);
  EXPECT_EQ(line.custom_id, "7");
  ASSERT_TRUE(std::holds_alternative<EmbeddingAnswer>(line.result));
  EXPECT_THAT(std::get<EmbeddingAnswer>(line.result).vectors, ElementsAre(ElementsAre(0.5f, -0.25f, 1.0f)));
  EXPECT_EQ(std::get<EmbeddingAnswer>(line.result).request_id, "abc");
  EXPECT_EQ(line.body, "");
  ASSERT_TRUE(std::holds_alternative<ApiError>(read_batch_line(text).result));
  EXPECT_THAT(std::get<ApiError>(read_batch_line(text).result).message, HasSubstr("without choices"));
}

TEST(OpenaiEmbeddings, ALineThatIsNotWholeIsAnErrorOfItsOwn) {
  const auto error_of = [](const std::string& answer) {
    return std::get<ApiError>(read_batch_line(R"({"custom_id":"7",)" + answer + "}", LineSort::embeddings).result);
  };
  const ApiError half = error_of(R"("response":{"status_code":200,"body":)" + list_of(one(1, "[1]")) + "}");
  EXPECT_EQ(half.advice, Advice::retry);
  EXPECT_THAT(half.message, HasSubstr("without the index of a text"));
  EXPECT_EQ(error_of(R"("error":{"code":"batch_expired","message":"late"})").code, "batch_expired");
  EXPECT_EQ(error_of(R"("response":{"status_code":400,"body":{"error":{"message":"long","type":"invalid_request_error"}}})").advice, Advice::bad_request);
}

TEST(OpenaiEmbeddings, ABatchLineNamesTheEndpoint) {
  EXPECT_EQ(batch_line("7", embeddings_url, embeddings_body("m", {"a"}, EncodingFormat::base64, std::nullopt)),
            "{\"custom_id\":\"7\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"m\",\"input\":[\"a\"],"
            "\"encoding_format\":\"base64\"}}\n");
}

// ---- stored ----

TEST(OpenaiEmbeddings, WhatIsPackedComesBackBitForBit) {
  for (std::size_t dimensions : {1u, 2u, 3u, 5u}) {
    std::vector<std::vector<float>> vectors(2, std::vector<float>(dimensions, 0.1f));
    vectors[1].back() = -std::numeric_limits<float>::denorm_min();
    vectors[0].front() = std::nextafter(1.0f, 2.0f);
    EXPECT_EQ(unpack_vectors(pack_vectors(vectors)), vectors);
  }
  for (const char* text : {"", "{}", "{\"vectors\":[]}", "{\"vectors\":[[1]]}", "{\"vectors\":[\"AA\"]}", "{\"vectors\":[\"AAAAPw\",\"AAAAPwAAAD8\"]}"})
    EXPECT_FALSE(unpack_vectors(text)) << text;
}

}  // namespace
}  // namespace kg_batch::openai
