// What this file guarantees, and how:
//
// - A POST with a body is on the wire at most once, on a reused connection too.
//   libcurl re-sends by itself when a kept-alive connection dies before the
//   first byte of the answer; bodies are therefore read through a callback that
//   refuses to be rewound, which turns the re-send into an error. What has no
//   body to refuse with, or is marked `once`, gets a fresh connection, on which
//   libcurl never re-sends.
// - `not_sent` is said only when libcurl handed no byte of the request to the
//   connection.
// - Sinks and `on_done` run inside `ready` and `timed_out` alone: `start`,
//   `resume` and a `cancel` from within a callback are put off to the next turn.
// - All signals are blocked while libcurl works: the threads of its resolver
//   inherit the mask, and no signal handler of the process ever runs on them.
//   A sink runs inside that, so it must be quick; `on_done` does not.
// - An exception out of a sink or `on_done` comes out of `ready` or `timed_out`,
//   and loses no other transfer.
// - Secrets out of the request's headers are masked in whatever came back.

#include "openai/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <unordered_map>

#include "openai/json_text.h"

namespace kg_batch::openai {
namespace {

using Clock = std::chrono::steady_clock;

// Kept connections; libcurl's own limit follows the number of transfers of the
// moment and closes most of them whenever that sinks.
constexpr long kKeptConnections = 2048;
// Idle longer than this, a connection is not reused: gateways drop idle ones
// after a minute or more, and a request that meets the drop is lost.
constexpr long kReuseIdleSeconds = 30;
constexpr std::size_t kMaxHeaderBytes = 256u << 10;
constexpr std::size_t kMaxErrorChars = 300;

// Once a process. Never undone: other code of the process may use libcurl.
void initialize_curl() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_ALL);
  if (initialized != CURLE_OK) throw std::runtime_error("could not initialize libcurl");
}

class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct MimeDeleter {
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};

class EpollDescriptor {
 public:
  EpollDescriptor() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "could not create an epoll descriptor");
  }
  ~EpollDescriptor() { close(fd_); }
  EpollDescriptor(const EpollDescriptor&) = delete;
  EpollDescriptor& operator=(const EpollDescriptor&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string header_name(std::string_view header) { return lower(trimmed(header.substr(0, header.find(':')))); }

// What must never be seen in an answer or an error text.
std::vector<std::string> secrets_of(const std::vector<std::string>& headers) {
  constexpr std::size_t kShortestSecret = 6;  // masking "none" or "key" would only garble texts
  std::vector<std::string> secrets;
  for (const std::string& header : headers) {
    const std::string name = header_name(header);
    if (name != "authorization" && name != "api-key" && name != "x-api-key" && name != "proxy-authorization") continue;
    std::string_view value = trimmed(std::string_view(header).substr(std::min(header.find(':'), header.size() - 1) + 1));
    if (const std::size_t scheme = value.find(' '); scheme != std::string_view::npos) {
      value = trimmed(value.substr(scheme));
    }
    if (value.size() >= kShortestSecret) secrets.emplace_back(value);
  }
  return secrets;
}

void mask(std::string& text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) text.replace(at, secret.size(), "***");
  }
}

// Of a header's name, which is in lower case.
bool holds_any(const std::string& name, const std::vector<std::string>& secrets) {
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) { return name.find(lower(secret)) != std::string::npos; });
}

}  // namespace

// ---- one transfer ----

namespace {

enum class Stop { no, too_large, out_of_memory, sink_threw, bad_setup };

struct Transfer {
  TransferId id = 0;
  HttpRequest request;
  Http::Sink sink;
  Http::Done on_done;
  std::vector<std::string> secrets;

  // The mime structure belongs to the easy handle and the header list is read
  // by it: the handle is destroyed first.
  std::unique_ptr<curl_slist, ListDeleter> headers;
  std::unique_ptr<curl_mime, MimeDeleter> mime;
  std::unique_ptr<CURL, EasyDeleter> easy;
  std::array<char, CURL_ERROR_SIZE> error_text{};

