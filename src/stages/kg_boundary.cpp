#include "stages/kg_boundary.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "chunking/sentences.h"
#include "stages/answer_reader.h"
#include "stages/answer_schema.h"
#include "stages/answer_text.h"
#include "stages/question_document.h"

namespace kg_batch::stages {
namespace {

Json answer_schema() {
  const auto typed = [](const char* type) {
    Json schema;
    schema["type"] = type;
    return schema;
  };
  Json segment = object_schema({{{"first", typed("integer")}, {"last", typed("integer")}, {"process", typed("boolean")}, {"topic", typed("string")}}});
  return object_schema({{{"segments", array_schema(std::move(segment), chunking::window_messages)}}});
}

// Sentences as one text; of a long one the beginning and the end, where a
// question stands.
std::string text_of(const ShownMessage& message) {
  std::string text;
  for (const ShownSentence& sentence : message.sentences) {
    text += (text.empty() ? "" : " ") + sentence.text;
  }
  const int length = chunking::char_length(text);
  if (length <= max_boundary_text) {
    return text;
  }
  constexpr int last = max_boundary_text / 3;
  constexpr int first = max_boundary_text - last - 3;
  return std::string(cut_text(text, first)) + " … " + std::string(chunking::char_slice(text, length - last, length));
}

// A message's number. One that is no int is no message either.
std::optional<int> number_in(const Json& item, const char* name) {
  const auto found = item.find(name);
  if (found == item.end() || !found->is_number_integer()) {
    return std::nullopt;
  }
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  const auto number = found->get<std::int64_t>();
  return number > 0 && number <= std::numeric_limits<int>::max() ? std::optional<int>(static_cast<int>(number)) : std::nullopt;
}

class KgBoundary final : public Stage {
 public:
  std::string_view name() const override { return boundary_stage_name; }

  const Json& schema() const override {
    static const Json schema = answer_schema();
    return schema;
  }

  // Twenty segments are about 600 tokens.
  int max_output_tokens() const override { return 2000; }

  Json question(const Question& question, const graph::Reading&) const override {
    Json json;
    json["task"] = "boundary";
    json["participants"] = participants_json(question.participants);
    Json messages = Json::array();
    for (const ShownMessage& message : question.messages) {
      Json one;
      one["id"] = messages.size() + 1;
      one["by"] = message.by ? Json(*message.by) : Json(nullptr);
      one["at"] = message.at ? Json(*message.at) : Json(nullptr);
      one["text"] = text_of(message);
      messages.push_back(std::move(one));
    }
    json["messages"] = std::move(messages);
    return json;
  }

  std::optional<BadAnswer> read(std::string_view answer, const Question& question, graph::Reading& so_far) const override {
    std::variant<BoundaryReading, BadAnswer> reading = read_boundaries(answer, static_cast<int>(question.messages.size()));
    if (auto* bad = std::get_if<BadAnswer>(&reading)) {
      return std::move(*bad);
    }
    for (graph::Rejected& rejected : std::get<BoundaryReading>(reading).rejected) {
      so_far.rejected.push_back(std::move(rejected));
    }
    return std::nullopt;
  }
};

const KgBoundary kg_boundary;
const Registered registered(kg_boundary);

}  // namespace

std::variant<BoundaryReading, BadAnswer> read_boundaries(std::string_view answer, int messages) {
  std::variant<Json, BadAnswer> parsed = parse_answer(answer, {"segments"});
  if (auto* bad = std::get_if<BadAnswer>(&parsed)) {
    return std::move(*bad);
  }
  const Json& items = std::get<Json>(parsed)["segments"];
  BoundaryReading reading;
  const auto reject = [&](std::size_t place, std::string reason) {
    const std::string body = items[place].dump(-1, ' ', false, Json::error_handler_t::replace);
    reading.rejected.push_back({"segment number " + std::to_string(place + 1), std::move(reason), std::string(cut_text(body, max_rejected_body))});
  };
  std::vector<chunking::ToldSegment> told;
  std::vector<std::size_t> places;  // of the told, among the items
  for (std::size_t place = 0; place < items.size(); ++place) {
    const Json& item = items[place];
    if (told.size() == static_cast<std::size_t>(chunking::window_messages)) {
      reject(place, "more than " + std::to_string(chunking::window_messages) + " segments");
      continue;
    }
    if (!item.is_object()) {
      reject(place, "not an object");
      continue;
    }
    const std::optional<int> first = number_in(item, "first");
    const std::optional<int> last = number_in(item, "last");
    if (!first || !last) {
      reject(place, std::string(first ? "last" : "first") + " is no message");
      continue;
    }
    // What is not clearly left out is read: a wrong word must not lose a message.
    chunking::ToldSegment segment = {*first, *last, true, ""};
    if (const auto process = item.find("process"); process != item.end() && process->is_boolean()) {
      segment.process = process->get<bool>();
    }
    if (const auto topic = item.find("topic"); topic != item.end() && topic->is_string()) {
      segment.topic = tidy_text(topic->get_ref<const std::string&>(), max_topic);
    }
    told.push_back(std::move(segment));
    places.push_back(place);
  }
  chunking::Arranged arranged = chunking::arrange(told, messages);
  reading.segments = std::move(arranged.segments);
  for (auto& [place, reason] : arranged.dropped) {
    reject(places[place], std::move(reason));
  }
  return reading;
}

}  // namespace kg_batch::stages
