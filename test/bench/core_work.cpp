// What the core does for a chunk, so often as is asked, for counting instructions: the
// same input each time, no clock, no file, no chance.
//
//   core_work cut TIMES     a conversation of 100 messages into chunks
//   core_work ask TIMES     a chunk of 20 sentences as the body of a request, with its hash and tokens
//   core_work read TIMES    an answer about it, up to mentions with keys
//
// test/tap/work_per_chunk.pl runs it under callgrind.

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "chunking/cuts.h"
#include "graph/mentions.h"
#include "graph/sha256.h"
#include "stages/stage.h"
#include "stages_conversation.h"

namespace {

using kg_batch::stages::Json;

const std::vector<std::string>& said() {
  static const std::vector<std::string> sentences{
      "I adopted a dog called Clyde in Oslo last May.",   "My sister Karin moved to Bergen, where she works at Acme Inc. since 2020.",
      "She told me that she would rather live nearer to the sea.", "We are going to visit Dr. Moreau on the 3rd of June, if the weather is good.",
      "Zoë said \"it's mine\" and left.",                 "What do you think of the new bakery in Main Street?"};
  return sentences;
}

std::string sentence(int number) { return said()[static_cast<std::size_t>(number) % said().size()]; }

std::size_t cut() {
  kg_batch::chunking::CutInput input;
  input.speakers = {"Anna", "Bob"};
  for (int i = 0; i < 100; ++i) {
    kg_batch::chunking::Message message;
    message.message_id = i + 1;
    message.delivery = 1;
    message.speaker = i % 2;
    message.text = sentence(i) + " " + sentence(i + 1);
    message.sent_at_us = 1'700'000'000'000'000 + i * 60'000'000LL;
    input.messages.push_back(std::move(message));
  }
  input.closing = {1};
  return kg_batch::chunking::cut(input, {}).chunks.size();
}

kg_batch::test::Conversation chunk() {
  kg_batch::test::Conversation conversation({"Anna", "Bob"});
  for (int i = 0; i < 10; ++i) conversation.says(1 + i % 2, {sentence(2 * i), sentence(2 * i + 1)});
  return conversation;
}

std::size_t ask() {
  const auto& stage = *kg_batch::stages::find_stage("kg_extract");
  const std::string prompt(6'000, 'p');  // about as long as the shipped one
  const std::string body = kg_batch::stages::chat_body(stage, "gpt-6-luna", prompt, "", 4'000, stage.question(chunk().question, {}));
  static kg_batch::graph::Sha256OfAlike sha256;
  return sha256.of(body).size() + static_cast<std::size_t>(kg_batch::chunking::estimate_tokens(body));
}

// Ten facts, as many things and a statement of each.
std::string answer() {
  Json facts = Json::array(), things = Json::array(), statements = Json::array();
  for (int i = 1; i <= 10; ++i) {
    const std::string quote = sentence(i - 1).substr(0, 12);
    facts.push_back({{"id", i}, {"text", "Anna adopted a dog named Clyde " + std::to_string(i) + " in May."}, {"modality", "asserted"}, {"negated", false},
                     {"evidence", Json::array({{{"sentence", i}, {"quote", quote}}})}});
    things.push_back({{"id", i}, {"type", "Entity"}, {"label", "Clyde " + std::to_string(i)}, {"class", "animal"}, {"category", "dog"}, {"named", true},
                      {"participant", nullptr}, {"of", nullptr}, {"relation", nullptr}, {"aliases", Json::array({"Cly " + std::to_string(i)})},
                      {"attributes", Json::array({{{"key", "age"}, {"value", "3"}}})}, {"hash_tags", Json::array({"pets"})}, {"facts", Json::array({i})},
                      {"confidence", 0.9}, {"importance", 0.8}});
    statements.push_back({{"id", 10 + i}, {"type", "Event"}, {"label", "Adoption"}, {"category", "adoption"}, {"facts", Json::array({i})},
                          {"start", {{"date", "2022-05"}, {"how", "inferred"}}}, {"end", nullptr}, {"replaces", false}, {"goal_status", nullptr},
                          {"hash_tags", Json::array({"pets"})}, {"confidence", 0.9}, {"importance", 0.9},
                          {"roles", Json::array({{{"role", "agent"}, {"role_text", nullptr}, {"node", i}},
                                                 {{"role", "object"}, {"role_text", nullptr}, {"node", 1 + i % 10}}})}});
  }
  return Json{{"facts", facts}, {"things", things}, {"statements", statements}}.dump();
}

std::size_t read(const std::string& text) {
  const kg_batch::test::Conversation asked = chunk();
  kg_batch::graph::Reading reading;
  if (kg_batch::stages::find_stage("kg_extract")->read(text, asked.question, reading)) return 0;
  return kg_batch::graph::mentions_of(reading, asked.question, asked.place).nodes.size();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count == 3 ? arguments[1] : "";
  const int times = count == 3 ? std::atoi(arguments[2]) : 0;
  const std::string text = answer();
  std::size_t made = 0;
  for (int i = 0; i < times; ++i) made += what == "cut" ? cut() : what == "ask" ? ask() : read(text);
  std::cout << made << "\n";
  return made > 0 ? 0 : 1;
}