  Clock::time_point started_at = Clock::now();
  std::size_t body_sent = 0;
  HttpResponse response;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  std::string last_header;      // for a folded line
  bool has_status = true;
  bool headers_ended = false;
  bool in_multi = false;
  bool paused = false;
  bool cancelled = false;       // from within a callback: dropped when libcurl has returned
  bool finished = false;        // `response` is whole, on_done not yet called
  Stop stop = Stop::no;
  std::exception_ptr sink_error;
};

// "HTTP/1.1 200 OK", "HTTP/2 200": libcurl is content with less, and reads some number
// of any size from it or none, by version.
bool is_status_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space > std::string_view("HTTP/1.1").size() || line.size() < space + 4) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string_view code = line.substr(space + 1, 3);
  return code.front() != '0' && std::all_of(code.begin(), code.end(), is_digit) && (line.size() == space + 4 || !is_digit(line[space + 4]));
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  try {
    transfer.header_bytes += length;
    if (transfer.header_bytes > kMaxHeaderBytes) {
      transfer.stop = Stop::too_large;
      return 0;
    }
    const std::string_view line(data, length);
    auto& headers = transfer.response.headers;
    if (line.substr(0, 5) == "HTTP/") {  // a new answer: what came before was 1xx or the proxy's
      headers.clear();
      transfer.last_header.clear();
      transfer.headers_ended = false;
      transfer.has_status = is_status_line(line);
      return length;
    }
    const std::string_view content = trimmed(line);
    if (content.empty()) {
      transfer.headers_ended = true;
      return length;
    }
    if (transfer.headers_ended) return length;  // trailers say nothing that is used
    if (line.front() == ' ' || line.front() == '\t') {
      if (const auto folded = headers.find(transfer.last_header); folded != headers.end()) {
        folded->second.append(" ").append(content);
      }
      return length;
    }
    const std::size_t colon = content.find(':');
    if (colon == std::string_view::npos) return length;
    transfer.last_header = lower(trimmed(content.substr(0, colon)));
    headers[transfer.last_header] = trimmed(content.substr(colon + 1));
    return length;
  } catch (...) {
    transfer.stop = Stop::out_of_memory;
    return 0;
  }
}

constexpr std::size_t kAbort = static_cast<std::size_t>(-1);  // in every version no length of a body

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  if (transfer.cancelled || transfer.stop != Stop::no) return kAbort;
  if (length == 0) return 0;
  if (length > transfer.request.max_body - std::min(transfer.body_bytes, transfer.request.max_body)) {
    transfer.stop = Stop::too_large;
    return kAbort;
  }
  try {
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (transfer.sink && status >= 200 && status < 300) {
      if (transfer.sink(std::string_view(data, length)) == Http::Take::pause) {
        transfer.paused = true;
        return CURL_WRITEFUNC_PAUSE;
      }
      if (transfer.cancelled) return kAbort;
    } else {
      transfer.response.body.append(data, length);
    }
  } catch (const std::bad_alloc&) {
    transfer.stop = Stop::out_of_memory;
    return kAbort;
  } catch (...) {
    transfer.stop = Stop::sink_threw;
    transfer.sink_error = std::current_exception();
    return kAbort;
  }
  transfer.body_bytes += length;
  return length;
}

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string& body = transfer.request.body;
  const std::size_t length = std::min(size * count, body.size() - transfer.body_sent);
  std::memcpy(buffer, body.data() + transfer.body_sent, length);
  transfer.body_sent += length;
  return length;
}

// libcurl rewinds a body only to send it a second time.
int on_rewind(void* user, curl_off_t offset, int) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  if (offset == 0 && transfer.body_sent == 0) return CURL_SEEKFUNC_OK;
  return CURL_SEEKFUNC_FAIL;
}

// Collects the first error of a row of options.
class EasyOptions {
 public:
  explicit EasyOptions(CURL* easy) : easy_(easy) {}
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (result_ == CURLE_OK) result_ = curl_easy_setopt(easy_, option, value);
  }
  void note(CURLcode result) {
    if (result_ == CURLE_OK) result_ = result;
  }
  CURLcode result() const { return result_; }

 private:
  CURL* easy_;
  CURLcode result_ = CURLE_OK;
};

