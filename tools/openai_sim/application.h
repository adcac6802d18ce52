// The stand-in without its network: an `Exchange` for each request, which the
// server leads from the header to the last byte, and `step` for the batches.
// Everything happens on one thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "answers.h"
#include "batches.h"
#include "bill.h"
#include "chat.h"
#include "embeddings.h"
#include "faults.h"
#include "file_store.h"
#include "journal.h"
#include "rate_limits.h"
#include "router.h"
#include "settings.h"
#include "upload.h"
#include "virtual_clock.h"

namespace kg_sim {

struct Application {
  // Takes up what an earlier run left in `state_folder`. Throws
  // std::runtime_error when the folder or the gold file cannot be used.
  Application(Settings initial, const std::string& state_folder, const std::string& gold_path);

  // Works on batches for about `budget`; how long until there is more to do, in
  // real time, or nullopt for not before something is asked.
  std::optional<std::chrono::milliseconds> step(std::chrono::microseconds budget);

  // Called when `step` may have work earlier than it said.
  std::function<void()> wake = [] {};

  // Nobody is let in for so long; who is connected stays so.
  std::function<void(std::chrono::milliseconds)> refuse_connections = [](std::chrono::milliseconds) {};

  Settings settings;
  VirtualClock clock;
  FileStore files;
  Faults faults;
  Bill bill;
  Answers answers;
  Chat chat;
  Embeddings embeddings;
  Batches batches;
  RateLimits rate_limits;
  Journal journal;
  Router router;
};

class Exchange {
 public:
  // `head` has no body yet.
  Exchange(Application& application, Request head);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // An answer that does not wait for the body.
  std::optional<Response> before_body();
  // A piece of the body; an answer when it has become too large.
  std::optional<Response> body(std::string_view bytes);
  Response after_body();
  // The answer is out, or will never be.
  void ended(bool delivered, std::uint64_t response_bytes);

 private:
  Response handle();
  Response finished(Response response);
  JournalEntry& entry();

  Application& application_;
  Request request_;
  Router::Match match_;
  std::int64_t seq_ = 0;
  std::unique_ptr<Upload> upload_;
  std::uint64_t body_bytes_ = 0;
  double began_ms_;
  bool chat_ = false;
  bool ended_ = false;
  JournalEntry dropped_;  // stands in when the journal no longer has the entry
};

// One file for each family of routes.
void add_file_routes(Application& application);
void add_batch_routes(Application& application);
void add_chat_routes(Application& application);
void add_embedding_routes(Application& application);
void add_model_routes(Application& application);
void add_control_routes(Application& application);

}  // namespace kg_sim
