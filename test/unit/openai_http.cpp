// What `Http` promises, against a server that does each thing that goes wrong.

#include "openai/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "openai_server.h"

namespace kg_batch::openai {
namespace {

using testing::Connection;
using testing::Loop;
using testing::RawServer;
using testing::ReceivedRequest;
using namespace std::chrono_literals;

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

HttpRequest post(std::string url, std::string body) {
  HttpRequest request = get(std::move(url));
  request.method = "POST";
  request.body = std::move(body);
  return request;
}

void answer_everything(RawServer& server, Connection& connection) {
  while (server.read_request(connection)) connection.answer("{}");
}

// Answers the first request of a connection, reads the next one and drops it.
void drop_on_reuse(RawServer& server, Connection& connection) {
  if (!server.read_request(connection)) return;
  connection.answer("{}");
  if (connection.index() > 0) {
    answer_everything(server, connection);
  } else {
    server.read_request(connection);
  }
}

// ---- how often a request is on the wire ----

TEST(OpenaiHttp, PostOnAReusedConnectionThatIsDroppedIsNotSentAgain) {
  for (const std::size_t body_bytes : {10u, 100'000u, 3'000'000u}) {
    RawServer server(drop_on_reuse);
    Http http;
    Loop loop{http};
    EXPECT_EQ(loop.fetch(post(server.url(), "{}")).outcome, Outcome::answered);
    const HttpResponse second = loop.fetch(post(server.url(), std::string(body_bytes, 'x')));
    EXPECT_EQ(second.outcome, Outcome::unknown);
    EXPECT_EQ(second.status, 0);
    EXPECT_FALSE(second.error.empty());
    ASSERT_EQ(server.requests().size(), 2u);
    EXPECT_EQ(server.requests()[1].connection, 0u) << "the second request was to reuse the connection";
    EXPECT_EQ(server.requests()[1].body.size(), body_bytes);
  }
}

// The control of the test above: libcurl does send again what may be sent twice.
TEST(OpenaiHttp, GetOnAReusedConnectionThatIsDroppedIsSentAgain) {
  RawServer server(drop_on_reuse);
  Http http;
  Loop loop{http};
  loop.fetch(get(server.url()));
  EXPECT_EQ(loop.fetch(get(server.url())).outcome, Outcome::answered);
  EXPECT_EQ(server.requests().size(), 3u);
}

// libcurl sees before a reuse that the connection is gone; from 8.22 on it looks
// once a second only, and a POST that meets such a connection fails. Whichever:
// nothing arrives twice, and the next one arrives.
TEST(OpenaiHttp, ConnectionClosedWhileIdleDoublesNoPost) {
  std::promise<void> closed;
  RawServer server([&](RawServer& self, Connection& connection) {
    if (connection.index() > 0) return answer_everything(self, connection);
    self.read_request(connection);
    connection.answer("{}");
    connection.close();
    closed.set_value();
  });
  Http http;
  Loop loop{http};
  EXPECT_EQ(loop.fetch(post(server.url(), "1")).outcome, Outcome::answered);
  closed.get_future().wait();
  const bool arrived = loop.fetch(post(server.url(), "2")).outcome == Outcome::answered;
  EXPECT_EQ(server.requests().size(), arrived ? 2u : 1u);
  EXPECT_EQ(loop.fetch(post(server.url(), "3")).outcome, Outcome::answered);
  EXPECT_EQ(server.requests().back().body, "3");
}

TEST(OpenaiHttp, OnceNeitherReusesAConnectionNorLeavesOne) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  HttpRequest once = post(server.url(), "{}");
  once.once = true;
  loop.fetch(post(server.url(), "{}"));
  loop.fetch(once);
  loop.fetch(once);
  loop.fetch(post(server.url(), "{}"));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_EQ(requests[0].connection, 0u);
  EXPECT_EQ(requests[1].connection, 1u);
  EXPECT_EQ(requests[2].connection, 2u);
  EXPECT_EQ(requests[3].connection, 0u);
}

TEST(OpenaiHttp, OnceThatIsReadAndDroppedIsSentOnce) {
  RawServer server([](RawServer& self, Connection& connection) { self.read_request(connection); });
  Http http;
  Loop loop{http};
  HttpRequest once = post(server.url(), "{}");
  once.once = true;
  EXPECT_EQ(loop.fetch(once).outcome, Outcome::unknown);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(OpenaiHttp, PostWithoutBodyIsNotSentAgain) {
  RawServer server(drop_on_reuse);
  Http http;
  Loop loop{http};
  loop.fetch(post(server.url(), "{}"));
  EXPECT_EQ(loop.fetch(post(server.url("/v1/batches/b/cancel"), "")).outcome, Outcome::answered);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].connection, 1u);
  EXPECT_TRUE(requests[1].has_header("Content-Length: 0\r\n"));
  EXPECT_FALSE(requests[1].has_header("Content-Type:"));
}

TEST(OpenaiHttp, ConnectionsAreReused) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(loop.fetch(post(server.url(), "{}")).outcome, Outcome::answered);
  EXPECT_EQ(server.connections(), 1u);
}

