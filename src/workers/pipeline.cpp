// A pipeline: cuts conversations, plans questions, sends direct ones with many in
// flight, reads answers, folds mentions.
//
// Guarantees: no transaction is open while it waits; a direct question stands in
// the ledger as in flight, durably, before it is sent, and its answer is stored
// before anything is made of it; whatever it has claimed is freed by the
// coordinator when it ends, however it ends. An item that raises an error is
// tried again alone, and then fails alone.
//
// Slots are what is scarce: a question that was entered in the ledger ahead of
// time leaves in the same moment in which another one's answer came, also in the
// middle of a transaction. What stands there as in flight is therefore up to a
// quarter more than what is.

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <tuple>

#include "backend/bridge.h"
#include "backend/locks.h"
#include "backend/log.h"
#include "backend/settings.h"
#include "backend/shared_memory.h"
#include "backend/spi.h"
#include "backend/transaction.h"
#include "backend/wait.h"
#include "openai/http.h"
#include "openai/retry.h"
#include "store/boundary.h"
#include "store/conversation.h"
#include "store/counting.h"
#include "store/cutting_options.h"
#include "store/follow.h"
#include "store/job.h"
#include "store/round.h"
#include "workers/answered.h"
#include "workers/api_access.h"
#include "workers/asking.h"
#include "workers/crash_point.h"
#include "workers/deciding.h"
#include "workers/dividing.h"
#include "workers/reading.h"
#include "workers/worker_process.h"

