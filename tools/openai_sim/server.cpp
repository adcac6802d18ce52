#include "server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <memory>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace kg_sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t piece = 64 * 1024;
constexpr std::chrono::milliseconds slice{4};
constexpr std::chrono::hours longest_hang{1};
constexpr std::chrono::milliseconds look_again{10};  // at an answer that is held
// What a client may still send after it was answered early.
constexpr std::size_t most_drained = 64u << 20;

Request head_of(const http::request_header<>& header) {
  Request request;
  request.method = std::string(header.method_string());
  request.target = std::string(header.target());
  split_target(request.target, request.path, request.query);
  for (const auto& field : header) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    request.headers[name] = std::string(field.value());
  }
  return request;
}

std::string http_date(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

// Without `length` the body comes in chunks.
std::string head_text(const Response& response, std::optional<std::uint64_t> length, std::int64_t now_s, bool keep_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text += std::string(http::obsolete_reason(static_cast<http::status>(response.status)));
  text += "\r\ndate: " + http_date(now_s + response.date_shift_s) + "\r\ncontent-type: " + response.content_type +
          (length ? "\r\ncontent-length: " + std::to_string(*length) : "\r\ntransfer-encoding: chunked") + "\r\n";
  for (const auto& [name, value] : response.headers) text += name + ": " + value + "\r\n";
  text += keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
  return text;
}

Response bad_request() { return error_response({400, "Bad request", std::nullopt, std::nullopt}); }

// In the coroutines below nothing with a destructor is made inside an expression
// that waits: GCC 12 copies such temporaries byte by byte and destroys both.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Application& application, tcp::socket socket)
      : application_(application), socket_(std::move(socket)), timer_(socket_.get_executor()) {}

  // Static, because a coroutine that has not begun keeps only its parameters alive.
  static asio::awaitable<void> run(std::shared_ptr<Session> session) {
    try {
      while (co_await session->one_exchange()) {
      }
    } catch (const boost::system::system_error&) {
      // The client has gone.
    } catch (const std::exception& error) {
      std::fprintf(stderr, "openai_sim: a request failed: %s\n", error.what());
    }
    error_code ignored;
    session->socket_.shutdown(tcp::socket::shutdown_both, ignored);
    session->socket_.close(ignored);
  }

 private:
  // Whether the connection goes on.
  asio::awaitable<bool> one_exchange() {
    http::request_parser<http::buffer_body> parser;
    parser.header_limit(64 * 1024);
    // Not `none`, which Beast 1.74 takes for a limit of nothing.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    error_code failed;
    co_await http::async_read_header(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
      // Not HTTP; an end of the connection between requests is none.
      if (failed != http::error::end_of_stream &&
          failed.category() == make_error_code(http::error::bad_method).category()) {
        const Response refusal = bad_request();
        co_await send(refusal, refusal.body.size(), refusal.body.size(), false);
      }
      co_return false;
    }

    Request head = head_of(parser.get());
    if (const auto length = parser.content_length()) head.content_length = *length;
    const bool expects = beast::iequals(head.header("expect"), "100-continue");
    const bool keep_alive = parser.get().keep_alive();
    Exchange exchange(application_, std::move(head));

    if (auto early = exchange.before_body()) {
      const bool unread = !parser.is_done() && (parser.chunked() || parser.content_length().value_or(0) > 0);
      early->close |= unread;
      const bool goes_on = co_await respond(exchange, *early, keep_alive);
      if (unread) co_await drain();
      co_return goes_on;
    }
    if (expects && !parser.is_done()) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(socket_, asio::buffer(go_on), asio::use_awaitable);
    }
    const auto bytes = std::make_unique<std::array<char, piece>>();
    while (!parser.is_done()) {
      parser.get().body().data = bytes->data();
      parser.get().body().size = bytes->size();
      co_await http::async_read(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, failed));
      if (failed == http::error::need_buffer) failed = {};
      if (failed) co_return false;
      const std::size_t got = bytes->size() - parser.get().body().size;
      if (auto too_large = exchange.body(std::string_view(bytes->data(), got))) {
        co_await respond(exchange, *too_large, false);
        co_await drain();
        co_return false;
      }
    }
    const Response response = exchange.after_body();
    co_return co_await respond(exchange, response, keep_alive);
  }

  // Whether the connection goes on.
  asio::awaitable<bool> respond(Exchange& exchange, const Response& response, bool keep_alive) {
    keep_alive = keep_alive && !response.close;
    if (response.delay.count() > 0) {
      const bool waits = co_await client_waits(response.delay);
      if (!waits) {
        exchange.ended(false, 0);
        co_return false;
      }
    }
    if (response.is_held) {
      std::optional<std::int64_t>& left = application_.settings.hold_after;
      while (left && *left == 0) {
        const bool waits = co_await client_waits(look_again);
        if (!waits) {
          exchange.ended(false, 0);
          co_return false;
        }
      }
      if (left) --*left;
    }
    switch (response.wire) {
      case Wire::hang:
        co_await client_waits(longest_hang);
        exchange.ended(false, 0);
        co_return false;
      case Wire::drop:
        exchange.ended(false, 0);
        co_return false;
      case Wire::reset:
        reset();
        exchange.ended(false, 0);
        co_return false;
      case Wire::reset_in_body:
      case Wire::cut_body: {
        const std::uint64_t length = length_of(response);
        co_await send(response, length, length / 2, keep_alive);
        if (response.wire == Wire::reset_in_body) reset();
        exchange.ended(false, length / 2);
        co_return false;
      }
      case Wire::stall: {
        const std::uint64_t length = length_of(response);
        co_await send(response, length, length / 2, false);
        co_await client_waits(longest_hang);
        exchange.ended(false, length / 2);
        co_return false;
      }
      case Wire::drip: {
        const bool all = co_await drip(response);
        exchange.ended(all, length_of(response));
        co_return false;
      }
      case Wire::chunked_without_end:
        co_await send_chunk(response);
        exchange.ended(false, length_of(response));
        co_return false;
      case Wire::answer:
        break;
    }
    const std::uint64_t length = length_of(response);
    const std::int64_t promised = static_cast<std::int64_t>(length) + response.promised_more;
    co_await send(response, static_cast<std::uint64_t>(std::max<std::int64_t>(0, promised)), length, keep_alive);
    exchange.ended(response.promised_more <= 0, length);
    co_return keep_alive;
  }

  static std::uint64_t length_of(const Response& response) {
    const std::uint64_t all = response.file ? response.file->size() : response.body.size();
    return response.length ? std::min(*response.length, all) : all;
  }

  // The header promises `length` bytes; `sent` of them follow.
  asio::awaitable<void> send(const Response& response, std::uint64_t length, std::uint64_t sent, bool keep_alive) {
    const std::string head = head_text(response, length, application_.clock.now_s(), keep_alive);
    if (!response.file) {
      const std::array<asio::const_buffer, 2> both = {
          asio::buffer(head), asio::buffer(response.body.data(), static_cast<std::size_t>(sent))};
      co_await asio::async_write(socket_, both, asio::use_awaitable);
      co_return;
    }
    co_await asio::async_write(socket_, asio::buffer(head), asio::use_awaitable);
    co_await send_bytes(response, 0, sent);
  }

  asio::awaitable<void> send_bytes(const Response& response, std::uint64_t from, std::uint64_t until) {
    if (!response.file) {
      const asio::const_buffer part =
          asio::buffer(response.body.data() + from, static_cast<std::size_t>(until - from));
      co_await asio::async_write(socket_, part, asio::use_awaitable);
      co_return;
    }
    const auto bytes = std::make_unique<std::array<char, piece>>();
    for (std::uint64_t offset = from; offset < until;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece, until - offset));
      const std::size_t got = response.file->read(offset, bytes->data(), wanted);
      if (got == 0) throw std::runtime_error("a file ended before its end");
      co_await asio::async_write(socket_, asio::buffer(bytes->data(), got), asio::use_awaitable);
      offset += got;
    }
  }

  // Whether all of it went out before the client gave up.
  asio::awaitable<bool> drip(const Response& response) {
    const std::uint64_t length = length_of(response);
    const auto step = static_cast<std::uint64_t>(response.drip_bytes);
    co_await send(response, length, 0, false);
    for (std::uint64_t offset = 0; offset < length; offset += step) {
      co_await send_bytes(response, offset, std::min(length, offset + step));
      const bool waits = co_await client_waits(response.drip_pause);
      if (!waits) co_return false;
    }
    co_return true;
  }

  asio::awaitable<void> send_chunk(const Response& response) {
    const std::uint64_t length = length_of(response);
    char size[32];
    std::snprintf(size, sizeof size, "%llx\r\n", static_cast<unsigned long long>(length));
    const std::string head = head_text(response, std::nullopt, application_.clock.now_s(), false) + size;
    co_await asio::async_write(socket_, asio::buffer(head), asio::use_awaitable);
    co_await send_bytes(response, 0, length);
    static constexpr std::string_view chunk_end = "\r\n";
    co_await asio::async_write(socket_, asio::buffer(chunk_end), asio::use_awaitable);
  }

  // Waits; false when the client hung up meanwhile.
  asio::awaitable<bool> client_waits(std::chrono::steady_clock::duration time) {
    const auto gone = std::make_shared<bool>(false);
    timer_.expires_after(time);
    watch(gone);
    error_code ended;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    error_code ignored;
    socket_.cancel(ignored);
    co_return !*gone;
  }

  void watch(const std::shared_ptr<bool>& gone) {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this(), gone](const error_code& failed) {
      if (failed) return;
      char byte;
      const ssize_t got = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      // More bytes are the next request, which can wait.
      if (got > 0) return;
      *gone = true;
      self->timer_.cancel();
    });
  }

  // Reads what the client still sends, so that closing does not destroy the
  // answer that it has not read yet.
  asio::awaitable<void> drain() {
    error_code ended;
    socket_.shutdown(tcp::socket::shutdown_send, ended);
    timer_.expires_after(std::chrono::seconds(5));
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
      error_code ignored;
      if (!cancelled) self->socket_.close(ignored);
    });
    const auto bytes = std::make_unique<std::array<char, piece>>();
    for (std::size_t drained = 0; drained < most_drained && !ended;)
      drained += co_await socket_.async_read_some(asio::buffer(*bytes), asio::redirect_error(asio::use_awaitable, ended));
    timer_.cancel();
  }

  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  Application& application_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
};

