// Many HTTP transfers at once over libcurl's multi socket interface, driven
// from outside: every socket is in one epoll descriptor (`poll_fd`), so that an
// event loop waits for that descriptor, its own latch and nothing else.
//
// Guarantees: no POST is on the wire twice (on a kept connection libcurl would
// send again what got no answer; it is kept from it, and a request marked `once`
// has a connection of its own); redirects are not followed; TLS is verified;
// only http and https are spoken; a body is limited to `max_body` bytes;
// callbacks neither throw nor call anything but the sink. The API key is in no
// error text, header or body that comes back.
//
// Sinks and `on_done` run inside `ready` or `timed_out`, never inside `start` or
// `resume`. What they throw comes out there; other transfers lose nothing by it.
// Signals are blocked while a sink runs, not while `on_done` does.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kg_batch::openai {

struct FilePart {      // a multipart/form-data upload from a file on disk, streamed
  std::string path;
  std::string filename;
  std::vector<std::pair<std::string, std::string>> fields;  // purpose, expires_after[anchor], …
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;   // "Name: value", the Authorization header among them
  std::string body;                   // with a JSON content type when not empty
  std::optional<FilePart> file;
  bool once = false;                  // fresh connection, exactly one request on the wire
  bool plain = false;                 // no compression, HTTP/1.1: for file content
  long connect_timeout_ms = 10'000;
  long timeout_ms = 600'000;          // of the whole transfer; 0 is none
  long low_speed_seconds = 0;         // gives up below one byte a second for so long
  std::size_t max_body = 64u << 20;
  std::string user_agent;
};

enum class Outcome {
  answered,     // a status line and a whole body
  not_sent,     // the request cannot have reached the server (could not connect, resolve, or shake hands)
  unknown,      // it may have: timeout, reset, short or broken body
  too_large,    // body over max_body
};

struct HttpResponse {
  Outcome outcome = Outcome::unknown;
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case, the last of equals wins
  std::string body;                            // empty with a sink
  std::string error;                           // libcurl's words when not answered
  std::int64_t latency_us = 0;
};

using TransferId = std::uint64_t;

class Http {
 public:
  // What a sink says of the bytes that it was offered.
  enum class Take { all, pause };
  using Sink = std::function<Take(std::string_view bytes)>;  // pause: offered again after `resume`
  using Done = std::function<void(HttpResponse&&)>;

  struct Options {
    std::string ca_file;  // empty: the system's
    std::string proxy;    // empty: the environment's
  };

  Http();
  explicit Http(const Options& options);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  TransferId start(HttpRequest request, Done on_done);
  TransferId start(HttpRequest request, Sink sink, Done on_done);  // body of a 2xx goes to the sink
  void resume(TransferId transfer);                                // a paused sink takes bytes again
  void cancel(TransferId transfer);                                // no callback comes any more

  int poll_fd() const;         // readable when `ready` has work
  long timeout_ms() const;     // until `timed_out` wants to be called; -1 for never
  void ready();
  void timed_out();
  std::size_t in_flight() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kg_batch::openai