namespace kg_batch::workers {

using namespace backend;
using store::Item;
using store::Work;

namespace {

constexpr std::int64_t idle_limit_ms = 60'000;
constexpr int most_without_slots = 100;  // conversations to cut or answers to read at once
constexpr int round_limit = 200;       // chunks a round folds at most
constexpr int short_round_limit = 50;  // while requests are out
// Rounds are cheaper the more chunks they fold, so they wait for a moment without
// other work, or for as many chunks as fill one: one pipeline at a time folds a graph,
// and what is left for the end is folded while the others have nothing to do. But not
// longer than this, for those who watch the graph grow.
constexpr std::int64_t most_between_rounds_ms = 2'000;
constexpr int read_between_looks = 50;  // chunks that a pipeline reads before it looks for a full round
constexpr std::int64_t most_between_counts_ms = 500;
constexpr int ask_again_ms = 10'000;  // about the graph, after an error
constexpr int locked_again_ms = 1'000;   // somebody has a lock on a followed table
constexpr std::int64_t round_retry_ms = 20;  // somebody else has the graph's lock

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double random_unit() {
  static std::minstd_rand generator(static_cast<unsigned>(MyProcPid));
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

struct Arrived {
  Prepared prepared;
  openai::HttpResponse response;
};

class Pipeline {
 public:
  Pipeline() : wait_(&http_) {
    commit_without_waiting();
    after_each_statement([this] { look_at_slots(); });
  }

  void run(WorkerProcess& process) {
    process_ = &process;
    std::int64_t idle_since = now_ms();
    int errors = 0;
    while (process.go_on(static_cast<int>(http_.in_flight()))) {
      bool worked = false;
      try {
        worked = turn();
        if (gave_back_) {
          gave_back_ = waited_in_vain_ = worked = false;
          pause_ms_ = backoff_after(++errors);
        } else {
          errors = 0;
        }
      } catch (const Error& error) {
        // Somebody has a job in an open transaction, or for long: nothing that is to be mended.
        const Level level = error.sqlstate() == ERRCODE_LOCK_NOT_AVAILABLE ? Level::log : Level::warning;
        report(level, "kg_batch pipeline: " + error.message(), error.detail(), error.hint());
        give_back_hands();
        pause_ms_ = backoff_after(++errors);
      }
      if (worked || http_.in_flight() > 0 || !prepared_.empty() || !entered_.empty()) idle_since = now_ms();
      if (now_ms() - idle_since >= idle_limit_ms) break;
      if (!worked) wait_for_something(idle_since);
    }
    give_back_hands();  // what never left is not lost
    process.end();
  }

 private:
  // One turn of the loop: answers are stored and slots kept full; with the next
  // questions at hand, a few answers are read; rounds come last.
  bool turn() {
    bool worked = exchange();
    // What others read is folded first: one pipeline at a time can, and they go on. Who is
    // alone does both in turn.
    if (round_was_full_ && settings::num_pipelines() > 1 && fold_some(round_limit, round_limit)) {
      worked = true;
    } else {
      worked |= take_work();
      worked |= read_some();
      if ((!worked && http_.in_flight() == 0) || now_ms() - round_at_ms_ >= most_between_rounds_ms)
        worked |= fold_some(1, http_.in_flight() > 0 ? short_round_limit : round_limit);
      else if (read_since_look_ >= read_between_looks || round_was_full_)
        worked |= fold_some(round_limit, round_limit);
    }
    if (worked && now_ms() - counted_at_ms_ > most_between_counts_ms) show_counts();
    return worked;
  }

  void show_counts() {
    counted_at_ms_ = now_ms();
    process_->flush_counts();
  }

  // ---- direct requests ----

  // Entered in the ledger beyond the slots. If the worker dies they are shown as
  // lost without having been sent, so no more than a turn of the loop needs.
  std::size_t ahead() const { return std::max<std::size_t>(2, slots() / 4); }

  std::size_t slots() const { return static_cast<std::size_t>(settings::requests_in_flight()); }

  // Only moves what is there, and never waits: it is called inside transactions.
  void look_at_slots() {
    http_.ready();
    for (int more = 0; more < 4 && http_.timeout_ms() == 0; ++more) http_.timed_out();
  }

  void fill_slots() {
    while (!entered_.empty() && http_.in_flight() < slots()) {
      send(std::move(entered_.front()));
      entered_.pop_front();
    }
  }

  // Stores what arrived and enters the next ones in the ledger, in one commit.
  bool exchange() {
    process_->enter(Phase::storing);
    std::vector<Prepared> next;
    const std::size_t out = http_.in_flight() + entered_.size();
    rate_wait_ms_ = -1;
    while (!prepared_.empty() && out + next.size() < slots() + ahead()) {
      const store::Request& request = prepared_.front().request;
      const std::int64_t wait_us = take_rate(Pool::direct, request.input_tokens + request.max_output / 4);
      if (wait_us > 0) {
        rate_wait_ms_ = wait_us / 1000 + 1;
        break;
      }
      next.push_back(std::move(prepared_.front()));
      prepared_.pop_front();
    }
    if (arrived_.empty() && next.empty()) {
      fill_slots();
      return false;
    }
    std::vector<Arrived> arrived = std::move(arrived_);
    arrived_.clear();
    std::vector<Item> to_read;
    try {
      commit("answers stored", [&] {
        lock_what_arrived(arrived, next);
        // What others wait for comes last: answers lock the rows of budgets.
        std::vector<const store::Request*> requests;
        for (const Prepared& prepared : next) requests.push_back(&prepared.request);
        store::mark_in_flight(requests, process_->worker_id());
        to_read = store_arrived(arrived);
      });
      wait_until_durable();
      crash_point("in flight by the ledger");
    } catch (...) {
      // What was paid for is kept in memory until it can be stored.
      arrived_.insert(arrived_.begin(), std::make_move_iterator(arrived.begin()), std::make_move_iterator(arrived.end()));
      prepared_.insert(prepared_.begin(), std::make_move_iterator(next.begin()), std::make_move_iterator(next.end()));
      throw;
    }
    for (auto& prepared : next) entered_.push_back(std::move(prepared));
    fill_slots();
    look_at_slots();
    process_->count(0, 0, static_cast<std::int64_t>(arrived.size()), 0, 0);
    mine_to_read_.insert(mine_to_read_.end(), to_read.begin(), to_read.end());
    return true;
  }

  void send(Prepared prepared) {
    auto request = direct_request(*endpoint_, prepared.request.stage, prepared.body);
    auto shared = std::make_shared<Prepared>(std::move(prepared));
    http_.start(std::move(request), [this, shared](openai::HttpResponse&& response) {
      crash_point("question: answered");
      arrived_.push_back({std::move(*shared), std::move(response)});
      fill_slots();
    });
    crash_point("question: begun");
  }

  // Chunks before requests, each lowest first, whatever is done with them one after the other.
  static void lock_what_arrived(const std::vector<Arrived>& arrived, const std::vector<Prepared>& next) {
    std::vector<std::int64_t> graphs, requests, bad_graphs, bad_requests;
    const auto add = [&](const Prepared& prepared) {
      graphs.push_back(prepared.request.graph_id);
      requests.push_back(prepared.request.request_id);
    };
    for (const Arrived& one : arrived) {
      add(one.prepared);
      if (one.response.outcome == openai::Outcome::answered && one.response.status == 200) continue;
      bad_graphs.push_back(graphs.back());
      bad_requests.push_back(requests.back());
    }
    for (const Prepared& prepared : next) add(prepared);
    store::lock_chunks_of(bad_graphs, bad_requests);
    store::lock_requests(graphs, requests);
  }

  // Returns what is to be read now, claimed.
  std::vector<Item> store_arrived(const std::vector<Arrived>& arrived) {
    if (arrived.empty()) return {};
    std::vector<store::Answer> answers;
    std::vector<Item> claims, again;
    std::optional<openai::ApiError> stop;
    for (const Arrived& one : arrived) {
      const Item& claim = one.prepared.claim;
      claims.push_back(claim);
      store::Answer answer;
      answer.graph_id = claim.graph_id;
      answer.request_id = claim.id;
      answer.mode = "direct";
      answer.status = one.response.status;
      answer.latency_ms = one.response.latency_us / 1000;
      const Answered result = read_response(one.prepared.request.stage, one.response);
      if (take_answer(result, answer)) {
        learn_rate(Pool::direct, one.response.status, one.response.headers, 0);
        note_probe(one.response.status, "");
      } else {
        const auto& error = std::get<openai::ApiError>(result);
        learn_rate(Pool::direct, one.response.status, one.response.headers, error.retry_after_ms.value_or(0));
        note_probe(one.response.status, error.message);
        answer.outcome = "error";
        answer.error = error.message;
        answer.remote_request_id = error.request_id;
        const bool unreadable = one.response.outcome == openai::Outcome::answered && openai::is_unreadable_success(error);
        answer.perhaps_billed = unreadable || one.response.outcome == openai::Outcome::unknown;
        const bool money = error.advice == openai::Advice::money || error.advice == openai::Advice::credentials;
        const bool transient = money || error.advice == openai::Advice::retry || error.advice == openai::Advice::unclear;
        if (money) stop = error;
        // What is answered and cannot be read is paid for each time.
        answer.counts_as_bad = !transient || unreadable;
        const bool too_often = unreadable && one.prepared.request.bad_answers + 1 >= max_attempts_of(claim);
        // What passes by itself is asked again for an hour; what a person has to
        // mend waits, parked with its job.
        if (money || (transient && !too_often && one.prepared.request.attempt < 40)) {
          answer.next = store::Next::again;
          again.push_back(claim);
        } else {
          answer.next = store::Next::failed;
        }
      }
      answers.push_back(std::move(answer));
    }
    const auto stored = store::store_answers(answers);
    store::release(claims);
    store::hold(process_->worker_id(), stored.to_read);
    for (const Item& item : again) {
      if (stored.planned_anew.contains(item.id)) continue;
      const int attempt = attempt_of(arrived, item.id);
      std::optional<std::int64_t> advised = advised_delay(arrived, item.id);
      store::put_ready({item}, static_cast<int>(openai::backoff_ms(attempt + 1, advised, random_unit())));
    }
    if (stop)
      for (const Item& item : again) store::pause_job(item.graph_id, item.job_id, why_stopped(*stop));
    store::unpark_some(2 * static_cast<int>(arrived.size()) + 2);
    return stored.to_read;
  }

  static int max_attempts_of(const Item& item) { return store::read_job(item.graph_id, item.job_id).options.max_attempts; }

  static std::string why_stopped(const openai::ApiError& error) {
    return std::string(error.advice == openai::Advice::money ? "trouble with money: " : "trouble with the API key: ") +
           (error.code.empty() ? "HTTP " + std::to_string(error.status) : error.code);
  }

  static int attempt_of(const std::vector<Arrived>& arrived, std::int64_t request_id) {
    for (const auto& one : arrived)
      if (one.prepared.claim.id == request_id) return one.prepared.request.attempt;
    return 0;
  }

  static std::optional<std::int64_t> advised_delay(const std::vector<Arrived>& arrived, std::int64_t request_id) {
    for (const auto& one : arrived)
      if (one.prepared.claim.id == request_id) return openai::read_error(one.response, false).retry_after_ms;
    return std::nullopt;
  }

  static void note_probe(long status, const std::string& text) {
    ProbeState probe;
    probe.at_us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    probe.status = static_cast<int>(status);
    strlcpy(probe.text, text.c_str(), sizeof probe.text);
    set_probe(MyDatabaseId, probe);
  }

  // ---- claims ----

  bool take_work() {
    process_->enter(Phase::asking);
    std::vector<Work> kinds;
    // Enough for the slots and one more filling, taken in lots: a claim costs the
    // same for one and for many.
    const std::size_t at_hand = entered_.size() + prepared_.size();
    const bool can_ask = at_hand <= slots() / 2 && has_access();
    const bool can_read = mine_to_read_.empty();
    if (can_read) {
      kinds.push_back(Work::read);
      kinds.push_back(Work::conclude);
    }
    if (can_ask) {
      kinds.push_back(Work::cut);
      kinds.push_back(Work::ask);
      kinds.push_back(Work::direct);
    } else if (can_read) {
      kinds.push_back(Work::cut);
    }
    if (kinds.empty()) return false;  // all slots are full: not even a look
    kinds.insert(kinds.begin(), Work::take_in);
    const int limit = can_ask ? static_cast<int>(2 * slots() - http_.in_flight() - at_hand) : most_without_slots;
    std::vector<Item> items;
    commit("work claimed", [&] { items = store::claim(process_->worker_id(), kinds, limit); });
    if (items.empty()) return can_ask && ask_about_graph();
    std::vector<Item> cuts, asks, sends;
    for (const Item& item : items) {
      switch (item.kind) {
        case Work::take_in: take_in(item); break;
        case Work::cut: cuts.push_back(item); break;
        case Work::ask: asks.push_back(item); break;
        case Work::direct: sends.push_back(item); break;
        case Work::read:
        case Work::conclude: mine_to_read_.push_back(item); break;
        default: break;
      }
    }
    cut_conversations(std::move(cuts));
    plan(asks);
    prepare(sends);
    return true;
  }

  // Only when nothing else can be claimed: what is nearer to the end comes first, and
  // the longer it waits, the fuller its calls are.
  bool ask_about_graph() {
    std::vector<Item> decide;
    commit("decisions claimed", [&] { decide = store::claim_decide(process_->worker_id()); });
    for (const Item& item : decide) {
      std::vector<Prepared> direct;
      try {
        commit("decisions planned", [&] { direct = plan_inquiries(process_->worker_id(), item); });
      } catch (const Error&) {
        in_transaction([&] {
          store::release({item});
          store::put_ready({item}, ask_again_ms);
        });
        throw;
      }
      for (auto& one : direct) prepared_.push_back(std::move(one));
    }
    return !decide.empty();
  }

  bool has_access() {
    if (!endpoint_ || configuration_was_reloaded()) {
      set_rate_limits(Pool::direct, settings::requests_per_minute(), settings::tokens_per_minute());
      auto access = api_access();
      if (auto* none = std::get_if<NoAccess>(&access)) {
        endpoint_.reset();
        if (complained_ != none->reason) report(Level::warning, "kg_batch cannot ask anything: " + none->reason, "", none->hint);
        complained_ = none->reason;
        note_probe(0, none->reason);
        return false;
      }
      endpoint_ = std::get<openai::Endpoint>(access);
      complained_.clear();
    }
    return true;
  }

  // What cannot be read now (a column is gone, a right) is tried again later and
  // stays where it is. Where somebody has the table locked, all there is to do is to let
  // go of what is held here, which that somebody may want next; other work goes on.
  void take_in(const Item& item) {
    process_->enter(Phase::cutting);
    try {
      commit("followed rows taken in", [&] {
        const bool more = store::take_followed(item.graph_id, item.id);
        store::release({item});
        if (more) store::put_ready({item});
      });
    } catch (const Error& error) {
      if (error.sqlstate() == ERRCODE_LOCK_NOT_AVAILABLE) {
        in_transaction([&] {
          store::release({item});
          store::put_ready({item}, locked_again_ms);
        });
        return;
      }
      report(Level::warning, "kg_batch could not take in what changed in a followed table: " + error.message(), error.detail(), error.hint());
      in_transaction([&] {
        if (passes(error) && error.sqlstate() != ERRCODE_QUERY_CANCELED) {
          store::give_back({item});
          gave_back_ = true;
          return;
        }
        store::release({item});
        store::note_follow_failed(item.graph_id, item.id, error.message(), error.hint());
      });
    }
  }

  // Those of one graph are cut together, `commit_frequency` a transaction, lowest first.
  // What has to be cut step by step, and what raises an error, is cut alone.
  void cut_conversations(std::vector<Item> items) {
    process_->enter(Phase::cutting);
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return std::tie(a.graph_id, a.id) < std::tie(b.graph_id, b.id); });
    const auto most = static_cast<std::ptrdiff_t>(settings::commit_frequency());
    for (auto at = items.begin(); at != items.end();) {
      const auto end = std::find_if(at, at + std::min(most, items.end() - at), [&](const Item& item) { return item.graph_id != at->graph_id; });
      std::vector<Item> alone(at, end);
      try {
        if (alone.size() > 1) commit("conversations cut", [&] { alone = cut_together({at, end}); });
      } catch (const Error&) {
        alone.assign(at, end);
      }
      for (const Item& item : alone) cut_conversation(item);
      at = end;
    }
  }

