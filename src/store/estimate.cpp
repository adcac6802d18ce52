#include <nlohmann/json.hpp>

#include <numeric>
#include <set>

#include "backend/bridge.h"
#include "backend/settings.h"
#include "backend/spi.h"
#include "chunking/boundaries.h"
#include "chunking/sentences.h"
#include "stages/kg_boundary.h"
#include "stages/stage.h"
#include "store/chunk.h"
#include "store/cutting_options.h"
#include "store/estimate.h"

namespace kg_batch::store {

using backend::execute;

namespace {

constexpr std::size_t most_bytes_held = 200 << 20;
constexpr std::int64_t conversations_at_once = 100;

// Tokens around the words in a question (stages/question_document.h): the
// document, `{"by":1,"at":"2023-05-08 15:56 Mon","s":[` and `[1,"…"],`.
constexpr std::int64_t frame_tokens = 40;
constexpr std::int64_t message_tokens = 16;
constexpr std::int64_t sentence_tokens = 4;

// Of a plan of one stage; of one of several each stage.
constexpr double assumed_output_per_sentence = 80;
constexpr double assumed_output_per_sentence_of_several = 30;
constexpr std::int64_t enough_answers = 20;

// Of boundaries by a model: `{"first":1,"last":4,"process":true,"topic":"…"},`.
constexpr std::int64_t output_a_segment = 30;
constexpr std::int64_t messages_a_segment = 5;

// Prompts and schemas: English and JSON run at four characters a token. (Marks,
// which estimate_tokens counts one by one, go together in JSON.)
std::int64_t constant_tokens(std::string_view text) { return static_cast<std::int64_t>(text.size() + 3) / 4; }

// What providers find again of a constant beginning: from 1,024 tokens on, in steps of 128.
std::int64_t cacheable(std::int64_t tokens) { return tokens < 1'024 ? 0 : tokens / 128 * 128; }

}  // namespace

Estimator::Estimator(std::int64_t graph_id, const JobOptions& options, std::size_t enough_bytes)
    : graph_id_(graph_id), options_(options), enough_bytes_(enough_bytes), cutting_(cutting_options(options)) {
  if (cutting_.boundaries == chunking::Boundaries::model) cutting_.boundaries = chunking::Boundaries::rules;
  for (std::optional<std::string> stage = first_stage(options.extraction); stage; stage = next_stage(options.extraction, *stage)) {
    stages_.push_back(*stage);
    constant_tokens_.push_back(constant_tokens(newest_prompt(*stage).text));
    if (const stages::Stage* const known = stages::find_stage(*stage))
      constant_tokens_.back() += constant_tokens(known->schema().dump());
  }
}

void Estimator::add(const IncomingMessage& message) {
  all_bytes_ += message.content.size();
  if (enough_bytes_ > 0 && counted_bytes_ > enough_bytes_) return;
  counted_bytes_ += message.content.size();
  held_bytes_ += message.content.size();
  Conversation& conversation = held_[message.conversation];
  chunking::Message one;
  one.message_id = static_cast<std::int64_t>(conversation.messages.size()) + 1;
  one.delivery = 1;
  one.by_assistant = message.role != "user";
  if (!one.by_assistant) {
    const std::string& known_by = message.speaker_id.empty() ? message.speaker : message.speaker_id;
    const auto [found, is_new] =
        conversation.speaker_numbers.emplace(known_by, static_cast<int>(conversation.speakers.size()));
    if (is_new) conversation.speakers.push_back(message.speaker);
    one.speaker = found->second;
  }
  one.text = message.content;
  one.sent_at_us = message.sent_at_us;
  one.session = message.session;
  conversation.messages.push_back(std::move(one));
  if (held_bytes_ > most_bytes_held) cut_held();
}

void Estimator::add_job(std::int64_t job_id, bool cut_anew) {
  add_uncut(job_id);
  add_chunks(job_id, cut_anew);
}

// Edits of what was cut are read alone, each in a chunk of its own.
void Estimator::add_uncut(std::int64_t job_id) {
  for (std::int64_t after = 0;;) {
    const auto page = execute(
        "SELECT v.conversation_id FROM kg_batch_internal.conversation v WHERE v.graph_id = $1 AND v.job_id = $2 "
        "AND v.conversation_id > $3 ORDER BY v.conversation_id LIMIT $4",
        {graph_id_, job_id, after, conversations_at_once});
    if (page.empty()) break;
    std::vector<std::int64_t> conversation_ids;
    for (std::size_t i = 0; i < page.size(); ++i) conversation_ids.push_back(page.integer(i, 0));
    after = conversation_ids.back();
    const auto rows = execute(
        "SELECT m.conversation_id, m.role, m.participant, v.participant_names[m.participant], m.content, "
        "kg_batch_internal.us(m.sent_at), m.session, m.replaces IS NOT NULL, m.message_id "
        "FROM kg_batch_internal.message m JOIN kg_batch_internal.conversation v USING (graph_id, conversation_id) "
        "WHERE m.graph_id = $1 AND m.conversation_id = ANY ($2) AND m.segment_id IS NULL AND m.skipped IS NULL "
        "AND NOT m.replaced ORDER BY m.conversation_id, m.position, m.message_id",
        {graph_id_, conversation_ids});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      IncomingMessage message;
      message.conversation = rows.text(i, 0) + (rows.boolean(i, 7) ? ":" + rows.text(i, 8) : "");
      message.role = rows.text(i, 1);
      message.speaker_id = rows.text(i, 2);
      message.speaker = rows.text(i, 3);
      message.content = rows.text(i, 4);
      message.sent_at_us = rows.maybe_integer(i, 5);
      message.session = rows.maybe_text(i, 6);
      add(message);
    }
    cut_held();
  }
}

// Cut anew, a chunk is as many as its sentences fill, each with as much context as it has.
void Estimator::add_chunks(std::int64_t job_id, bool cut_anew) {
  const auto rows = execute(
      "SELECT pg_catalog.sum(p.pieces), pg_catalog.sum(c.countable), pg_catalog.sum(c.tokens * p.shown / GREATEST(pg_catalog.cardinality(c.message_ids), 1)), "
      "pg_catalog.sum(p.shown), "
      "pg_catalog.sum((SELECT pg_catalog.count(DISTINCT m) FROM unnest(c.message_ids) m) * p.shown / GREATEST(pg_catalog.cardinality(c.message_ids), 1)), "
      "pg_catalog.count(DISTINCT c.conversation_id) "
      "FROM kg_batch_internal.chunk c CROSS JOIN LATERAL (SELECT CASE WHEN $3 THEN GREATEST((c.countable + $4 - 1) / $4, 1) ELSE 1 END AS pieces) n "
      "CROSS JOIN LATERAL (SELECT n.pieces, pg_catalog.cardinality(c.message_ids) + (n.pieces - 1) * c.context_size AS shown) p WHERE c.graph_id = $1 AND c.job_id = $2 AND c.state IN ('ready', 'asking') "
      "AND NOT EXISTS (SELECT FROM kg_batch_internal.request r WHERE r.graph_id = c.graph_id AND r.request_id = c.request_id "
      " AND r.state = 'answered')",
      {graph_id_, job_id, cut_anew, options_.use_batch_api ? options_.batch_chunk_max : options_.real_time_chunk_size});
  const std::int64_t chunks = rows.integer(0, 0);
  if (chunks == 0) return;
  chunks_ += chunks;
  conversations_ += rows.integer(0, 5);
  countable_ += rows.integer(0, 1);
  question_tokens_ += chunks * frame_tokens + rows.integer(0, 2) + rows.integer(0, 3) * sentence_tokens + rows.integer(0, 4) * message_tokens;
}

void Estimator::cut_held() {
  for (auto& [key, conversation] : held_) {
    backend::backend_call([] { CHECK_FOR_INTERRUPTS(); });
    cut(conversation);
  }
  held_.clear();
  held_bytes_ = 0;
}

void Estimator::cut(Conversation& conversation) {
  chunking::CutInput input;
  input.messages = std::move(conversation.messages);
  input.speakers = std::move(conversation.speakers);
  input.closing = {1};
  if (options_.boundaries == "model") count_windows(input);
  const chunking::Cuts cuts = chunking::cut(input, cutting_);
  ++conversations_;
  for (const chunking::Chunk& chunk : cuts.chunks) {
    std::set<std::int64_t> context_messages, messages;
    for (const auto& sentence : chunk.context) context_messages.insert(sentence.message_id);
    for (const auto& sentence : chunk.sentences) messages.insert(sentence.message_id);
    std::int64_t names = 0;
    for (const std::string& name : chunk.cast) names += chunking::estimate_tokens(name) + 1;
    ++chunks_;
    countable_ += chunk.countable;
    question_tokens_ += frame_tokens + names + chunk.tokens +
                        static_cast<std::int64_t>(chunk.context.size() + chunk.sentences.size()) * sentence_tokens +
                        static_cast<std::int64_t>(context_messages.size() + messages.size()) * message_tokens;
  }
}

// A stretch as windows show it, a new one every fifteen messages: the last messages of one
// are shown again in the next.
void Estimator::count_windows(const chunking::CutInput& input) {
  const stages::Stage* const stage = stages::find_stage(stages::boundary_stage_name);
  if (stage == nullptr) return;
  const std::int64_t constant = constant_tokens(newest_prompt(stages::boundary_stage_name).text) + constant_tokens(stage->schema().dump());
  chunking::CutOptions whole = cutting_;
  whole.boundaries = chunking::Boundaries::rules;
  std::int64_t messages = 0, tokens = 0;
  const auto finish = [&] {
    if (messages > 1) {
      const std::int64_t more = std::max<std::int64_t>(0, messages - chunking::window_messages);
      const std::int64_t requests = 1 + (more + chunking::window_cut - 1) / chunking::window_cut;
      const std::int64_t shown = messages + (requests - 1) * (chunking::window_messages - chunking::window_cut);
      AboutGraph& windows = windows_[options_.use_batch_api && requests == 1 ? 1 : 0];
      windows.requests += requests;
      windows.input_tokens += requests * (constant + frame_tokens) + shown * message_tokens + tokens * shown / messages;
      windows.output_tokens += (shown / messages_a_segment + requests) * output_a_segment;
    }
    messages = tokens = 0;
  };
  chunking::OpenStretch stretch(whole);
  for (const chunking::Message& message : input.messages) {
    if (stretch.begins_another(message)) {
      finish();
      stretch.begin_again();
    }
    const bool readable = !chunking::skip_reason(message.text);
    stretch.add(message, readable ? static_cast<int>(chunking::sentences_of(message).size()) : 0);
    if (readable) {
      ++messages;
      tokens += chunking::estimate_tokens(std::string_view(message.text).substr(0, stages::max_boundary_text));
    }
    if (stretch.full()) {
      finish();
      stretch.begin_again();
    }
  }
  finish();
}

Estimate Estimator::estimate() {
  cut_held();
  Estimate estimate;
  const double scale =
      counted_bytes_ == 0 ? 1 : static_cast<double>(all_bytes_) / static_cast<double>(counted_bytes_);
  const auto scaled = [scale](double value) { return static_cast<std::int64_t>(value * scale + 0.5); };
  estimate.conversations = scaled(static_cast<double>(conversations_));
  estimate.sentences = scaled(static_cast<double>(countable_));
  estimate.chunks = scaled(static_cast<double>(chunks_));
  // Later stages are shown what the earlier ones said, in place of the words.
  double shown_tokens = 0;
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    const Share share = share_asked(stage);
    const auto requests = static_cast<std::int64_t>(static_cast<double>(estimate.chunks) * share.chunks + 0.5);
    estimate.requests += requests;
    estimate.input_tokens += requests * constant_tokens_[stage];
    estimate.input_tokens +=
        stage == 0 ? scaled(static_cast<double>(question_tokens_)) : requests * frame_tokens + scaled(shown_tokens);
    const double said_tokens = static_cast<double>(countable_) * share.sentences * output_per_sentence(stages_[stage], &estimate.measured);
    estimate.output_tokens += scaled(said_tokens);
    shown_tokens += said_tokens;
  }
  // One stage of a chunk is ready at a time.
  estimate.mode = options_.use_batch_api && estimate.chunks >= options_.batch_min_requests ? "batch" : "direct";
  estimate.model = options_.model;
  // Prices have tiers by the size of one request, so one average request is priced.
  const std::int64_t requests = std::max<std::int64_t>(estimate.requests, 1);
  const std::int64_t constant = std::accumulate(constant_tokens_.begin(), constant_tokens_.end(), std::int64_t{0}) /
                                static_cast<std::int64_t>(std::max<std::size_t>(stages_.size(), 1));
  const std::int64_t cached = estimate.mode == "direct" && requests > 1 ? cacheable(constant) : 0;
  const auto cost = execute(
      "SELECT pg_catalog.round(kg_batch_internal.cost($1, pg_catalog.now(), $2, $3, $4, 0, $5) * $6, 6), "
      "pg_catalog.round(kg_batch_internal.cost($1, pg_catalog.now(), 'direct', $3, $4, 0, $5) * $6, 6)",
      {estimate.model, estimate.mode, estimate.input_tokens / requests, cached, estimate.output_tokens / requests, estimate.requests});
  estimate.cost = cost.maybe_text(0, 0);
  estimate.direct_cost = cost.maybe_text(0, 1);
  add_to(estimate, questions_about_graph(estimate.chunks, false), options_.merge_model.empty() ? options_.model : options_.merge_model, options_.merge_by_batch);
  if (!options_.embedding_model.empty())
    add_to(estimate, questions_about_graph(estimate.chunks, true), options_.embedding_model, options_.merge_by_batch);
  for (const bool by_batch : {false, true}) {
    AboutGraph windows = windows_[by_batch ? 1 : 0];
    windows = {scaled(static_cast<double>(windows.requests)), scaled(static_cast<double>(windows.input_tokens)),
               scaled(static_cast<double>(windows.output_tokens))};
    add_to(estimate, windows, options_.model, by_batch && windows.requests >= options_.batch_min_requests);
  }
  return estimate;
}