asio::awaitable<void> accept(Application& application, tcp::acceptor& acceptor) {
  asio::steady_timer pause(acceptor.get_executor());
  for (;;) {
    error_code failed;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted) co_return;
    if (failed) {
      // Out of descriptors: others have to end first.
      std::fprintf(stderr, "openai_sim: could not accept: %s\n", failed.message().c_str());
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    socket.set_option(tcp::no_delay(true), failed);
    auto session = std::make_shared<Session>(application, std::move(socket));
    asio::co_spawn(acceptor.get_executor(), Session::run(std::move(session)), asio::detached);
  }
}

// The batches' work, in slices between the requests.
asio::awaitable<void> work(Application& application, asio::steady_timer& timer) {
  for (;;) {
    std::optional<std::chrono::milliseconds> wait;
    try {
      wait = application.step(slice);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "openai_sim: the batches stopped: %s\n", error.what());
      std::_Exit(1);
    }
    error_code woken;
    if (wait && wait->count() == 0) {
      co_await asio::post(timer.get_executor(), asio::use_awaitable);
      continue;
    }
    timer.expires_after(wait.value_or(std::chrono::hours(24)));
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

}  // namespace

void serve(Application& application, const std::string& host, std::uint16_t port,
           const std::function<void(std::uint16_t)>& on_listening) {
  asio::io_context context(1);
  const tcp::endpoint endpoint(asio::ip::make_address(host), port);
  tcp::acceptor acceptor(context);
  const auto listen = [&acceptor](const tcp::endpoint& where) {
    acceptor.open(where.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(where);
    acceptor.listen(4096);
  };
  listen(endpoint);
  const tcp::endpoint bound = acceptor.local_endpoint();
  asio::steady_timer refusal(context);
  application.refuse_connections = [&](std::chrono::milliseconds time) {
    error_code ignored;
    acceptor.close(ignored);
    refusal.expires_after(time);
    refusal.async_wait([&](const error_code& cancelled) {
      if (cancelled) return;
      listen(bound);
      asio::co_spawn(context, accept(application, acceptor), asio::detached);
    });
  };
  asio::steady_timer timer(context);
  application.wake = [&timer] { timer.cancel(); };
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&context](const error_code&, int) { context.stop(); });
  asio::co_spawn(context, accept(application, acceptor), asio::detached);
  asio::co_spawn(context, work(application, timer), asio::detached);
  on_listening(acceptor.local_endpoint().port());
  context.run();
}

}  // namespace kg_sim