  // In a transaction; returns those that are to be cut alone.
  static std::vector<Item> cut_together(const std::vector<Item>& items) {
    const std::int64_t graph_id = items.front().graph_id;
    std::map<std::int64_t, store::Job> jobs;
    std::map<std::string, std::string> first_stages;  // of plans
    std::deque<store::Uncut> conversations;
    std::vector<store::CutRun> runs;
    std::vector<std::int64_t> cut;
    std::vector<Item> done, alone;
    for (const Item& item : items) {
      auto uncut = store::load_uncut(graph_id, item.id);
      if (!uncut) {
        done.push_back(item);
        continue;
      }
      if (!jobs.contains(uncut->job_id)) jobs.emplace(uncut->job_id, store::read_job(graph_id, uncut->job_id));
      const store::JobOptions& options = jobs.at(uncut->job_id).options;
      if (!first_stages.contains(options.extraction)) first_stages.emplace(options.extraction, store::first_stage(options.extraction));
      const chunking::CutOptions cutting = store::cutting_options(options);
      if (uncut->more || !uncut->edits.empty() || cutting.boundaries == chunking::Boundaries::model) {
        alone.push_back(item);
        continue;
      }
      const store::Uncut& conversation = conversations.emplace_back(std::move(*uncut));
      runs.push_back({&conversation, &conversation.open, chunking::cut(conversation.open.input, cutting), first_stages.at(options.extraction)});
      cut.push_back(item.id);
      done.push_back(item);
    }
    if (!runs.empty()) {
      store::write_cuts(graph_id, runs);
      store::mark_cut(graph_id, runs);
      store::wait_for_nothing(graph_id, cut);
    }
    store::release(done);
    return alone;
  }