// ---- what is sent ----

TEST(OpenaiHttp, RequestIsAsAskedFor) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  HttpRequest request = post(server.url("/v1/batches"), "{\"a\":1}");
  request.headers = {"Authorization: Bearer sk-secret"};
  request.user_agent = "kg_batch/1.0";
  loop.fetch(request);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].head.substr(0, requests[0].head.find("\r\n")), "POST /v1/batches HTTP/1.1");
  EXPECT_TRUE(requests[0].has_header("Authorization: Bearer sk-secret\r\n"));
  EXPECT_TRUE(requests[0].has_header("Content-Type: application/json\r\n"));
  EXPECT_TRUE(requests[0].has_header("Content-Length: 7\r\n"));
  EXPECT_TRUE(requests[0].has_header("Accept-Encoding: gzip\r\n"));
  EXPECT_TRUE(requests[0].has_header("User-Agent: kg_batch/1.0\r\n"));
  EXPECT_FALSE(requests[0].has_header("Expect"));
  EXPECT_EQ(requests[0].body, "{\"a\":1}");
}

TEST(OpenaiHttp, PlainAsksForNoCompression) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url());
  request.plain = true;
  loop.fetch(request);
  EXPECT_FALSE(server.requests().at(0).has_header("Accept-Encoding"));
}

TEST(OpenaiHttp, DeleteIsSentWithoutBody) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url("/v1/files/f"));
  request.method = "DELETE";
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::answered);
  EXPECT_EQ(server.requests().at(0).head.substr(0, 7), "DELETE ");
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    std::string name = (std::filesystem::temp_directory_path() / "kg_batch_upload_XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    if (fd >= 0) ::close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(OpenaiHttp, UploadCarriesTheFileByteForByteAndTheFieldsInOrder) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  std::string content;
  for (unsigned i = 0; i < 3'000'000; ++i) content += static_cast<char>(i * 7919 >> 5);
  const TemporaryFile file(content);
  HttpRequest request = get(server.url("/v1/files"));
  request.method = "POST";
  request.once = true;
  request.file = FilePart{file.path(), "kg-1.jsonl", {{"purpose", "batch"}, {"expires_after[anchor]", "created_at"}}};
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::answered);

  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  const ReceivedRequest& got = requests[0];
  EXPECT_FALSE(got.has_header("Expect"));
  EXPECT_TRUE(got.has_header("Content-Length:"));
  const std::size_t boundary_at = got.head.find("boundary=");
  ASSERT_NE(boundary_at, std::string::npos);
  const std::string boundary = "--" + got.head.substr(boundary_at + 9, got.head.find("\r\n", boundary_at) - boundary_at - 9);
  const std::string expected = boundary +
                               "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"kg-1.jsonl\"\r\n"
                               "Content-Type: application/octet-stream\r\n\r\n" +
                               content + "\r\n" + boundary +
                               "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n" + boundary +
                               "\r\nContent-Disposition: form-data; name=\"expires_after[anchor]\"\r\n\r\ncreated_at\r\n" +
                               boundary + "--\r\n";
  EXPECT_TRUE(got.body == expected) << got.body.size() << " bytes for " << expected.size();
}

