#include "measures.h"

#include <algorithm>

namespace kg_batch::measured {

double window_diff(const std::vector<bool>& reference, const std::vector<bool>& found) {
  const auto messages = static_cast<std::ptrdiff_t>(reference.size());
  const auto segments = 1 + std::count(reference.begin(), reference.end(), true);
  const std::ptrdiff_t size = std::max<std::ptrdiff_t>((messages + segments) / (2 * segments), 1);
  std::ptrdiff_t different = 0;
  for (std::ptrdiff_t i = 0; i + size < messages; ++i) {
    const auto boundaries = [&](const std::vector<bool>& all) { return std::count(all.begin() + i + 1, all.begin() + i + size + 1, true); };
    different += boundaries(reference) != boundaries(found) ? 1 : 0;
  }
  return messages > size ? static_cast<double>(different) / static_cast<double>(messages - size) : 0;
}

Measures measure(const std::vector<Dialogue>& dialogues, const Segmenter& segmenter) {
  Measures measures;
  int right = 0;
  int wanted = 0;
  for (const Dialogue& dialogue : dialogues) {
    const std::vector<bool> found = segmenter(dialogue.texts);
    for (std::size_t i = 0; i < found.size(); ++i) {
      measures.found += found[i] ? 1 : 0;
      wanted += dialogue.begins_topic[i] ? 1 : 0;
      right += found[i] && dialogue.begins_topic[i] ? 1 : 0;
    }
    measures.window_diff += window_diff(dialogue.begins_topic, found) / static_cast<double>(dialogues.size());
  }
  measures.precision = measures.found > 0 ? static_cast<double>(right) / measures.found : 0;
  measures.recall = wanted > 0 ? static_cast<double>(right) / wanted : 0;
  measures.f1 = right > 0 ? 2 * measures.precision * measures.recall / (measures.precision + measures.recall) : 0;
  return measures;
}

std::vector<bool> by_rules(const std::vector<std::string>& texts) {
  chunking::CutInput input;
  for (const std::string& text : texts) {
    chunking::Message message;
    message.message_id = static_cast<std::int64_t>(input.messages.size()) + 1;
    message.speaker = static_cast<int>(input.messages.size() % 2);
    message.text = text;
    input.messages.push_back(std::move(message));
  }
  input.speakers = {"A", "B"};
  input.closing = {0};
  std::vector<bool> result(texts.size(), false);
  for (const chunking::Segment& segment : chunking::cut(input, {}).segments) {
    result[static_cast<std::size_t>(segment.first_message_id - 1)] = segment.began_by == "topic";
  }
  return result;
}

std::vector<bool> never(const std::vector<std::string>& texts) { return std::vector<bool>(texts.size(), false); }

Segmenter every(int messages) {
  return [messages](const std::vector<std::string>& texts) {
    std::vector<bool> result(texts.size(), false);
    for (auto i = static_cast<std::size_t>(messages); i < texts.size(); i += static_cast<std::size_t>(messages)) {
      result[i] = true;
    }
    return result;
  };
}

}  // namespace kg_batch::measured