  void cut_conversation(const Item& item) {
    try {
      commit("conversation cut", [&] {
        std::vector<Item> without_budget;
        for (bool more = true; more;) {
          const auto uncut = store::load_uncut(item.graph_id, item.id);
          if (!uncut) break;
          const store::Job job = store::read_job(uncut->graph_id, uncut->job_id);
          const chunking::CutOptions options = store::cutting_options(job.options);
          const std::string stage = store::first_stage(job.options.extraction);
          std::vector<store::CutRun> runs;
          for (const auto& edit : uncut->edits) runs.push_back({&*uncut, &edit, chunking::cut(edit.input, options), stage});
          const store::CutRun& open = runs.emplace_back(store::CutRun{&*uncut, &uncut->open, chunking::cut(uncut->open.input, options), stage});
          store::write_cuts(uncut->graph_id, runs);
          store::mark_cut(uncut->graph_id, {&open, 1});
          if (!plan_windows(*uncut, job, open.cuts.windows))
            without_budget = {{item.graph_id, Work::cut, item.id, uncut->priority + store::parked, item.size, uncut->job_id}};
          more = uncut->more && open.cuts.windows.empty();
        }
        store::release({item});
        store::put_ready(without_budget);
      });
    } catch (const Error& error) {
      in_transaction([&] {
        if (passes(error)) {
          store::give_back({item});
          gave_back_ = true;
          return;
        }
        store::mark_cut_failed(item.graph_id, item.id, error.message());
        store::release({item});
      });
    }
  }

