// A TCP server whose every byte a test decides: one thread a connection, which
// runs the test's handler. It keeps all requests it read whole, so that "exactly
// one arrived" can be asserted. Handlers wait for events, never for time.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "openai/http.h"

namespace kg_batch::openai::testing {

struct ReceivedRequest {
  std::size_t connection = 0;
  std::string head;  // request line and headers, as they came
  std::string body;

  bool has_header(std::string_view line) const { return head.find("\r\n" + std::string(line)) != std::string::npos; }
};

class Connection {
 public:
  Connection(int fd, std::size_t index, std::function<void(int)> close_descriptor)
      : fd_(fd), index_(index), close_descriptor_(std::move(close_descriptor)) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::size_t index() const { return index_; }

  // Request line and headers; nullopt when the client went away before.
  std::optional<std::string> read_head() {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::nullopt;
    }
    std::string head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    return head;
  }

  bool read_body(const std::string& head, std::string& body) {
    const std::size_t at = head.find("\r\nContent-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 18, nullptr, 10);
    while (buffer_.size() < length) {
      if (!receive()) return false;
    }
    body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return true;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool answer(std::string_view body, std::string_view headers = "Content-Type: application/json\r\n",
              std::string_view status = "200 OK") {
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\n").append(headers);
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return send(text);
  }

  void wait_for_client_to_leave() {
    while (receive()) buffer_.clear();
  }

  void close() {
    if (fd_ >= 0) close_descriptor_(fd_);
    fd_ = -1;
  }

  // The client sees a reset, not an end.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  bool receive() {
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  std::size_t index_;
  std::function<void(int)> close_descriptor_;
  std::string buffer_;
};

class RawServer {
 public:
  using Handler = std::function<void(RawServer&, Connection&)>;

  explicit RawServer(Handler handler) : handler_(std::move(handler)) {
    ::setenv("no_proxy", "*", 1);  // whatever the machine goes through, this is local
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 1024) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      throw std::runtime_error("could not listen");
    }
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }

  ~RawServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::string url(std::string_view path = "/v1", std::string_view scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

  // Reads one request whole and remembers it.
  std::optional<ReceivedRequest> read_request(Connection& connection) {
    ReceivedRequest request;
    request.connection = connection.index();
    auto head = connection.read_head();
    if (!head || !connection.read_body(*head, request.body)) return std::nullopt;
    request.head = std::move(*head);
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    return request;
  }

  void wait_for_requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count || stopping_; });
  }

  std::vector<ReceivedRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      const std::size_t index = accepted_++;
      open_.push_back(fd);
      threads_.emplace_back([this, fd, index] {
        Connection connection(fd, index, [this](int descriptor) {
          const std::lock_guard closing(mutex_);
          open_.erase(std::find(open_.begin(), open_.end(), descriptor));
          ::close(descriptor);
        });
        handler_(*this, connection);
      });
    }
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread accepting_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ReceivedRequest> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::size_t accepted_ = 0;
};

// An event loop as a worker has one, around nothing but `poll_fd`.
struct Loop {
  Http& http;
  int turns = 0;

  // False when `done` did not come true within `limit`.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      const long wanted = http.timeout_ms();
      const long wait = wanted < 0 ? left.count() : std::min<long>(wanted, left.count());
      pollfd descriptor{http.poll_fd(), POLLIN, 0};
      const int got = ::poll(&descriptor, 1, static_cast<int>(wait));
      ++turns;
      if (got > 0) {
        http.ready();
      } else {
        http.timed_out();
      }
    }
    return true;
  }

  HttpResponse fetch(HttpRequest request) { return fetch(std::move(request), {}); }

  HttpResponse fetch(HttpRequest request, Http::Sink sink) {
    std::optional<HttpResponse> response;
    http.start(std::move(request), std::move(sink), [&](HttpResponse&& got) { response = std::move(got); });
    run_until([&] { return response.has_value(); });
    if (!response) throw std::runtime_error("no response in time");
    return std::move(*response);
  }
};

}  // namespace kg_batch::openai::testing