void Estimator::add_to(Estimate& estimate, const AboutGraph& more, const std::string& model, bool by_batch) {
  if (more.requests == 0) return;
  const auto cost = execute(
      "SELECT pg_catalog.round($4::numeric + kg_batch_internal.cost($1, pg_catalog.now(), $2, $5, 0, 0, $6) * $3, 6), "
      "pg_catalog.round($7::numeric + kg_batch_internal.cost($1, pg_catalog.now(), 'direct', $5, 0, 0, $6) * $3, 6)",
      {model, by_batch ? "batch" : "direct", more.requests, estimate.cost, more.input_tokens / more.requests, more.output_tokens / more.requests,
       estimate.direct_cost});
  estimate.cost = cost.maybe_text(0, 0);
  estimate.direct_cost = cost.maybe_text(0, 1);
  estimate.requests += more.requests;
  estimate.input_tokens += more.input_tokens;
  estimate.output_tokens += more.output_tokens;
}

// How many there will be follows from what the graph was asked so far, for each
// chunk that was read; of a graph that has none yet nothing can be known.
Estimator::AboutGraph Estimator::questions_about_graph(std::int64_t chunks, bool embeddings) const {
  const auto rows = execute(
      "SELECT (SELECT pg_catalog.count(*) FROM kg_batch_internal.chunk c WHERE c.graph_id = $1 AND c.state = 'done'), "
      " pg_catalog.sum(u.requests), pg_catalog.sum(u.input_tokens), pg_catalog.sum(u.output_tokens) "
      "FROM kg_batch_internal.usage u WHERE u.graph_id = $1 AND CASE WHEN $2 THEN u.stage = 'kg_embed' "
      " ELSE u.stage IN (SELECT p.stage FROM kg_batch_internal.prompt p WHERE p.plan = 'round') END",
      {graph_id_, embeddings});
  const std::int64_t read = rows.integer(0, 0), asked = rows.integer(0, 1);
  if (read < enough_answers || asked == 0) return {};
  const double share = static_cast<double>(chunks) / static_cast<double>(read);
  AboutGraph about_graph;
  about_graph.requests = static_cast<std::int64_t>(static_cast<double>(asked) * share + 0.5);
  about_graph.input_tokens = static_cast<std::int64_t>(static_cast<double>(rows.integer(0, 2)) * share + 0.5);
  about_graph.output_tokens = static_cast<std::int64_t>(static_cast<double>(rows.integer(0, 3)) * share + 0.5);
  return about_graph;
}