TEST(OpenaiHttp, UploadOfAMissingFileIsNotSent) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url("/v1/files"));
  request.method = "POST";
  request.file = FilePart{"/nonexistent/file.jsonl", "file.jsonl", {}};
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::not_sent);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(OpenaiHttp, HeaderWithALineBreakIsNotSentAndNotShown) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url());
  request.headers = {"Authorization: Bearer sk-secret\r\nX-Other: 1"};
  const HttpResponse response = loop.fetch(request);
  EXPECT_EQ(response.outcome, Outcome::not_sent);
  EXPECT_THAT(response.error, ::testing::Not(::testing::HasSubstr("secret")));
  EXPECT_EQ(server.connections(), 0u);
}

TEST(OpenaiHttp, OnlyHttpIsSpoken) {
  Http http;
  Loop loop{http};
  for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/"}) {
    const HttpResponse response = loop.fetch(get(url));
    EXPECT_EQ(response.outcome, Outcome::not_sent) << url;
    EXPECT_TRUE(response.body.empty());
  }
}

// ---- outcomes ----

TEST(OpenaiHttp, ConnectionRefusedIsNotSent) {
  std::string url;
  {
    const RawServer server(answer_everything);
    url = server.url();
  }
  Http http;
  Loop loop{http};
  const HttpResponse response = loop.fetch(post(url, "{}"));
  EXPECT_EQ(response.outcome, Outcome::not_sent);
  EXPECT_EQ(response.status, 0);
  EXPECT_FALSE(response.error.empty());
}

TEST(OpenaiHttp, NameThatCannotBeResolvedIsNotSent) {
  Http http;
  Loop loop{http};
  HttpRequest request = post("http://name.invalid/v1", "{}");
  request.connect_timeout_ms = 2000;
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::not_sent);
}

TEST(OpenaiHttp, TlsThatIsNotShakenIsNotSent) {
  RawServer silent([](RawServer&, Connection& connection) { connection.wait_for_client_to_leave(); });
  RawServer garbage([](RawServer&, Connection& connection) {
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  HttpRequest request = post(silent.url("/v1", "https"), "{}");
  request.connect_timeout_ms = 200;
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::not_sent);
  request.url = garbage.url("/v1", "https");
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::not_sent);
}

TEST(OpenaiHttp, SilenceIsUnknownAfterTheTimeout) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  HttpRequest request = post(server.url(), "{}");
  request.timeout_ms = 300;
  const HttpResponse response = loop.fetch(request);
  EXPECT_EQ(response.outcome, Outcome::unknown);
  EXPECT_EQ(response.status, 0);
  EXPECT_GE(response.latency_us, 300'000);
  EXPECT_LT(response.latency_us, 5'000'000);
  EXPECT_LT(loop.turns, 50) << "waiting is no polling";
}

TEST(OpenaiHttp, StallIsUnknownAfterTheLowSpeedTime) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url());
  request.timeout_ms = 0;
  request.low_speed_seconds = 1;
  EXPECT_EQ(loop.fetch(request).outcome, Outcome::unknown);
}

TEST(OpenaiHttp, BrokenBodiesAreUnknown) {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n{\"a\"",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 100\r\n\r\n{\"id\":",
      "garbage\r\n\r\n",
      "",
  };
  RawServer server([&](RawServer& self, Connection& connection) {
    const auto request = self.read_request(connection);
    if (request) connection.send(answers[std::stoul(request->body)]);
  });
  Http http;
  Loop loop{http};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(loop.fetch(post(server.url(), std::to_string(i))).outcome, Outcome::unknown) << answers[i];
  }
}

