#include "answers.h"

#include <fstream>
#include <stdexcept>

#include "durable_file.h"
#include "oracle_decisions.h"
#include "oracle_reading.h"
#include "rules/rules.h"
#include "sha256.h"
#include "strict_schema.h"

namespace kg_sim {

namespace {

Content content_of(Json value) {
  Content content;
  content.text = value.is_string() ? value.get<std::string>() : to_text(value);
  content.value = std::move(value);
  return content;
}

Content no_answer(std::string why) {
  Content content;
  content.error = std::move(why);
  return content;
}

// What is always there to say: nothing, in the shape that was asked for.
Content smallest(const AskedFor& asked) {
  if (asked.schema) return content_of(smallest_instance(*asked.schema));
  return content_of(asked.json ? Json::object() : Json("Understood."));
}

}  // namespace

void Answers::load_gold(const std::string& path, Settings& settings) {
  const auto text = read_whole_file(path);
  if (!text) throw std::runtime_error("could not read gold file \"" + path + "\"");
  if (settings.mode == "replay") {
    std::size_t from = 0;
    for (int number = 1; from < text->size(); ++number) {
      const std::size_t end = std::min(text->find('\n', from), text->size());
      const std::string_view line = std::string_view(*text).substr(from, end - from);
      from = end + 1;
      if (line.empty()) continue;
      const auto entry = parse_json(line);
      const Json* content = entry ? member(*entry, "content") : nullptr;
      if (!content || text_member(*entry, "question_sha256").empty())
        throw std::runtime_error("line " + std::to_string(number) + " of gold file \"" + path +
                                 "\" is not {\"question_sha256\":…,\"content\":…}");
      recorded_[text_member(*entry, "question_sha256")] =
          content->is_string() ? content->get<std::string>() : to_text(*content);
    }
    return;
  }
  const auto gold = parse_json(*text);
  if (!gold) throw std::runtime_error("gold file \"" + path + "\" is not JSON");
  if (settings.mode == "fixed") {
    settings.fixed = *gold;
    return;
  }
  const Json* answers = member(*gold, "answers");
  if (answers && !answers->is_array()) throw std::runtime_error("\"answers\" of gold file \"" + path + "\" is not an array");
  world_.load(*gold);
  if (!answers && world_.empty())
    throw std::runtime_error("gold file \"" + path + "\" has neither \"answers\" nor \"sentences\", \"things\", \"kinds\" or \"predicates\"");
  for (const Json& item : answers ? *answers : Json::array()) {
    const Json* answer = member(item, "answer");
    if (!answer) throw std::runtime_error("an item of gold file \"" + path + "\" has no \"answer\"");
    gold_.push_back({text_member(item, "contains"), text_member(item, "schema"), *answer});
  }
  if (const Json* fallback = member(*gold, "default")) gold_default_ = *fallback;
}

Content Answers::answer(const AskedFor& asked, const Settings& settings) {
  if (settings.mode == "fixed") return content_of(settings.fixed);

  if (settings.mode == "replay") {
    const std::string hash = sha256_hex({asked.user, asked.stage});
    const auto found = recorded_.find(hash);
    if (found == recorded_.end()) return no_answer("no recorded answer for question " + hash);
    Content content;
    content.text = found->second;
    content.value = parse_json(found->second).value_or(Json(nullptr));
    return content;
  }

  if (settings.mode == "oracle") return oracle(asked);

  if (asked.stage.rfind("kg_", 0) != 0) return smallest(asked);
  const auto document = parse_json(asked.user);
  if (!document || !document->is_object())
    return no_answer("the user message of a " + asked.stage + " question is not a JSON object");
  try {
    Json answer = StagedAnswers::is_staged(asked.stage) ? staged_.answer(asked.stage, *document)
                                                        : rules::answer(asked.stage, *document);
    return answer.is_null() ? smallest(asked) : content_of(std::move(answer));
  } catch (const std::exception& error) {
    return no_answer("the rules could not answer a " + asked.stage + " question: " + error.what());
  }
}

// A written answer, else what the gold file's world says, else the default.
Content Answers::oracle(const AskedFor& asked) const {
  for (const Gold& gold : gold_)
    if ((gold.schema.empty() || gold.schema == asked.stage) && asked.user.find(gold.contains) != std::string::npos)
      return content_of(gold.answer);
  if (!world_.empty()) {
    const auto document = parse_json(asked.user);
    if (document && document->is_object()) {
      try {
        Json answer = oracle_reading(world_, asked.stage, *document);
        if (answer.is_null()) answer = oracle_decision(world_, asked.stage, *document);
        if (!answer.is_null()) return content_of(std::move(answer));
      } catch (const std::exception& error) {
        return no_answer("the gold file does not answer a " + asked.stage + " question: " + error.what());
      }
    }
  }
  // Either one answer for everything or one for each schema.
  if (gold_default_) {
    if (const Json* for_stage = member(*gold_default_, asked.stage)) return content_of(*for_stage);
    bool by_stage = gold_default_->is_object() && !gold_default_->empty();
    if (gold_default_->is_object())
      for (const auto& [key, value] : gold_default_->items()) by_stage = by_stage && key.rfind("kg_", 0) == 0;
    if (!by_stage) return content_of(*gold_default_);
  }
  return smallest(asked);
}

}  // namespace kg_sim