// Output tokens per countable sentence in the newest answers of the graph.
double Estimator::output_per_sentence(const std::string& stage, bool* measured) const {
  const auto rows = execute(
      "SELECT pg_catalog.count(*), pg_catalog.sum(a.output_tokens), pg_catalog.sum(c.countable) "
      "FROM (SELECT graph_id, request_id, chunk_id FROM kg_batch_internal.request WHERE graph_id = $1 AND stage = $2 AND model = $3 "
      " AND state = 'answered' ORDER BY request_id DESC LIMIT 500) r "
      "JOIN kg_batch_internal.answer a ON a.graph_id = r.graph_id AND a.request_id = r.request_id AND a.outcome = 'answered' "
      "JOIN kg_batch_internal.chunk c ON c.graph_id = r.graph_id AND c.chunk_id = r.chunk_id",
      {graph_id_, stage, options_.model});
  if (rows.integer(0, 0) < enough_answers || rows.integer(0, 2) == 0)
    return stages_.size() == 1 ? assumed_output_per_sentence : assumed_output_per_sentence_of_several;
  *measured = true;
  return rows.number(0, 1) / rows.number(0, 2);
}

// Of the chunks that were read last, how many had something to ask of a stage.
Estimator::Share Estimator::share_asked(std::size_t stage) const {
  if (stage == 0) return {};
  const auto rows = execute(
      "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE pg_catalog.cardinality(c.answered_requests) >= $4), "
      "pg_catalog.sum(c.countable), pg_catalog.sum(c.countable) FILTER (WHERE pg_catalog.cardinality(c.answered_requests) >= $4) "
      "FROM (SELECT graph_id, chunk_id FROM kg_batch_internal.request WHERE graph_id = $1 AND stage = $2 AND model = $3 "
      " AND state = 'answered' ORDER BY request_id DESC LIMIT 500) r "
      "JOIN kg_batch_internal.chunk c ON c.graph_id = r.graph_id AND c.chunk_id = r.chunk_id AND c.state = 'done'",
      {graph_id_, stages_.front(), options_.model, static_cast<int>(stage)});
  if (rows.integer(0, 0) < enough_answers || rows.integer(0, 2) == 0) return {};
  return {rows.number(0, 1) / rows.number(0, 0), rows.number(0, 3) / rows.number(0, 2)};
}