TEST(OpenaiHttp, BrokenBodyKeepsStatusAndHeaders) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.send("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\n{");
  });
  Http http;
  Loop loop{http};
  const HttpResponse response = loop.fetch(post(server.url(), "{}"));
  EXPECT_EQ(response.outcome, Outcome::unknown);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.at("retry-after"), "7");
}

TEST(OpenaiHttp, ResetIsUnknown) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    connection.reset();
  });
  Http http;
  Loop loop{http};
  EXPECT_EQ(loop.fetch(post(server.url(), "{}")).outcome, Outcome::unknown);
}

TEST(OpenaiHttp, RedirectIsAnAnswerAndIsNotFollowed) {
  RawServer other(answer_everything);
  RawServer server([&](RawServer& self, Connection& connection) {
    while (self.read_request(connection)) {
      connection.answer("moved", "Location: " + other.url() + "\r\n", "307 Temporary Redirect");
    }
  });
  Http http;
  Loop loop{http};
  HttpRequest request = post(server.url(), "{}");
  request.headers = {"Authorization: Bearer sk-secret"};
  const HttpResponse response = loop.fetch(request);
  EXPECT_EQ(response.outcome, Outcome::answered);
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(other.connections(), 0u);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(OpenaiHttp, AnswerBeforeTheBodyWasReadIsTheAnswer) {
  RawServer server([](RawServer&, Connection& connection) {
    if (!connection.read_head()) return;
    connection.answer("{}", "Connection: close\r\n", "413 Payload Too Large");
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  const HttpResponse response = loop.fetch(post(server.url(), std::string(20'000'000, 'x')));
  EXPECT_EQ(response.outcome, Outcome::answered);
  EXPECT_EQ(response.status, 413);
}

TEST(OpenaiHttp, BodyOverTheLimitIsTooLarge) {
  RawServer server([](RawServer& self, Connection& connection) {
    while (self.read_request(connection)) {
      if (!connection.answer(std::string(100'000, 'x'))) return;
    }
  });
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url());
  request.max_body = 100'000;
  EXPECT_EQ(loop.fetch(request).body.size(), 100'000u);
  request.max_body = 99'999;
  const HttpResponse response = loop.fetch(request);
  EXPECT_EQ(response.outcome, Outcome::too_large);
  EXPECT_EQ(response.status, 200);
  EXPECT_LE(response.body.size(), 99'999u);

  std::size_t taken = 0;
  const HttpResponse sunk = loop.fetch(request, [&](std::string_view bytes) {
    taken += bytes.size();
    return Http::Take::all;
  });
  EXPECT_EQ(sunk.outcome, Outcome::too_large);
  EXPECT_LE(taken, 99'999u);
}

TEST(OpenaiHttp, HeadersWithoutEndAreNotKept) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  Http http;
  Loop loop{http};
  EXPECT_NE(loop.fetch(get(server.url())).outcome, Outcome::answered);
}

// ---- what is received ----

TEST(OpenaiHttp, HeadersAreFoldedLoweredAndTheLastOneWins) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.send(
        "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
        "HTTP/1.1 200 OK\r\nX-Request-ID:  abc \r\nx-Twice: 1\r\nX-TWICE: 2\r\nX-Folded: one\r\n\t two\r\nX-Empty:\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Twice: 3\r\n\r\n");
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  const HttpResponse response = loop.fetch(get(server.url()));
  EXPECT_EQ(response.outcome, Outcome::answered);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(response.headers.at("x-request-id"), "abc");
  EXPECT_EQ(response.headers.at("x-twice"), "2");
  EXPECT_EQ(response.headers.at("x-folded"), "one two");
  EXPECT_EQ(response.headers.at("x-empty"), "");
  EXPECT_EQ(response.headers.count("x-early"), 0u);
}

TEST(OpenaiHttp, AStatusThatIsNoneIsNoAnswer) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/21474836481.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n");
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  const HttpResponse response = loop.fetch(get(server.url()));
  EXPECT_EQ(response.outcome, Outcome::unknown);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.error, "the answer has no readable status");
}

TEST(OpenaiHttp, GzipIsUnpacked) {
  constexpr std::string_view kPacked(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07\x00\x00\x00", 27);
  RawServer server([&](RawServer& self, Connection& connection) {
    while (self.read_request(connection)) connection.answer(kPacked, "Content-Encoding: gzip\r\n");
  });
  Http http;
  Loop loop{http};
  EXPECT_EQ(loop.fetch(get(server.url())).body, "{\"a\":1}");
}

TEST(OpenaiHttp, KeyIsInNothingThatComesBack) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.answer("{\"error\":{\"message\":\"bad key secret-0123456789, secret-0123456789\"}}",
                      "X-Echo: Bearer secret-0123456789\r\nX-Key-Secret-0123456789: 1\r\n", "401 Unauthorized");
  });
  Http http;
  Loop loop{http};
  HttpRequest request = get(server.url());
  request.headers = {"Authorization: Bearer secret-0123456789"};
  const HttpResponse response = loop.fetch(request);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body, "{\"error\":{\"message\":\"bad key ***, ***\"}}");
  EXPECT_EQ(response.headers.at("x-echo"), "Bearer ***");
  EXPECT_FALSE(response.headers.contains("x-key-secret-0123456789"));
}

// ---- sinks ----

TEST(OpenaiHttp, PausedSinkGetsNothingUntilResumedThenEverything) {
  std::string content;
  for (int i = 0; i < 2'000'000; ++i) content += static_cast<char>(i * 31 >> 3);
  for (const bool server_leaves : {false, true}) {
    RawServer server([&](RawServer& self, Connection& connection) {
      self.read_request(connection);
      connection.answer(content);
      if (!server_leaves) connection.wait_for_client_to_leave();
    });
    Http http;
    Loop loop{http};
    std::string got;
    int offers = 0;
    bool open = true;
    std::optional<HttpResponse> response;
    HttpRequest request = get(server.url());
    request.plain = true;
    const TransferId id = http.start(
        request,
        [&](std::string_view bytes) {
          ++offers;
          if (!open) return Http::Take::pause;
          got += bytes;
          open = false;
          return Http::Take::all;
        },
        [&](HttpResponse&& finished) { response = std::move(finished); });

    int pauses = 0;
    while (!response) {
      ASSERT_TRUE(loop.run_until([&] { return offers > 1 + 2 * pauses || response; }));
      if (response) break;
      // Paused: the loop has nothing to do, and no byte comes.
      const int turns = loop.turns;
      const std::size_t size = got.size();
      if (pauses < 3) {
        EXPECT_FALSE(loop.run_until([&] { return got.size() != size || response; }, 100ms));
        EXPECT_LT(loop.turns - turns, 20);
      }
      ++pauses;
      offers = 2 * pauses;
      open = true;
      http.resume(id);
      EXPECT_EQ(got.size(), size) << "the sink ran inside resume";
    }
    EXPECT_GT(pauses, 3);
    EXPECT_EQ(response->outcome, Outcome::answered);
    EXPECT_TRUE(response->body.empty());
    EXPECT_TRUE(got == content) << got.size();
  }
}

TEST(OpenaiHttp, SinkGetsNoBodyOfAnError) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.answer("{\"error\":{}}", "", "404 Not Found");
  });
  Http http;
  Loop loop{http};
  bool called = false;
  const HttpResponse response = loop.fetch(get(server.url()), [&](std::string_view) {
    called = true;
    return Http::Take::all;
  });
  EXPECT_FALSE(called);
  EXPECT_EQ(response.body, "{\"error\":{}}");
}

