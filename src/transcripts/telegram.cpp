#include "transcripts/telegram.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chunking/characters.h"
#include "openai/json_text.h"
#include "transcripts/json_members.h"

namespace kg_batch::transcripts {

namespace {

constexpr const char* what = "text is no Telegram export";
constexpr const char* hint = "Telegram Desktop writes it as result.json when the format \"machine-readable JSON\" is chosen.";

// Code is shown as such, so that it is not read as sentences.
void append_part(std::string& words, const Json& part) {
  if (part.is_string()) {
    words += part.get_ref<const std::string&>();
    return;
  }
  const std::string text = text_member(part, "text"), type = text_member(part, "type");
  if (type == "pre") {
    words += "\n```\n" + text + "\n```\n";
  } else if (type == "code") {
    words += "`" + text + "`";
  } else {
    words += text;
  }
}

// `text` is a string, or strings and entities in a row.
std::string words_of(const Json& message) {
  const Json* text = member(message, "text");
  if (text == nullptr) {
    text = member(message, "text_entities");
  }
  std::string words;
  if (text != nullptr && text->is_array()) {
    for (const Json& part : *text) {
      append_part(words, part);
    }
  } else if (text != nullptr) {
    append_part(words, *text);
  }
  return std::string(chunking::trimmed(words));
}

bool has_media(const Json& message) {
  static constexpr std::array names = {"photo", "file", "media_type", "location_information", "contact_information",
                                       "poll", "game_title", "invoice_information", "giveaway_information"};
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return member(message, name) != nullptr; });
}

std::optional<std::string> sent_at_of(const Json& message) {
  if (const auto seconds = id_member(message, "date_unixtime")) {
    if (auto moment = moment_of(*seconds)) {
      return moment;
    }
  }
  // Before 2022 it was the local time alone.
  std::string date = text_member(message, "date");
  return date.empty() ? std::nullopt : std::optional(std::move(date));
}

// "Anna: invite_members Ben, Tom" for who reads `skipped`.
std::string service_text(const Json& message) {
  std::string text = text_member(message, "actor");
  text += (text.empty() ? "" : ": ") + text_member(message, "action");
  if (const std::string words = words_of(message); !words.empty()) {
    text += (text.empty() ? "" : " ") + words;
  }
  return text;
}

Message message_of(const Json& written, const std::string& chat_name) {
  Message message;
  message.id = id_member(written, "id");
  message.sent_at = sent_at_of(written);
  if (text_member(written, "type") != "message") {
    message.content = service_text(written);
    return message;
  }
  message.speaker_id = id_member(written, "from_id").value_or("");
  for (const std::string& name : {text_member(written, "from"), message.speaker_id, chat_name, std::string("unknown")}) {
    if (message.speaker.empty()) {
      message.speaker = chunking::trimmed(name);
    }
  }
  if (member(written, "reply_to_peer_id") == nullptr) {
    message.reply_to = id_member(written, "reply_to_message_id");
  }
  message.content = words_of(written);
  if (message.content.empty()) {
    message.skipped = has_media(written) ? "media" : "";
  } else if (written.contains("forwarded_from")) {
    const std::string author = text_member(written, "forwarded_from");
    message.content.insert(0, author.empty() ? "Forwarded:\n" : "Forwarded from " + author + ":\n");
  }
  return message;
}

// Why it is none, or nothing; what it holds goes to `messages`.
std::optional<Refused> read_chat(const Json& chat, const std::string& conversation, const std::string& of_chat, std::vector<Message>& messages) {
  const Json* const list = array_member(chat, "messages");
  if (list == nullptr) {
    return Refused{what, conversation + " has no \"messages\"", "", hint};
  }
  const std::string name = text_member(chat, "name");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = "message " + std::to_string(i + 1) + of_chat;
    if (!(*list)[i].is_object()) {
      return Refused{what, place + " is of type " + (*list)[i].type_name(), "", hint};
    }
    if (!id_member((*list)[i], "id")) {  // logs of assistants have "messages", too
      return Refused{what, place + " has no \"id\"", "", hint};
    }
    Message& message = messages.emplace_back(message_of((*list)[i], name));
    message.conversation = conversation;
    message.place = place;
  }
  return std::nullopt;
}

std::string key_of(const Json& chat) {
  const auto id = id_member(chat, "id");
  return id ? "telegram/" + *id : "";
}

}  // namespace

Read read_telegram(std::string_view text) {
  const auto parsed = openai::parse_untrusted(text);
  if (!parsed) {
    return Refused{what, "it is no JSON that can be read", "", hint};
  }
  const Json& root = parsed->value;
  Written written;
  written.replaced = parsed->replaced;
  if (array_member(root, "messages") != nullptr) {
    written.key = key_of(root);
    auto refused = read_chat(root, "", "", written.messages);
    return refused ? Read(*refused) : Read(std::move(written));
  }
  bool any = false;
  for (const char* const lists : {"chats", "left_chats"}) {
    const Json* const chats = object_member(root, lists);
    const Json* const list = chats == nullptr ? nullptr : array_member(*chats, "list");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const Json& chat = (*list)[i];
      const std::string key = key_of(chat);
      if (key.empty()) {
        return Refused{what, "chat " + std::to_string(i + 1) + " of \"" + lists + "\" has no \"id\"", "", hint};
      }
      if (auto refused = read_chat(chat, key, " of chat " + key.substr(key.find('/') + 1), written.messages)) {
        return *refused;
      }
    }
    any = any || list != nullptr;
  }
  if (!any) {
    return Refused{what, "it has neither \"messages\" nor \"chats\"", "", hint};
  }
  return written;
}

}  // namespace kg_batch::transcripts