namespace {

constexpr int seeds_chunk_size = 5;

// A step of the plan after the other, each as long as batches of the model usually take.
std::optional<std::string> seconds_by_batch(const JobOptions& options, std::size_t steps) {
  const auto rows = execute(
      "SELECT pg_catalog.round((pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY x.took) * $2)::numeric) FROM ("
      " SELECT EXTRACT(epoch FROM d.ended_at - d.submitted_at)::float8 AS took FROM kg_batch_internal.batch d "
      " WHERE d.state = 'done' AND d.submitted_at IS NOT NULL AND d.model = $1 ORDER BY d.batch_id DESC LIMIT 20) x",
      {options.model, static_cast<std::int64_t>(steps)});
  return rows.maybe_text(0, 0);
}

// As many at once as there are slots, each as long as answers to extraction took; and
// no faster than the account's limits let them through.
std::optional<std::string> seconds_directly(std::int64_t graph_id, const JobOptions& options, const Estimate& estimate) {
  const auto rows = execute(
      "SELECT pg_catalog.ceil(GREATEST(pg_catalog.avg(x.latency_ms) / 1000 * $3::bigint / $4::bigint, $3::bigint * 60.0 / NULLIF($5::bigint, 0), "
      " $6::bigint * 60.0 / NULLIF($7::bigint, 0)))  "
      "FROM (SELECT a.latency_ms FROM (SELECT r.graph_id, r.request_id FROM kg_batch_internal.request r "
      "  WHERE r.graph_id = $1 AND r.model = $2 AND r.mode = 'direct' AND r.chunk_id IS NOT NULL AND r.state = 'answered' ORDER BY r.request_id DESC LIMIT 500) r "
      " JOIN kg_batch_internal.answer a ON a.graph_id = r.graph_id AND a.request_id = r.request_id AND a.outcome = 'answered' AND a.latency_ms IS NOT NULL) x "
      "HAVING pg_catalog.count(*) > 0",
      {graph_id, options.model, estimate.requests,
       static_cast<std::int64_t>(backend::settings::requests_in_flight()) * backend::settings::num_pipelines(),
       static_cast<std::int64_t>(backend::settings::requests_per_minute()), estimate.input_tokens + estimate.output_tokens,
       static_cast<std::int64_t>(backend::settings::tokens_per_minute())});
  return rows.empty() ? std::nullopt : rows.maybe_text(0, 0);
}

}  // namespace