void append_header(Transfer& transfer, const std::string& header) {
  curl_slist* longer = curl_slist_append(transfer.headers.get(), header.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  (void)transfer.headers.release();
  transfer.headers.reset(longer);
}

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const std::string& header) { return header_name(header) == name; });
}

CURLcode add_part(curl_mime* mime, const std::string& name, const std::string& value) {
  curl_mimepart* part = curl_mime_addpart(mime);
  if (part == nullptr) return CURLE_OUT_OF_MEMORY;
  if (const CURLcode result = curl_mime_name(part, name.c_str()); result != CURLE_OK) return result;
  return curl_mime_data(part, value.data(), value.size());
}

// The file is read while it is sent, its length is known before.
CURLcode set_file(Transfer& transfer, const FilePart& file) {
  transfer.mime.reset(curl_mime_init(transfer.easy.get()));
  curl_mime* mime = transfer.mime.get();
  if (mime == nullptr) return CURLE_OUT_OF_MEMORY;
  curl_mimepart* part = curl_mime_addpart(mime);
  if (part == nullptr) return CURLE_OUT_OF_MEMORY;
  CURLcode result = curl_mime_name(part, "file");
  if (result == CURLE_OK) result = curl_mime_filedata(part, file.path.c_str());
  if (result == CURLE_OK) result = curl_mime_filename(part, file.filename.c_str());
  if (result == CURLE_OK) result = curl_mime_type(part, "application/octet-stream");
  for (const auto& [name, value] : file.fields) {
    if (result == CURLE_OK) result = add_part(mime, name, value);
  }
  if (result == CURLE_OK) result = curl_easy_setopt(transfer.easy.get(), CURLOPT_MIMEPOST, mime);
  return result;
}

CURLcode set_body(Transfer& transfer, EasyOptions& easy) {
  HttpRequest& request = transfer.request;
  if (request.file) {
    if (const CURLcode result = set_file(transfer, *request.file); result != CURLE_OK) return result;
    easy.set(CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    if (request.method != "POST") easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    return easy.result();
  }
  if (request.body.empty()) {
    if (request.method == "GET") {
      easy.set(CURLOPT_HTTPGET, 1L);
    } else if (request.method == "HEAD") {
      easy.set(CURLOPT_NOBODY, 1L);
    } else if (request.method == "POST") {
      easy.set(CURLOPT_POSTFIELDS, "");
      easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(0));
      append_header(transfer, "Content-Type:");  // or it would claim to be a form
    } else {
      easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    return easy.result();
  }
  easy.set(CURLOPT_POST, 1L);
  if (request.method != "POST") easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  easy.set(CURLOPT_READFUNCTION, &on_read);
  easy.set(CURLOPT_READDATA, &transfer);
  easy.set(CURLOPT_SEEKFUNCTION, &on_rewind);
  easy.set(CURLOPT_SEEKDATA, &transfer);
  if (!has_header(request, "content-type")) append_header(transfer, "Content-Type: application/json");
  return easy.result();
}

CURLcode set_up(Transfer& transfer, const Http::Options& options) {
  HttpRequest& request = transfer.request;
  transfer.easy.reset(curl_easy_init());
  if (!transfer.easy) return CURLE_OUT_OF_MEMORY;
  EasyOptions easy(transfer.easy.get());

  easy.set(CURLOPT_PRIVATE, &transfer);
  easy.set(CURLOPT_ERRORBUFFER, transfer.error_text.data());
  easy.set(CURLOPT_NOSIGNAL, 1L);
  easy.set(CURLOPT_QUICK_EXIT, 1L);  // or cleaning up would join a resolver that hangs
  easy.set(CURLOPT_PROTOCOLS_STR, "http,https");
  easy.set(CURLOPT_FOLLOWLOCATION, 0L);
  easy.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  easy.set(CURLOPT_SSL_VERIFYPEER, 1L);
  easy.set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) easy.set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.proxy.empty()) easy.set(CURLOPT_PROXY, options.proxy.c_str());
  easy.set(CURLOPT_TCP_KEEPALIVE, 1L);

  easy.set(CURLOPT_URL, request.url.c_str());
  easy.set(CURLOPT_USERAGENT, request.user_agent.empty() ? "kg_batch" : request.user_agent.c_str());
  easy.set(CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout_ms);
  easy.set(CURLOPT_TIMEOUT_MS, request.timeout_ms);
  if (request.low_speed_seconds > 0) {
    easy.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    easy.set(CURLOPT_LOW_SPEED_TIME, request.low_speed_seconds);
  }
  if (request.plain) {
    easy.set(CURLOPT_BUFFERSIZE, 128L << 10);
  } else {
    easy.set(CURLOPT_ACCEPT_ENCODING, "gzip");
  }

  for (const std::string& header : request.headers) {
    if (header.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      std::snprintf(transfer.error_text.data(), transfer.error_text.size(), "a request header contains a line break");
      return CURLE_BAD_FUNCTION_ARGUMENT;
    }
    append_header(transfer, header);
  }
  append_header(transfer, "Expect:");  // servers that ignore it cost a second each
  if (const CURLcode result = set_body(transfer, easy); result != CURLE_OK) return result;

  easy.set(CURLOPT_MAXAGE_CONN, kReuseIdleSeconds);
  const bool refuses_rewind = !request.body.empty() && !request.file;
  const bool harmless_twice = request.method == "GET" || request.method == "HEAD" || request.method == "DELETE";
  if (request.once || !(refuses_rewind || harmless_twice)) easy.set(CURLOPT_FRESH_CONNECT, 1L);
  if (request.once) easy.set(CURLOPT_FORBID_REUSE, 1L);

  easy.set(CURLOPT_HEADERFUNCTION, &on_header);
  easy.set(CURLOPT_HEADERDATA, &transfer);
  easy.set(CURLOPT_WRITEFUNCTION, &on_body);
  easy.set(CURLOPT_WRITEDATA, &transfer);
  easy.set(CURLOPT_HTTPHEADER, transfer.headers.get());
  return easy.result();
}

}  // namespace

