// What it will take to read messages: chunks, requests, tokens, US dollars,
// before anything is asked.
//
// Messages are cut in memory just as the workers will cut them, as if nothing
// more came. Input tokens are counted over what each request holds; output
// tokens follow from what the graph's answers took per sentence once there are
// enough of them, and from a constant until then. With boundaries by a model its windows
// count, and chunks are those that `rules` would make. So does how many chunks have
// something to ask of a plan's later stages: all, until it is known better; and how
// much is asked about the graph itself: nothing, until it is known.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chunking/cuts.h"
#include "store/ingest.h"
#include "store/job.h"

namespace kg_batch::store {

struct Estimate {
  std::int64_t conversations = 0;
  std::int64_t sentences = 0;  // that count towards chunks
  std::int64_t chunks = 0;
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0, output_tokens = 0;
  std::string mode;   // batch or direct
  std::string model;
  std::optional<std::string> cost, direct_cost;  // nothing where the model has no price
  bool measured = false;  // output as the graph's answers took, not a constant
};

class Estimator {
 public:
  // Past `enough_bytes` of text the rest is taken to be like what came before.
  Estimator(std::int64_t graph_id, const JobOptions& options, std::size_t enough_bytes = 0);

  void add(const IncomingMessage& message);
  // All of a job that is not cut, or cut and not answered; with `cut_anew` as if what
  // is cut were cut once more, into chunks of this size.
  void add_job(std::int64_t job_id, bool cut_anew = false);
  Estimate estimate();

 private:
  struct Conversation {
    std::vector<chunking::Message> messages;
    std::vector<std::string> speakers;
    std::unordered_map<std::string, int> speaker_numbers;
  };
  void add_uncut(std::int64_t job_id);
  void add_chunks(std::int64_t job_id, bool cut_anew);
  void cut_held();
  void cut(Conversation& conversation);
  double output_per_sentence(const std::string& stage, bool* measured) const;
  struct Share {
    double chunks = 1, sentences = 1;
  };
  Share share_asked(std::size_t stage) const;
  struct AboutGraph {
    std::int64_t requests = 0, input_tokens = 0, output_tokens = 0;
  };
  // `embeddings`: those for vectors, else those that a model answers in words.
  AboutGraph questions_about_graph(std::int64_t chunks, bool embeddings) const;
  void count_windows(const chunking::CutInput& input);
  static void add_to(Estimate& estimate, const AboutGraph& more, const std::string& model, bool by_batch);

  std::int64_t graph_id_;
  JobOptions options_;
  std::size_t enough_bytes_;
  chunking::CutOptions cutting_;
  std::vector<std::string> stages_;
  std::vector<std::int64_t> constant_tokens_;  // prompt and schema of each
  std::unordered_map<std::string, Conversation> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t counted_bytes_ = 0, all_bytes_ = 0;
  AboutGraph windows_[2];  // that a model is asked where topics begin: directly, by batch
  std::int64_t conversations_ = 0, countable_ = 0, chunks_ = 0, question_tokens_ = 0;
};

// The same work in the ways in which it could be done: by batch, directly, and as the
// program that this began as did it, directly in chunks of five sentences. `seconds`
// is what it takes by what the last batches of the model and the last direct answers
// of the graph took; nothing while there were none.
struct Way {
  std::string name;
  Estimate estimate;
  std::optional<std::string> seconds;
};
std::vector<Way> estimate_ways(const Job& job);

// The options that a job made now would have: the caller's settings, then the graph's.
JobOptions options_of_new_job(std::int64_t graph_id);

}  // namespace kg_batch::store