std::vector<Way> estimate_ways(const Job& job) {
  JobOptions by_batch = job.options;
  by_batch.use_batch_api = true;
  by_batch.batch_min_requests = 1;
  JobOptions directly = job.options;
  directly.use_batch_api = false;
  directly.real_time_chunk_size = job.options.batch_chunk_size;
  JobOptions as_the_seed = directly;
  as_the_seed.real_time_chunk_size = seeds_chunk_size;
  std::vector<Way> ways;
  for (const auto& [name, options] : {std::pair{"batch", by_batch}, std::pair{"direct", directly}, std::pair{"direct, 5 sentences", as_the_seed}}) {
    Estimator estimator(job.graph_id, options);
    estimator.add_job(job.job_id, options.real_time_chunk_size == seeds_chunk_size && !options.use_batch_api);
    const Estimate estimate = estimator.estimate();
    std::int64_t steps = 0;
    for (std::optional<std::string> stage = first_stage(options.extraction); stage; stage = next_stage(options.extraction, *stage)) ++steps;
    ways.push_back({name, estimate, options.use_batch_api ? seconds_by_batch(options, static_cast<std::size_t>(steps))
                                                          : seconds_directly(job.graph_id, options, estimate)});
  }
  return ways;
}

JobOptions options_of_new_job(std::int64_t graph_id) {
  nlohmann::json frozen = nlohmann::json::object();
  for (const auto& setting : backend::job_settings()) frozen[setting.name] = backend::job_setting(setting);
  const auto of_graph = nlohmann::json::parse(
      execute("SELECT options FROM kg_batch_internal.graph WHERE graph_id = $1", {graph_id}).text(0, 0));
  for (const auto& [name, value] : of_graph.items()) frozen[name] = value.is_string() ? value.get<std::string>() : value.dump();
  const auto number = [&](const char* name) { return std::stoi(frozen[name].get<std::string>()); };
  JobOptions options;
  options.batch_chunk_max = number("batch_chunk_max");
  options.batch_chunk_size = number("batch_chunk_size");
  options.batch_min_requests = number("batch_min_requests");
  options.boundaries = frozen["boundaries"].get<std::string>();
  options.chunk_max_tokens = number("chunk_max_tokens");
  options.context_sentences = number("context_sentences");
  options.embedding_model = frozen["embedding_model"].get<std::string>();
  options.extraction = frozen["extraction"].get<std::string>();
  const std::string merges_by_batch = frozen["merge_by_batch"].get<std::string>();
  options.merge_by_batch = merges_by_batch == "on" || merges_by_batch == "true";
  options.merge_model = frozen["merge_model"].get<std::string>();
  options.model = frozen["model"].get<std::string>();
  options.real_time_chunk_size = number("real_time_chunk_size");
  const std::string by_batch = frozen["use_batch_api"].get<std::string>();
  options.use_batch_api = by_batch == "on" || by_batch == "true";
  return options;
}

}  // namespace kg_batch::store