TEST(OpenaiHttp, ExceptionOutOfASinkComesOutOfTheLoopAndEndsThatTransferAlone) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  int done = 0;
  Outcome outcome = Outcome::answered;
  for (int i = 0; i < 3; ++i) http.start(get(server.url()), [&](HttpResponse&&) { ++done; });
  http.start(
      get(server.url()), [](std::string_view) -> Http::Take { throw std::runtime_error("full"); },
      [&](HttpResponse&& response) { outcome = response.outcome; });
  int thrown = 0;
  while (http.in_flight() > 0) {
    try {
      ASSERT_TRUE(loop.run_until([&] { return http.in_flight() == 0; }));
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "full");
      ++thrown;
    }
  }
  EXPECT_EQ(thrown, 1);
  EXPECT_EQ(done, 3);
  EXPECT_EQ(outcome, Outcome::unknown);
}

TEST(OpenaiHttp, ExceptionOutOfDoneLosesNoOtherAnswer) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  int done = 0;
  for (int i = 0; i < 5; ++i) {
    http.start(get(server.url()), [&](HttpResponse&&) {
      ++done;
      throw std::runtime_error("no");
    });
  }
  int thrown = 0;
  while (http.in_flight() > 0) {
    try {
      ASSERT_TRUE(loop.run_until([&] { return http.in_flight() == 0; }));
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_EQ(done, 5);
  EXPECT_EQ(thrown, 5);
}

TEST(OpenaiHttp, SignalsAreBlockedInsideLibcurlAndAsBeforeOutside) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  const auto blocked = [](int signal) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, signal) == 1;
  };
  bool inside = false;
  bool in_done = true;
  bool finished = false;
  http.start(
      get(server.url()),
      [&](std::string_view) {
        inside = blocked(SIGUSR1) && blocked(SIGTERM);
        return Http::Take::all;
      },
      [&](HttpResponse&&) {
        in_done = blocked(SIGUSR1);
        finished = true;
      });
  ASSERT_TRUE(loop.run_until([&] { return finished; }));
  EXPECT_TRUE(inside);
  EXPECT_FALSE(in_done);
  EXPECT_FALSE(blocked(SIGUSR1));
}

