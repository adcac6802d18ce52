// enqueue and enqueue_text: conversations that the caller holds in hand.
//
// Everything is checked before anything is written. Messages without a key are
// known by what they hold, so that handing them in again is no repeat.

#include <nlohmann/json.hpp>

#include "backend/wake.h"
#include "extension/incoming.h"
#include "extension/intake.h"
#include "openai/json_text.h"
#include "store/access.h"
#include "transcripts/plain.h"

using namespace kg_batch;
using namespace kg_batch::extension;
using backend::entry_point;
using backend::Error;
using store::IncomingMessage;

namespace {

struct Delivery {
  std::string key;
  std::optional<std::string> job;
  std::string graph;
  int priority = 2;
  bool final = false;
  bool always_tell = false;
  std::vector<IncomingMessage> messages;
};

std::string checked_key(const std::string& key) {
  if (key.empty()) throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "\"key\" of a conversation must not be empty");
  if (key.size() > store::longest_key)
    throw Error(ERRCODE_STRING_DATA_RIGHT_TRUNCATION, "\"key\" is longer than " + std::to_string(store::longest_key) + " bytes");
  return key;
}

std::vector<IncomingMessage> messages_of(const std::string& text, const std::string& key) {
  const nlohmann::json messages = nlohmann::json::parse(text, nullptr, false);
  if (messages.is_discarded()) throw Error(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "messages hold a number that is out of range");
  if (!messages.is_array())
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "messages must be a JSON array",
                std::string("This is of type ") + messages.type_name() + ".",
                R"(Write them as [{"speaker":"Anna","content":"I adopted a dog."}].)");
  std::vector<IncomingMessage> result;
  result.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    try {
      result.push_back(message_from_json(messages[i]));
    } catch (const BadMessage& bad) {
      refuse("message " + std::to_string(i + 1), bad);
    }
    result.back().conversation = key;
  }
  return result;
}

// Names that logs of assistants give to the two sides are roles, not people.
void set_speaker(IncomingMessage& message, const std::string& speaker) {
  std::string lower = speaker;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "assistant" || lower == "user" || lower == "system")
    message.role = lower;
  else
    message.speaker = speaker;
}

IncomingMessage message_of(const transcripts::Message& line) {
  IncomingMessage message;
  set_speaker(message, line.speaker);
  check_key(message.speaker, "speaker");
  if (line.sent_at) message.sent_at_us = time_from_text(*line.sent_at, "sent_at");
  message.content = line.content;
  finish_message(message);
  return message;
}

std::vector<IncomingMessage> messages_of_transcript(const std::string& transcript, const std::string& key) {
  const auto read = transcripts::read_plain(transcript);
  if (const auto* refused = std::get_if<transcripts::Refused>(&read)) {
    std::string lines;
    for (const std::string& line : refused->as_read) lines += "\n" + line;
    throw Error(ERRCODE_INVALID_TEXT_REPRESENTATION, "text is no transcript: " + refused->reason,
                lines.empty() ? "" : "The first lines were read as:" + lines,
                "Each message begins on a line of its own, as \"Anna: I adopted a dog.\"; a time may stand before the name.");
  }
  std::vector<IncomingMessage> result;
  for (const auto& line : std::get<std::vector<transcripts::Message>>(read)) {
    try {
      result.push_back(message_of(line));
    } catch (const BadMessage& bad) {
      refuse("line " + std::to_string(line.line), bad);
    }
    result.back().conversation = key;
  }
  return result;
}

bool told_in_this_session = false;

std::int64_t take(const Delivery& delivery) {
  const std::string warning = backend::announce_work();
  OwnerWork work;
  const std::int64_t graph_id = store::graph_for(work.caller(), delivery.graph, store::Right::writer);
  Taken taken;
  taken.job = target_job(work.caller(), graph_id, delivery.job, false);
  taken.final = delivery.final;
  store::Ingest ingest({graph_id, taken.job.job_id, delivery.priority, delivery.final, false});
  const auto to_read = ingest.take(delivery.messages);
  if (delivery.messages.empty()) ingest.touch(delivery.key);
  ingest.finish();
  taken.report = ingest.report();
  const bool telling = delivery.always_tell || !told_in_this_session;
  if (telling) {
    store::Estimator estimator(graph_id, taken.job.options);
    for (const std::size_t place : to_read) estimator.add(delivery.messages[place]);
    taken.estimate = estimator.estimate();
  }
  const auto attention = what_needs_attention(taken.job);
  work.done();
  warn_of_slots(warning);
  if (telling) tell_taken(taken);
  told_in_this_session = true;
  tell(attention);
  return taken.job.job_id;
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_enqueue);
Datum kg_batch_enqueue(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    require_utf8();
    const auto messages = call.jsonb(0);
    if (!messages) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"messages\" must not be null");
    const auto key = call.text(1);
    Delivery delivery;
    delivery.key = key ? checked_key(*key) : key_of_content("m:", *messages);
    delivery.job = call.text(2);
    delivery.priority = priority_argument(call, 3);
    delivery.final = call.boolean(4).value_or(!key);
    delivery.graph = call.graph(5);
    delivery.messages = messages_of(*messages, delivery.key);
    return call.give(take(delivery));
  });
}

PG_FUNCTION_INFO_V1(kg_batch_enqueue_text);
Datum kg_batch_enqueue_text(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    require_utf8();
    int replaced = 0;
    const std::string transcript = openai::sanitize_utf8(required_text(call, 0, "transcript"), &replaced);
    const std::string format = call.text(1).value_or("auto");
    if (format != "auto" && format != "plain")
      throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown format \"" + openai::short_text(format, 80) + "\"", "",
                  "Valid formats are auto and plain: a line \"Name: words\" for each message.");
    const auto key = call.text(2);
    Delivery delivery;
    delivery.key = key ? checked_key(*key) : key_of_content("t:", transcript);
    delivery.job = call.text(3);
    delivery.priority = priority_argument(call, 4);
    delivery.final = call.boolean(5).value_or(true);
    delivery.graph = call.graph(6);
    delivery.always_tell = true;
    delivery.messages = messages_of_transcript(transcript, delivery.key);
    if (!delivery.messages.empty()) delivery.messages.front().repaired = replaced;
    return call.give(take(delivery));
  });
}

}  // extern "C"
