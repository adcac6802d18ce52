// enqueue and enqueue_text: conversations that the caller holds in hand.
//
// Everything is checked before anything is written. Messages without a key are
// known by what they hold, so that handing them in again is no repeat.

#include <nlohmann/json.hpp>

#include "backend/wake.h"
#include "extension/incoming.h"
#include "extension/intake.h"
#include "extension/time_zone.h"
#include "openai/json_text.h"
#include "store/access.h"
#include "transcripts/calendar.h"
#include "transcripts/read.h"

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
  bool known_by_moments = false;  // messages are, as of an export that has no ids
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

// An id of a moment holds it in UTC: an export of a phone that has moved to
// another zone has other clocks in it and the same moments.
// What was said twice at a moment is told apart by its number.
std::string id_of_moment(std::int64_t sent_at_us, const std::string& id, std::unordered_map<std::string, int>& equal_before) {
  std::string whole = transcripts::iso_text(transcripts::utc_of(sent_at_us / 1'000'000));
  whole[whole.find(' ')] = 'T';
  whole += "Z/" + id;
  return whole + "/" + std::to_string(++equal_before[whole]);
}

IncomingMessage message_of(const transcripts::Message& written) {
  IncomingMessage message;
  if (written.speaker.empty())
    message.role = "system";
  else
    set_speaker(message, written.speaker);
  check_key(message.speaker, "speaker");
  message.speaker_id = written.speaker_id;
  check_key(message.speaker_id, "speaker_id");
  message.reply_to = written.reply_to;
  if (written.sent_at) message.sent_at_us = time_from_text(*written.sent_at, "sent_at");
  message.id = written.id;
  if (message.id) check_key(*message.id, "id");
  message.content = written.content;
  message.skipped = written.skipped;
  finish_message(message);
  return message;
}

struct ReadingOptions {
  std::optional<transcripts::Format> format;  // recognised when it is not said
  std::optional<transcripts::DateOrder> date_order;
};

ReadingOptions reading_options(const std::string& format, const std::optional<std::string>& date_order) {
  ReadingOptions options;
  options.format = transcripts::format_named(format);
  if (!options.format && format != "auto")
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown format \"" + openai::short_text(format, 80) + "\"", "",
                "Valid formats are auto, plain (a line \"Name: words\" for each message), whatsapp, telegram and slack.");
  if (date_order) options.date_order = transcripts::date_order_named(*date_order);
  if (date_order && !options.date_order)
    throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "unknown date_order \"" + openai::short_text(*date_order, 80) + "\"", "",
                "Valid values are dmy, mdy and ymd: which comes first, day, month or year.");
  return options;
}

transcripts::Written read_transcript(const std::string& text, const ReadingOptions& options) {
  auto read = transcripts::read(text, options.format ? *options.format : transcripts::recognised(text), options.date_order);
  if (const auto* refused = std::get_if<transcripts::Refused>(&read))
    throw Error(ERRCODE_INVALID_TEXT_REPRESENTATION, refused->what + ": " + refused->reason, refused->detail, refused->hint);
  return std::get<transcripts::Written>(std::move(read));
}

// A chat of several goes by its own key, behind the caller's if there is one.
std::string key_of(const transcripts::Message& written, const std::string& key, bool key_given) {
  if (written.conversation.empty()) return key;
  return checked_key(key_given ? key + "/" + written.conversation : written.conversation);
}

std::vector<IncomingMessage> messages_of_transcript(const transcripts::Written& transcript, const std::string& key, bool key_given) {
  std::vector<IncomingMessage> result;
  result.reserve(transcript.messages.size());
  std::unordered_map<std::string, int> equal_before;
  for (const auto& written : transcript.messages) {
    try {
      result.push_back(message_of(written));
    } catch (const BadMessage& bad) {
      refuse(written.place, bad);
    }
    if (transcript.ids_are_of_moments) {
      IncomingMessage& message = result.back();
      message.id = id_of_moment(message.sent_at_us.value_or(0), *message.id, equal_before);
    }
    result.back().conversation = key_of(written, key, key_given);
  }
  return result;
}

// Exports of one chat overlap. Two that hardly do have other moments in them, of
// which a wrong time zone is the likely cause: all is read and paid again. By chance
// "ok" was said at both.
std::optional<Attention> doubled_perhaps(const Delivery& delivery, const store::IngestReport& report) {
  if (!delivery.known_by_moments || report.known == 0 || report.added == 0) return std::nullopt;
  const std::int64_t there = report.repeats + report.forgotten;
  if (there * 10 > report.added) return std::nullopt;
  return Attention{"conversation \"" + delivery.key + "\" was there, but of " + std::to_string(there + report.added) + " messages of this export " +
                       (there == 0 ? "none" : "only " + std::to_string(there)) + " was",
                   "If it is a later export of the same chat, its moments are others: "
                   "\"timezone\" must be the zone of the phone that made it, each time."};
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
  auto attention = what_needs_attention(taken.job);
  if (auto doubled = doubled_perhaps(delivery, taken.report)) attention.insert(attention.begin(), std::move(*doubled));
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
    const ReadingOptions options = reading_options(call.text(1).value_or("auto"), call.text(7));
    const auto key = call.text(2);
    const transcripts::Written written = read_transcript(transcript, options);
    Delivery delivery;
    delivery.key = checked_key(key ? *key : !written.key.empty() ? written.key : key_of_content("t:", transcript));
    delivery.job = call.text(3);
    delivery.priority = priority_argument(call, 4);
    delivery.final = call.boolean(5).value_or(true);
    const TimeZone zone(call.text(6));
    delivery.graph = call.graph(8);
    delivery.always_tell = true;
    delivery.known_by_moments = written.ids_are_of_moments;
    delivery.messages = messages_of_transcript(written, delivery.key, key.has_value());
    zone.leave();
    if (!delivery.messages.empty()) delivery.messages.front().repaired = replaced + written.replaced;
    return call.give(take(delivery));
  });
}

}  // extern "C"