  void plan(const std::vector<Item>& items) {
    process_->enter(Phase::asking);
    for_groups(items, [&](const std::vector<Item>& group) {
      std::vector<Prepared> direct;
      commit("questions planned", [&] { direct = plan_questions(process_->worker_id(), group); });
      for (auto& one : direct) prepared_.push_back(std::move(one));
    });
  }

  void prepare(const std::vector<Item>& items) {
    for_groups(items, [&](const std::vector<Item>& group) {
      std::vector<Prepared> direct;
      commit("questions prepared", [&] {
        direct.clear();
        std::vector<store::Request> requests;
        std::vector<Item> claims, useless;
        std::vector<std::int64_t> graphs, ids;
        for (const Item& item : group) {
          graphs.push_back(item.graph_id);
          ids.push_back(item.id);
        }
        store::lock_chunks_of(graphs, ids);
        store::lock_requests(graphs, ids);
        for (const Item& item : group) {
          if (auto request = store::lock_request(item.graph_id, item.id)) {
            requests.push_back(*request);
            claims.push_back(item);
          } else {
            useless.push_back(item);
          }
        }
        auto bodies = rebuild_bodies(requests);
        for (std::size_t i = 0; i < bodies.size(); ++i) {
          if (bodies[i])
            direct.push_back({claims[i], requests[i], std::move(*bodies[i])});
          else
            useless.push_back(claims[i]);
        }
        store::release(useless);
      });
      for (auto& one : direct) prepared_.push_back(std::move(one));
    });
  }

