// What a server answers, byte for byte: headers, body, and what is read out of them.
//
// The input is the bytes of the answer. A server of this very thread sends them
// over a socket and closes, in pieces that follow from the input.

#include "openai/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "openai/client.h"
#include "openai/rate_limit.h"
#include "require.h"
#include "target.h"

namespace kg_batch::fuzz {

std::vector<std::string> examples() {
  return {
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_1\r\nContent-Length: 113\r\n\r\n"
      R"({"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"message":{"content":"{\"facts\":[]}"},"finish_reason":"stop"}]})",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n{\"id\":\"batch_1\",\"status\":\"i\r\n10\r\nn_progress\",\"a\":1\r\n1\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n",
      "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 20\r\nretry-after-ms: 1500\r\nx-ratelimit-limit-requests: 500\r\nx-ratelimit-remaining-requests: 0\r\n"
      "x-ratelimit-reset-requests: 1m2.5s\r\nx-ratelimit-remaining-tokens: 100\r\nx-should-retry: true\r\nContent-Length: 64\r\n\r\n"
      R"({"error":{"message":"Rate limit","type":"tokens","code":"limit"}})",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Unavailable\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\nDate: Thu, 26 Nov 2026 15:00:00 GMT\r\n"
      "X-Folded: a\r\n  b\r\n\r\n<html>down</html>",
      "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Bearer key-0123456789abcdef\r\n\r\n"
      R"({"error":{"message":"Incorrect API key provided: key-0123456789abcdef.","code":"invalid_api_key"}})",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n\x1f\x8b\x08\x01"};
}

}  // namespace kg_batch::fuzz

namespace {

using namespace kg_batch;
using namespace kg_batch::openai;
using fuzz::require;

constexpr std::size_t most_body = 4096;
constexpr std::string_view key = "key-0123456789abcdef";

class Server {
 public:
  Server() {
    ::setenv("no_proxy", "*", 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      throw std::runtime_error("could not listen");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/v1";
  }

  const std::string& url() const { return url_; }
  int fd() const { return connection_ >= 0 ? connection_ : listener_; }
  short events() const { return connection_ >= 0 && request_read_ && !ended_ ? POLLOUT : POLLIN; }

  void begin(std::string_view answer, std::size_t piece) {
    end();
    answer_ = answer;
    piece_ = piece;
    request_read_ = ended_ = false;
  }

  // What can be done without waiting.
  void turn() {
    if (connection_ < 0) {
      connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (connection_ >= 0) {
        const int on = 1;
        ::setsockopt(connection_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      return;
    }
    if (!request_read_) {
      char bytes[4096];
      const ssize_t got = ::recv(connection_, bytes, sizeof bytes, 0);
      request_read_ = got > 0;
      return;
    }
    if (!answer_.empty()) {
      const ssize_t sent = ::send(connection_, answer_.data(), std::min(piece_, answer_.size()), MSG_NOSIGNAL);
      answer_.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : answer_.size());
    }
    if (answer_.empty() && !ended_) {
      ::shutdown(connection_, SHUT_WR);
      ended_ = true;
    }
  }

  void end() {
    if (connection_ >= 0) {
      const linger now{1, 0};
      ::setsockopt(connection_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      ::close(connection_);
      connection_ = -1;
    }
  }

 private:
  int listener_ = -1;
  int connection_ = -1;
  std::string url_;
  std::string_view answer_;
  std::size_t piece_ = 1;
  bool request_read_ = false;
  bool ended_ = false;
};

// Texts that people see.
void require_error(const ApiError& error) {
  fuzz::require_storable(error.message, 500);
  require(!error.message.empty(), "an error says what it is");
  require(error.message.find(key) == std::string::npos, "no key in an error");
  require(std::none_of(error.message.begin(), error.message.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }),
          "no control character in an error");
  require(!error.retry_after_ms || (*error.retry_after_ms >= 0 && *error.retry_after_ms <= 600'000), "a wait is at most ten minutes");
  for (const std::string* text : {&error.code, &error.type, &error.param, &error.request_id}) {
    fuzz::require_storable(*text);
  }
}

void require_result(const auto& result) {
  if (const auto* error = std::get_if<ApiError>(&result)) {
    require_error(*error);
  }
}

void require_response(const HttpResponse& response) {
  require(response.outcome != Outcome::answered || (response.status >= 200 && response.status <= 999), "an answer has a status");
  require((response.outcome == Outcome::answered) == response.error.empty(), "what is no answer says why");
  require(response.body.size() <= most_body, "a body keeps to its limit");
  require(response.body.find(key) == std::string::npos && response.error.find(key) == std::string::npos, "no key in body or error");
  fuzz::require_storable(response.error, 300);
  std::size_t headers = 0;
  for (const auto& [name, value] : response.headers) {
    headers += name.size() + value.size();
    require(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), "names of headers are in lower case");
    require(value.find('\n') == std::string::npos && name.find_first_of("\n:") == std::string::npos, "a header is one line");
    require(value.find(key) == std::string::npos && name.find(key) == std::string::npos, "no key in a header");
  }
  require(headers <= 256u << 10, "headers keep to their limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server server;
  static Http http;
  const bool to_sink = size % 4 == 3;
  server.begin(fuzz::text_of(data, size), size % 3 == 0 ? 1 + size % 97 : size + 1);

  HttpRequest request;
  request.url = server.url();
  request.headers = {"Authorization: Bearer " + std::string(key)};
  request.max_body = most_body;
  request.once = true;  // nothing is left to the next input
  request.plain = to_sink;
  int done = 0;
  HttpResponse response;
  std::size_t sunk = 0;
  const auto on_done = [&](HttpResponse&& got) {
    ++done;
    response = std::move(got);
  };
  if (to_sink) {
    http.start(std::move(request), [&](std::string_view bytes) {
      sunk += bytes.size();
      return Http::Take::all;
    }, on_done);
  } else {
    http.start(std::move(request), on_done);
  }
  while (done == 0) {
    pollfd descriptors[2] = {{http.poll_fd(), POLLIN, 0}, {server.fd(), server.events(), 0}};
    const long wanted = http.timeout_ms();
    ::poll(descriptors, 2, wanted < 0 ? 1000 : static_cast<int>(std::min(wanted, 1000L)));
    http.ready();
    if (done == 0) {
      server.turn();
    }
  }
  server.end();
  require(done == 1 && http.in_flight() == 0, "a transfer ends once");
  require(sunk <= most_body, "a sink gets no more than the limit");
  require_response(response);

  require_result(read_chat(response));
  require_result(read_file(response, true));
  require_result(read_batch(response, true));
  require_result(read_batch_page(response));
  require_result(read_file_page(response));
  require_result(read_models(response));
  require_error(read_error(response, size % 2 == 0));
  return 0;
}