// ---- all transfers ----

struct Http::State {
  Options options;
  EpollDescriptor epoll;
  std::unique_ptr<CURLM, MultiDeleter> multi;
  std::optional<Clock::time_point> deadline;  // of libcurl's own timer
  std::unordered_map<TransferId, std::unique_ptr<Transfer>> transfers;
  std::vector<TransferId> to_add, to_resume, to_drop;  // put off to where libcurl may be called
  std::deque<TransferId> finished;
  TransferId last_id = 0;
  int inside_curl = 0;

  // Every call of libcurl that may work on transfers.
  class Inside {
   public:
    explicit Inside(State& state) : state_(state) { ++state_.inside_curl; }
    ~Inside() { --state_.inside_curl; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    State& state_;
    AllSignalsBlocked blocked_;
  };

  explicit State(const Options& given) : options(given) {
    initialize_curl();
    multi.reset(curl_multi_init());
    if (!multi) throw std::bad_alloc();
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, &State::on_socket);
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, &State::on_timer);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, 0L);
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
#if LIBCURL_VERSION_NUM >= 0x081400
    // From 8.20 the threads of the resolver belong to the multi handle.
    curl_multi_setopt(multi.get(), CURLMOPT_QUICK_EXIT, 1L);
#endif
  }

  ~State() {
    Inside inside(*this);
    for (auto& [id, transfer] : transfers) detach(*transfer);
    transfers.clear();
    multi.reset();
  }

  static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void*) noexcept {
    const int epoll_fd = static_cast<State*>(user)->epoll.fd();
    if (what == CURL_POLL_REMOVE) {
      // Closed already, it is gone by itself; then this fails and all is well.
      epoll_ctl(epoll_fd, EPOLL_CTL_DEL, socket, nullptr);
      return 0;
    }
    epoll_event event{};
    event.data.fd = socket;
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    // libcurl may close a socket and get the same number again without a
    // REMOVE between, so which of the two is right is only known by trying.
    if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, socket, &event) != 0) {
      epoll_ctl(epoll_fd, EPOLL_CTL_ADD, socket, &event);
    }
    // An error would make libcurl give up all transfers; so this one alone
    // runs into its timeout.
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* user) noexcept {
    auto& state = *static_cast<State*>(user);
    if (timeout_ms < 0) {
      state.deadline.reset();
    } else {
      state.deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
    }
    return 0;
  }

  Transfer* find(TransferId id) {
    const auto found = transfers.find(id);
    return found == transfers.end() ? nullptr : found->second.get();
  }

  void detach(Transfer& transfer) {
    Inside inside(*this);
    if (transfer.in_multi) curl_multi_remove_handle(multi.get(), transfer.easy.get());
    transfer.in_multi = false;
    transfer.easy.reset();
    transfer.mime.reset();
    transfer.headers.reset();
  }

  void drop(TransferId id) {
    if (Transfer* transfer = find(id)) {
      detach(*transfer);
      transfers.erase(id);
    }
  }

  void add(Transfer& transfer) {
    Inside inside(*this);
    const CURLMcode added = curl_multi_add_handle(multi.get(), transfer.easy.get());
    if (added == CURLM_OK) {
      transfer.in_multi = true;
    } else {
      finish(transfer, CURLE_FAILED_INIT);
    }
  }

  void resume(Transfer& transfer) {
    if (!transfer.in_multi || !transfer.paused) return;
    transfer.paused = false;
    CURLcode result = CURLE_OK;
    {
      Inside inside(*this);
      result = curl_easy_pause(transfer.easy.get(), CURLPAUSE_CONT);
    }
    // What was held back is handed over inside that call; when the receiver
    // ends the transfer there, libcurl reports it here and nowhere else.
    if (transfer.stop != Stop::no) {
      finish(transfer, result == CURLE_OK ? CURLE_WRITE_ERROR : result);
    } else if (result != CURLE_OK && result != CURLE_BAD_FUNCTION_ARGUMENT && !transfer.cancelled) {
      finish(transfer, result);
    }
  }

  // Makes the response and lets libcurl's part go; `deliver` hands it over.
  void finish(Transfer& transfer, CURLcode result) {
    if (transfer.finished) return;
    HttpResponse& response = transfer.response;
    long sent_bytes = 0;
    if (transfer.easy) {
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &response.status);
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
    }
    response.latency_us =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - transfer.started_at).count();

    if (!transfer.has_status) response.status = 0;
    // libcurl takes a connection that ends among the headers for an empty body.
    if (result == CURLE_OK && response.status >= 200 && transfer.headers_ended) {
      response.outcome = Outcome::answered;
    } else if (transfer.stop == Stop::too_large) {
      response.outcome = Outcome::too_large;
      response.error = "the answer is larger than the limit of " + std::to_string(transfer.request.max_body) + " bytes";
    } else {
      response.outcome = sent_bytes == 0 ? Outcome::not_sent : Outcome::unknown;
      if (transfer.stop == Stop::out_of_memory) {
        response.error = "out of memory";
      } else if (transfer.stop == Stop::sink_threw) {
        response.error = "the receiver of the answer gave up";
      } else if (!transfer.has_status) {
        response.error = "the answer has no readable status";
      } else if (result == CURLE_OK) {
        response.error = "the answer broke off among its headers";
      } else {
        response.error = transfer.error_text[0] != '\0' ? transfer.error_text.data() : curl_easy_strerror(result);
      }
      mask(response.error, transfer.secrets);
      response.error = short_text(response.error, kMaxErrorChars);
    }
    mask(response.body, transfer.secrets);
    std::erase_if(response.headers, [&](const auto& header) { return holds_any(header.first, transfer.secrets); });
    for (auto& [name, value] : response.headers) mask(value, transfer.secrets);

    detach(transfer);
    transfer.finished = true;
    finished.push_back(transfer.id);
  }

  TransferId start(HttpRequest&& request, Sink&& sink, Done&& on_done) {
    auto owned = std::make_unique<Transfer>();
    Transfer& transfer = *owned;
    transfer.id = ++last_id;
    transfer.request = std::move(request);
    transfer.sink = std::move(sink);
    transfer.on_done = std::move(on_done);
    transfer.secrets = secrets_of(transfer.request.headers);
    transfers.emplace(transfer.id, std::move(owned));

    const CURLcode result = set_up(transfer, options);
    if (result != CURLE_OK) {
      transfer.stop = Stop::bad_setup;
      finish(transfer, result);
    } else if (inside_curl > 0) {
      to_add.push_back(transfer.id);
    } else {
      add(transfer);
    }
    return transfer.id;
  }

  void cancel(TransferId id) {
    Transfer* transfer = find(id);
    if (transfer == nullptr) return;
    if (inside_curl > 0) {
      transfer->cancelled = true;
      to_drop.push_back(id);
    } else {
      drop(id);
    }
  }

  void do_put_off() {
    for (const TransferId id : std::exchange(to_drop, {})) drop(id);
    for (const TransferId id : std::exchange(to_add, {})) {
      if (Transfer* transfer = find(id)) add(*transfer);
    }
    for (const TransferId id : std::exchange(to_resume, {})) {
      if (Transfer* transfer = find(id)) resume(*transfer);
    }
  }

  void serve_sockets() {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll.fd(), events.data(), static_cast<int>(events.size()), 0);
    int running = 0;
    Inside inside(*this);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      int what = 0;
      if (event.events & EPOLLIN) what |= CURL_CSELECT_IN;
      if (event.events & EPOLLOUT) what |= CURL_CSELECT_OUT;
      // An error or hang-up alone: libcurl looks for itself, whatever it waits for.
      curl_multi_socket_action(multi.get(), event.data.fd, what, &running);
    }
  }

  void serve_timer() {
    if (!deadline || Clock::now() < *deadline) return;
    deadline.reset();
    int running = 0;
    Inside inside(*this);
    curl_multi_socket_action(multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      char* user = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      auto& transfer = *static_cast<Transfer*>(static_cast<void*>(user));
      if (transfer.cancelled) continue;  // on the list to be dropped
      finish(transfer, result);
    }
  }

  void deliver() {
    // Only what is there now: an `on_done` that starts something that cannot
    // even be set up must not keep the caller in here for ever.
    for (std::size_t left = finished.size(); left > 0 && !finished.empty(); --left) {
      const TransferId id = finished.front();
      finished.pop_front();
      const auto found = transfers.find(id);
      if (found == transfers.end()) continue;  // cancelled meanwhile
      const std::unique_ptr<Transfer> transfer = std::move(found->second);
      transfers.erase(found);
      if (transfer->on_done) transfer->on_done(std::move(transfer->response));
      if (transfer->sink_error) std::rethrow_exception(transfer->sink_error);
    }
  }

  void turn() {
    do_put_off();
    serve_sockets();
    serve_timer();  // here too: under steady traffic a caller might never get to `timed_out`
    collect();
    do_put_off();   // what sinks asked for
    deliver();
  }
};

Http::Http() : Http(Options{}) {}
Http::Http(const Options& options) : state_(std::make_unique<State>(options)) {}
Http::~Http() = default;

TransferId Http::start(HttpRequest request, Done on_done) {
  return state_->start(std::move(request), Sink{}, std::move(on_done));
}

TransferId Http::start(HttpRequest request, Sink sink, Done on_done) {
  return state_->start(std::move(request), std::move(sink), std::move(on_done));
}

void Http::resume(TransferId transfer) { state_->to_resume.push_back(transfer); }

void Http::cancel(TransferId transfer) { state_->cancel(transfer); }

int Http::poll_fd() const { return state_->epoll.fd(); }

long Http::timeout_ms() const {
  const State& state = *state_;
  if (!state.finished.empty() || !state.to_add.empty() || !state.to_resume.empty() || !state.to_drop.empty()) return 0;
  if (!state.deadline) return -1;
  const auto left = *state.deadline - Clock::now();
  if (left <= Clock::duration::zero()) return 0;
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void Http::ready() { state_->turn(); }

void Http::timed_out() { state_->turn(); }

std::size_t Http::in_flight() const { return state_->transfers.size(); }

}  // namespace kg_batch::openai
