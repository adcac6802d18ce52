#include "document.h"

#include "nouns.h"

namespace kg_sim::rules {
namespace {

using Json = nlohmann::ordered_json;

// Capitalised in the middle of a sentence without being a name.
constexpr std::string_view never_names =
    "i i'm monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december christmas easter english french german spanish italian portuguese japanese "
    "chinese korean russian arabic polish dutch swedish danish mr mrs ms dr ok tv diy covid halloween thanksgiving "
    "congratulations congrats mum mom dad mam mama papa grandma grandpa gran granny nan nana auntie uncle aunt lol omg";

std::string plain_name(std::string name) {
  const std::size_t open = name.rfind(" (");
  if (open != std::string::npos && name.ends_with(')')) name.resize(open);
  return name;
}

bool is_question(const Sentence& sentence) {
  for (std::size_t at = sentence.words.size(); at-- > 0;) {
    const Word& word = sentence.words[at];
    if (word.is("?")) return true;
    if (word.kind != WordKind::mark || word.in({".", "!"})) return false;
  }
  return false;
}

// "Could you proofread this:" hands over what follows in the message.
bool hands_over(const Sentence& sentence) {
  bool asks = false;
  for (const Word& word : sentence.words) {
    asks = asks || word.in({"rewrite", "rephrase", "proofread", "translate", "shorten", "polish", "summarise", "summarize",
                            "forwarding", "forwarded", "fwd", "pasting"});
  }
  return asks && !sentence.words.empty() && sentence.words.back().is(":");
}

void read_messages(const Json& messages, Document& document, int& message_count) {
  for (const Json& message : messages) {
    if (!message.is_object() || !message.contains("s") || !message["s"].is_array()) continue;
    ++message_count;
    bool inside_speech = false, pasted = false;
    const Moment at = message.contains("at") && message["at"].is_string()
                          ? moment_of(message["at"].get_ref<const std::string&>())
                          : Moment{};
    for (const Json& pair : message["s"]) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_string()) continue;
      Sentence sentence;
      sentence.id = pair[0].get<int>();
      sentence.speaker = message.contains("by") && message["by"].is_number_integer() ? message["by"].get<int>() : 0;
      sentence.message = message_count;
      sentence.text = pair[1].get<std::string>();
      sentence.words = words_of(sentence.text, inside_speech);
      sentence.at = at;
      sentence.question = is_question(sentence);
      sentence.pasted = pasted || sentence.text.starts_with('>') || sentence.text.starts_with('[');
      pasted = pasted || hands_over(sentence);
      document.sentences.push_back(std::move(sentence));
    }
  }
}

// A capitalised word is a name when it is known to be one or stands so inside a
// sentence, where English has no other reason for the capital.
void collect_names(Document& document) {
  for (const Person& person : document.participants) document.names[person.name] = "person";
  for (const Sentence& sentence : document.sentences) {
    const Words& words = sentence.words;
    bool opens = true;  // the next word opens a sentence: its capital says nothing
    for (std::size_t at = 0; at < words.size(); ++at) {
      const Word& word = words[at];
      if (word.kind != WordKind::word) {
        opens = opens || !word.in({",", "-", "(", "&", "/"});
        continue;
      }
      const bool telling = !opens || is_given_name(word.text) || is_place_name(word.text);
      opens = false;
      if (!word.capital() || word.text.size() < 2 || in_list(never_names, word.lower) || !telling) continue;
      std::string name = word.text;
      std::size_t end = at + 1;
      while (end < words.size() && words[end].capital() && words[end].text.size() > 1 &&
             !in_list(never_names, words[end].lower)) {
        name += " " + words[end++].text;
      }
      std::string& thing_class = document.names[name];
      if (thing_class.empty()) {
        const Word before = at > 0 ? words[at - 1] : Word{};
        if (is_place_name(name)) {
          thing_class = "place";
        } else if (is_given_name(word.text)) {
          thing_class = "person";
        } else if (!relation_of(before.lower).empty()) {
          thing_class = "person";
        } else if (!animal_of(before.lower).empty()) {
          thing_class = "animal";
        } else if (at > 1 && before.in({"in", "to"}) && words[at - 2].in({"live", "lived", "living", "moved", "move",
                                                                         "moving", "flat", "house", "flew", "trip"})) {
          thing_class = "place";
        } else if (at > 1 && before.in({"at", "for"}) && words[at - 2].in({"work", "works", "worked", "working", "job"})) {
          thing_class = "organisation";
        }
      }
      at = end - 1;
    }
  }
}

}  // namespace

const Person* Document::participant(int id) const {
  for (const Person& person : participants) {
    if (person.id == id) return &person;
  }
  return nullptr;
}

const Person* Document::participant_named(const std::string& name) const {
  const Person* found = nullptr;
  for (const Person& person : participants) {
    const std::string first = person.name.substr(0, person.name.find(' '));
    const bool whole = person.name == name || first == name;
    const bool short_form = name.size() >= 3 && name.size() < first.size() && first.starts_with(name);
    if (!whole && !short_form) continue;
    if (found != nullptr) return nullptr;
    found = &person;
  }
  return found;
}

std::optional<Document> document_of(const Json& question) {
  if (!question.is_object() || !question.contains("messages") || !question["messages"].is_array()) return std::nullopt;
  Document document;
  if (question.contains("participants") && question["participants"].is_array()) {
    for (const Json& person : question["participants"]) {
      if (!person.is_object() || !person.contains("id") || !person["id"].is_number_integer()) continue;
      const Json name = person.contains("name") ? person["name"] : Json();
      document.participants.push_back({person["id"].get<int>(), name.is_string() ? plain_name(name.get<std::string>()) : "user"});
    }
  }
  int message_count = 0;
  if (question.contains("context") && question["context"].is_array()) {
    read_messages(question["context"], document, message_count);
  }
  read_messages(question["messages"], document, message_count);
  if (question.contains("cast") && question["cast"].is_array()) {
    for (const Json& name : question["cast"]) {
      if (!name.is_string()) continue;
      const std::string text = name.get<std::string>();
      document.names.emplace(text, is_place_name(text) ? "place" : is_given_name(text) ? "person" : "");
    }
  }
  collect_names(document);
  return document;
}

}  // namespace kg_sim::rules