  // ---- reading and folding ----

  // One group at a time: slots come first.
  bool read_some() {
    if (mine_to_read_.empty()) return false;
    process_->enter(Phase::reading);
    const auto group_size = std::min(mine_to_read_.size(), static_cast<std::size_t>(settings::commit_frequency()));
    const auto group_end = mine_to_read_.begin() + static_cast<std::ptrdiff_t>(group_size);
    const std::vector<Item> items(mine_to_read_.begin(), group_end);
    mine_to_read_.erase(mine_to_read_.begin(), group_end);
    for_groups(items, [&](const std::vector<Item>& group) {
      std::vector<Item> chunks, about_graph;
      for (const Item& item : group) (item.kind == Work::conclude ? about_graph : chunks).push_back(item);
      ReadResult result;
      commit("answers read", [&] {
        result = read_chunks(chunks);
        conclude(read_windows(about_graph));
      });
      to_fold_ |= !about_graph.empty();
      process_->count(result.done, result.failed, 0, 0, 0);
      to_fold_ |= result.done > 0;
      read_since_look_ += result.done;
    });
    return true;
  }

  // A round of a graph that has `least` chunks to fold.
  bool fold_some(int least, int most) {
    process_->enter(Phase::folding);
    read_since_look_ = 0;
    round_was_full_ = false;
    if (least == 1) {
      round_at_ms_ = now_ms();
      to_fold_ = false;
    }
    std::vector<Item> items;
    commit("round claimed", [&] { items = store::claim_round(process_->worker_id(), least, most); });
    if (items.empty()) return false;
    round_at_ms_ = now_ms();
    round_was_full_ = static_cast<int>(items.size()) == round_limit;  // there may be as many again
    const std::int64_t graph_id = items.front().graph_id;
    store::RoundResult result;
    bool locked = false;
    const auto fold = [&] {
      locked = try_lock_exclusive(LockClass::graph, graph_id, LockSpan::transaction);
      if (!locked) {
        store::give_back(items);
        return;
      }
      std::vector<std::int64_t> chunks;
      bool rest = false;
      for (const Item& item : items) (item.id < 0 ? (void)(rest = true) : chunks.push_back(item.id));
      if (rest) store::rest_replaced(graph_id, items.front().job_id);
      result = store::fold_chunks(graph_id, chunks);
      if (rest) {
        const store::RoundResult decided = store::resolve_now(graph_id, items.front().job_id);
        result.nodes += decided.nodes;
        result.edges += decided.edges;
      }
      note_made(items, result);
      store::release(items);
    };
    try {
      commit("round folded", fold);
    } catch (const Error&) {
      // Nobody else folds in the graph while these are claimed.
      in_transaction([&] { store::give_back(items); });
      throw;
    }
    if (!locked) {
      // Whoever had it may have looked for work just before this was given back.
      pause_ms_ = round_retry_ms;
      round_at_ms_ -= most_between_rounds_ms;
      return false;
    }
    process_->count(0, 0, 0, result.nodes, result.edges);
    in_transaction([] { store::analyze_grown(); });
    return true;
  }