// ---- many, and their ends ----

TEST(OpenaiHttp, HundredsAreInFlightThroughOneDescriptor) {
  constexpr std::size_t kCount = 400;
  RawServer server([](RawServer& self, Connection& connection) {
    while (const auto request = self.read_request(connection)) {
      self.wait_for_requests(kCount);  // nobody is answered before all have asked
      if (!connection.answer(request->body)) return;
    }
  });
  Http http;
  Loop loop{http};
  std::vector<int> answers(kCount, 0);
  for (int round = 1; round <= 2; ++round) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      http.start(post(server.url(), std::to_string(i)), [&, i](HttpResponse&& response) {
        if (response.outcome == Outcome::answered && response.body == std::to_string(i)) ++answers[i];
        ++done;
      });
    }
    EXPECT_EQ(http.in_flight(), kCount);
    ASSERT_TRUE(loop.run_until([&] { return done == kCount; }));
    EXPECT_EQ(http.in_flight(), 0u);
    EXPECT_THAT(answers, ::testing::Each(round));
  }
  EXPECT_EQ(server.requests().size(), 2 * kCount);
  EXPECT_EQ(server.connections(), kCount) << "the second round was to reuse the connections of the first";
}

TEST(OpenaiHttp, StartCallsNothingBack) {
  Http http;
  bool done = false;
  http.start(get("file:///etc/hostname"), [&](HttpResponse&&) { done = true; });
  HttpRequest bad = get("http://127.0.0.1/");
  bad.headers = {"X: \n"};
  http.start(bad, [&](HttpResponse&&) { done = true; });
  EXPECT_FALSE(done);
  EXPECT_EQ(http.timeout_ms(), 0);
}

