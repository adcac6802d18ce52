#include "answers.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "graph/sha256.h"

namespace kg_batch::evaluate {
namespace {

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json part(const Json& schema, const Json& value) {
  if (schema.contains("anyOf")) {
    return value;
  }
  if (value.is_array()) {
    Json items = Json::array();
    for (const Json& item : value) {
      items.push_back(part(schema["items"], item));
    }
    return items;
  }
  if (value.is_object()) {
    Json object = Json::object();
    for (const auto& [name, property] : schema["properties"].items()) {
      if (value.contains(name)) {
        object[name] = part(property, value[name]);
      }
    }
    return object;
  }
  return value;
}

}  // namespace

std::string question_sha256(std::string_view user_message, std::string_view stage) {
  graph::Sha256 hash;
  hash.update(user_message);
  hash.update(stage);
  std::string hex;
  for (const std::uint8_t byte : hash.finish()) {
    static const char digits[] = "0123456789abcdef";
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

std::vector<StoredAnswer> read_answers(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) {
    throw std::runtime_error("could not read \"" + file.string() + "\"");
  }
  std::vector<StoredAnswer> answers;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (line.empty()) {
      continue;
    }
    try {
      const Json json = Json::parse(line);
      const Json& content = json.at("content");
      answers.push_back({json.at("source"), json.at("conversation"), json.at("stage"), json.at("question_sha256"),
                         content.is_string() ? content.get<std::string>() : dumped(content)});
    } catch (const std::exception& error) {
      throw std::runtime_error(file.string() + ", line " + std::to_string(number) + ": " + error.what());
    }
  }
  return answers;
}

void write_answers(const std::filesystem::path& file, const std::vector<StoredAnswer>& answers) {
  std::ofstream stream(file, std::ios::trunc);
  for (const StoredAnswer& answer : answers) {
    Json json;
    json["source"] = answer.source;
    json["conversation"] = answer.conversation;
    json["stage"] = answer.stage;
    json["question_sha256"] = answer.question_sha256;
    // As JSON where it is, to be read by people; else as what was said.
    const Json content = Json::parse(answer.content, nullptr, false);
    json["content"] = content.is_object() ? content : Json(answer.content);
    stream << dumped(json) << '\n';
  }
  if (!stream.flush()) {
    throw std::runtime_error("could not write \"" + file.string() + "\"");
  }
}

Json part_for(const stages::Stage& stage, const Json& whole) { return part(stage.schema(), whole); }

std::optional<StoredAnswer> stored_for(const std::vector<StoredAnswer>& answers, std::string_view conversation,
                                       const stages::Stage& stage) {
  const auto find = [&](std::string_view name) {
    return std::find_if(answers.begin(), answers.end(), [&](const StoredAnswer& answer) {
      return answer.conversation == conversation && answer.stage == name;
    });
  };
  if (const auto found = find(stage.name()); found != answers.end()) {
    return *found;
  }
  const auto whole = find("kg_extract");
  if (whole == answers.end()) {
    return std::nullopt;
  }
  StoredAnswer answer = *whole;
  answer.stage = stage.name();
  answer.content = dumped(part_for(stage, Json::parse(whole->content)));
  return answer;
}

}  // namespace kg_batch::evaluate
