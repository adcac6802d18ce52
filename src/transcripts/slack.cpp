#include "transcripts/slack.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chunking/characters.h"
#include "openai/json_text.h"
#include "transcripts/json_members.h"
#include "transcripts/slack_markup.h"

namespace kg_batch::transcripts {

namespace {

constexpr const char* what = "text is no Slack export";
constexpr const char* hint = "A Slack export has a folder for each channel with a file for each day, as general/2024-12-31.json.";

// The first of the names that a person has there.
std::string first_name_of(const Json& object, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    const std::string name = text_member(object, field);
    if (!chunking::trimmed(name).empty()) {
      return std::string(chunking::trimmed(name));
    }
  }
  return {};
}

// users.json, then what the messages say of who wrote them.
SlackNames names_of(const Json* users, const Json& messages) {
  SlackNames names;
  const auto note = [&](const std::string& id, std::string name) {
    if (!id.empty() && !name.empty()) {
      names.emplace(id, std::move(name));
    }
  };
  for (std::size_t i = 0; users != nullptr && i < users->size(); ++i) {
    const Json& user = (*users)[i];
    const Json* const profile = object_member(user, "profile");
    std::string name = profile == nullptr ? "" : first_name_of(*profile, {"real_name", "display_name"});
    note(text_member(user, "id"), name.empty() ? first_name_of(user, {"real_name", "name"}) : std::move(name));
  }
  for (const Json& message : messages) {
    if (const Json* const profile = object_member(message, "user_profile")) {
      note(text_member(message, "user"), first_name_of(*profile, {"real_name", "display_name", "name"}));
    }
  }
  return names;
}

bool is_of_a_person(const Json& message) {
  static constexpr std::array spoken = {std::string_view(""), std::string_view("thread_broadcast"), std::string_view("reply_broadcast"),
                                        std::string_view("file_share"), std::string_view("me_message"), std::string_view("tombstone")};
  const std::string subtype = text_member(message, "subtype"), type = text_member(message, "type");
  return (type.empty() || type == "message") && object_member(message, "bot_profile") == nullptr &&
         std::find(spoken.begin(), spoken.end(), subtype) != spoken.end();
}

Message message_of(const Json& written, const SlackNames& names) {
  Message message;
  message.id = id_member(written, "ts");
  message.sent_at = message.id ? moment_of(*message.id) : std::nullopt;
  message.content = chunking::trimmed(without_slack_markup(text_member(written, "text"), names));
  if (!is_of_a_person(written)) {
    return message;
  }
  message.speaker_id = text_member(written, "user");
  const auto name = names.find(message.speaker_id);
  message.speaker = name != names.end() ? name->second : first_name_of(written, {"username", "user"});
  if (message.speaker.empty()) {
    message.speaker = "unknown";
  }
  const auto thread = id_member(written, "thread_ts");
  message.reply_to = thread == message.id ? std::nullopt : thread;
  const Json* const files = array_member(written, "files");
  if (text_member(written, "subtype") == "tombstone") {
    message.skipped = "deleted";
  } else if (message.content.empty() && files != nullptr && !files->empty()) {
    message.skipped = "media";
  }
  return message;
}

std::size_t behind_spaces(std::string_view text, std::size_t at) {
  const std::size_t found = text.find_first_not_of(" \t\r\n", at);
  return found == std::string_view::npos ? text.size() : found;
}

}  // namespace

// An array of objects, or our object with the users first; a chat of WhatsApp
// begins with a bracket too, but with a digit behind it.
bool looks_like_slack(std::string_view text) {
  const std::size_t first = behind_spaces(text, 0);
  const std::size_t second = behind_spaces(text, first + 1);
  if (second >= text.size()) {
    return false;
  }
  return text[first] == '[' ? text[second] == '{' || text[second] == ']' : text[first] == '{' && text.substr(second).starts_with("\"users\"");
}

Read read_slack(std::string_view text) {
  const auto parsed = openai::parse_untrusted(text);
  if (!parsed) {
    return Refused{what, "it is no JSON that can be read", "", hint};
  }
  const Json& root = parsed->value;
  const Json* const messages = root.is_array() ? &root : array_member(root, "messages");
  if (messages == nullptr) {
    return Refused{what, "it is no array of messages", "", hint};
  }
  const SlackNames names = names_of(root.is_array() ? nullptr : array_member(root, "users"), *messages);
  Written written;
  written.replaced = parsed->replaced;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const std::string place = "message " + std::to_string(i + 1);
    if (!(*messages)[i].is_object() || text_member((*messages)[i], "ts").empty()) {
      return Refused{what, place + " has no \"ts\"", "", hint};
    }
    Message& message = written.messages.emplace_back(message_of((*messages)[i], names));
    message.place = place;
  }
  return written;
}

}  // namespace kg_batch::transcripts