TEST(OpenaiHttp, DoneMayStartTheNext) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  int left = 20;
  std::function<void(HttpResponse&&)> next = [&](HttpResponse&&) {
    if (--left > 0) http.start(post(server.url(), "{}"), next);
  };
  http.start(post(server.url(), "{}"), next);
  ASSERT_TRUE(loop.run_until([&] { return left == 0; }));
  EXPECT_EQ(server.requests().size(), 20u);
  EXPECT_EQ(server.connections(), 1u);
}

TEST(OpenaiHttp, SinkMayStartAndCancel) {
  RawServer server([](RawServer& self, Connection& connection) {
    while (self.read_request(connection)) {
      if (!connection.answer(std::string(1'000'000, 'x'))) return;
    }
  });
  Http http;
  Loop loop{http};
  bool first_done = false;
  bool second_done = false;
  TransferId first = 0;
  first = http.start(
      get(server.url()),
      [&](std::string_view) {
        http.start(get(server.url()), [&](HttpResponse&&) { second_done = true; });
        http.cancel(first);
        return Http::Take::all;
      },
      [&](HttpResponse&&) { first_done = true; });
  ASSERT_TRUE(loop.run_until([&] { return second_done; }));
  EXPECT_FALSE(first_done);
  EXPECT_EQ(http.in_flight(), 0u);
}

TEST(OpenaiHttp, CancelledTransfersAreNotCalledBack) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.wait_for_client_to_leave();
  });
  Http http;
  Loop loop{http};
  bool called = false;
  const TransferId never_begun = http.start(get(server.url()), [&](HttpResponse&&) { called = true; });
  http.cancel(never_begun);
  const TransferId waiting = http.start(get(server.url()), [&](HttpResponse&&) { called = true; });
  ASSERT_TRUE(loop.run_until([&] { return server.requests().size() == 1; }, 5s) || server.requests().size() == 1);
  http.cancel(waiting);
  http.cancel(waiting);
  http.cancel(12345);
  http.resume(waiting);
  const TransferId failed = http.start(get("file:///etc/hostname"), [&](HttpResponse&&) { called = true; });
  http.cancel(failed);
  EXPECT_EQ(http.in_flight(), 0u);
  EXPECT_FALSE(loop.run_until([&] { return called; }, 50ms));
}

TEST(OpenaiHttp, CancelFromDoneOfAnother) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  std::vector<TransferId> ids;
  int called = 0;
  for (int i = 0; i < 10; ++i) {
    ids.push_back(http.start(get(server.url()), [&](HttpResponse&&) {
      ++called;
      for (const TransferId id : ids) http.cancel(id);
    }));
  }
  ASSERT_TRUE(loop.run_until([&] { return called > 0; }));
  EXPECT_EQ(http.in_flight(), 0u);
  EXPECT_EQ(called, 1);
}

TEST(OpenaiHttp, IdleWantsNothing) {
  RawServer server(answer_everything);
  Http http;
  Loop loop{http};
  EXPECT_EQ(http.timeout_ms(), -1);
  loop.fetch(get(server.url()));
  loop.turns = 0;
  EXPECT_FALSE(loop.run_until([] { return false; }, 100ms));
  EXPECT_LE(loop.turns, 3);
  EXPECT_EQ(http.timeout_ms(), -1);
}

TEST(OpenaiHttp, DestructionWaitsForNothing) {
  RawServer server([](RawServer& self, Connection& connection) {
    self.read_request(connection);
    connection.wait_for_client_to_leave();
  });
  bool called = false;
  const auto begin = std::chrono::steady_clock::now();
  {
    Http http;
    for (int i = 0; i < 20; ++i) {
      http.start(get("http://host" + std::to_string(i) + ".invalid/"), [&](HttpResponse&&) {});
      http.start(get(server.url()), [&](HttpResponse&&) { called = true; });
    }
    http.timed_out();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace kg_batch::openai