  // For those who watch a job. A round is of all jobs of its graph, so each gets its share.
  void note_made(const std::vector<Item>& items, const store::RoundResult& result) {
    if (result.nodes == 0 && result.edges == 0) return;
    std::map<std::int64_t, std::int64_t> chunks_of_job;
    for (const Item& item : items) ++chunks_of_job[item.job_id];
    const auto all = static_cast<std::int64_t>(items.size());
    std::int64_t before = 0;
    for (const auto& [job_id, chunks] : chunks_of_job) {
      const auto share = [&](std::int64_t made) { return made * (before + chunks) / all - made * before / all; };
      store::note_made(items.front().graph_id, job_id, share(result.nodes), share(result.edges));
      before += chunks;
    }
  }

  // Items of one graph, `commit_frequency` a transaction; when one raises an
  // error they are tried one by one, and what fails alone fails. Where somebody has a
  // row, the others would wait for the same one, one after the other: all go back.
  template <typename Work_>
  void for_groups(const std::vector<Item>& items, Work_ work) {
    std::map<std::int64_t, std::vector<Item>> by_graph;
    for (const Item& item : items) by_graph[item.graph_id].push_back(item);
    const std::size_t size = static_cast<std::size_t>(settings::commit_frequency());
    for (const auto& [graph_id, list] : by_graph) {
      for (std::size_t at = 0; at < list.size(); at += size) {
        const std::vector<Item> group(list.begin() + static_cast<std::ptrdiff_t>(at),
                                      list.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, list.size())));
        if (waited_in_vain_) {
          in_transaction([&] { store::give_back(group); });
          continue;
        }
        try {
          work(group);
        } catch (const Error& error) {
          if (error.sqlstate() == ERRCODE_LOCK_NOT_AVAILABLE) {
            report(Level::log, "kg_batch waited in vain for what somebody has: " + error.message());
            in_transaction([&] { store::give_back(group); });
            gave_back_ = waited_in_vain_ = true;
            continue;
          }
          if (group.size() == 1) {
            fail_alone(group.front(), error);
            continue;
          }
          for (const Item& item : group) {
            try {
              work({item});
            } catch (const Error& alone) {
              fail_alone(item, alone);
            }
          }
        }
      }
    }
  }

  // A cancel, a row that somebody has, a deadlock, a full or a bad disk says nothing of the item.
  static bool passes(const Error& error) {
    const int category = ERRCODE_TO_CATEGORY(error.sqlstate());
    return error.sqlstate() == ERRCODE_QUERY_CANCELED || error.sqlstate() == ERRCODE_LOCK_NOT_AVAILABLE || category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
           category == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) || category == ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR);
  }

  void fail_alone(const Item& item, const Error& error) {
    report(Level::warning, "kg_batch could not work on " + std::string(item.kind == Work::direct || item.kind == Work::conclude ? "request " : "chunk ") +
                               std::to_string(item.id) + ": " + error.message(),
           error.detail());
    in_transaction([&] {
      if (passes(error)) {
        store::give_back({item});
        gave_back_ = true;
        return;
      }
      if (item.kind == Work::conclude && !give_up_windows(item, error.message())) give_up(item, error.message());
      if (item.kind == Work::ask || item.kind == Work::read) store::set_failed(item.graph_id, item.id, error.message());
      store::release({item});
    });
    process_->count(0, 1, 0, 0, 0);
  }

  // After an error nobody foresaw: what is in hand and not in flight goes back.
  void give_back_hands() {
    std::vector<Item> items = std::move(mine_to_read_);
    mine_to_read_.clear();
    for (const auto& prepared : prepared_) items.push_back(prepared.claim);
    prepared_.clear();
    std::vector<const store::Request*> unsent;
    for (const auto& prepared : entered_) {
      items.push_back(prepared.claim);
      unsent.push_back(&prepared.request);
    }
    in_transaction([&] {
      store::unmark_in_flight(unsent);
      store::give_back(items);
    });
    entered_.clear();
  }

  void wait_for_something(std::int64_t idle_since) {
    std::int64_t limit = std::max<std::int64_t>(1, idle_limit_ms - (now_ms() - idle_since));
    limit = std::min<std::int64_t>(limit, 10'000);  // signs of life
    if (rate_wait_ms_ > 0 && !prepared_.empty()) limit = std::min(limit, rate_wait_ms_);
    if (to_fold_) limit = std::min(limit, std::max<std::int64_t>(1, round_at_ms_ + most_between_rounds_ms - now_ms()));
    if (pause_ms_ > 0) limit = std::min(limit, pause_ms_);
    pause_ms_ = 0;
    if (http_.in_flight() == 0) show_counts();
    process_->enter(http_.in_flight() > 0 ? Phase::waiting : Phase::idle);
    report_idle(http_.in_flight() > 0 ? "waiting for answers" : "waiting for work");
    wait_.until_something(limit);
  }

  openai::Http http_;
  Wait wait_;
  WorkerProcess* process_ = nullptr;
  std::optional<openai::Endpoint> endpoint_;
  std::string complained_;  // the reason that was said last
  std::deque<Prepared> prepared_;     // claimed, planned, body built: to be entered next
  std::deque<Prepared> entered_;      // in flight by the ledger: sent as soon as there is a slot
  std::vector<Arrived> arrived_;      // filled while waiting
  std::vector<Item> mine_to_read_;    // claimed
  std::int64_t rate_wait_ms_ = -1;
  std::int64_t pause_ms_ = 0;
  bool gave_back_ = false;  // after an error that says nothing of the item
  bool waited_in_vain_ = false;  // in this turn, for a row that somebody has
  std::int64_t round_at_ms_ = 0;
  bool to_fold_ = false;  // something was read since
  int read_since_look_ = 0;  // chunks, since it looked for a round
  bool round_was_full_ = false;  // the last one
  std::int64_t counted_at_ms_ = 0;
};

}  // namespace

}  // namespace kg_batch::workers

extern "C" {
PGDLLEXPORT void kg_batch_pipeline_main(Datum argument);

void kg_batch_pipeline_main(Datum argument) {
  using namespace kg_batch;
  workers::run_worker([&] {
    const int coordinator = std::atoi(MyBgworkerEntry->bgw_extra);
    workers::WorkerProcess process;
    if (!process.begin(backend::WorkerKind::pipeline, DatumGetObjectId(argument), coordinator)) return;
    // Never destroyed: FATAL does not unwind, and closing handles may wait for a resolver.
    auto* const pipeline = new workers::Pipeline();
    pipeline->run(process);
  });
}
}
