#include "transcripts/whatsapp_phrases.h"

#include <algorithm>
#include <array>

#include "chunking/characters.h"
#include "transcripts/app_text.h"

namespace kg_batch::transcripts {

namespace {

using chunking::trimmed;

constexpr std::array deleted_phrases = {
    std::string_view("This message was deleted"),       std::string_view("You deleted this message"),
    std::string_view("Diese Nachricht wurde gelöscht"), std::string_view("Du hast diese Nachricht gelöscht"),
    std::string_view("Se eliminó este mensaje"),        std::string_view("Este mensaje fue eliminado"),
    std::string_view("Eliminaste este mensaje"),        std::string_view("Ce message a été supprimé"),
    std::string_view("Vous avez supprimé ce message"),  std::string_view("Questo messaggio è stato eliminato"),
    std::string_view("Hai eliminato questo messaggio"), std::string_view("Mensagem apagada"),
    std::string_view("Esta mensagem foi apagada"),      std::string_view("Você apagou esta mensagem"),
    std::string_view("Dit bericht is verwijderd"),      std::string_view("Je hebt dit bericht verwijderd"),
    std::string_view("U hebt dit bericht verwijderd")};

constexpr std::array edited_phrases = {
    std::string_view("<This message was edited>"),         std::string_view("<Diese Nachricht wurde bearbeitet>"),
    std::string_view("<Diese Nachricht wurde bearbeitet.>"), std::string_view("<Se editó este mensaje>"),
    std::string_view("<Se editó este mensaje.>"),          std::string_view("<Ce message a été modifié>"),
    std::string_view("<Questo messaggio è stato modificato>"), std::string_view("<Mensagem editada>"),
    std::string_view("<Dit bericht is bewerkt>")};

// "(file attached)" behind a file's name.
constexpr std::array attached_phrases = {
    std::string_view("(file attached)"),   std::string_view("(Datei angehängt)"), std::string_view("(archivo adjunto)"),
    std::string_view("(fichier joint)"),   std::string_view("(file allegato)"),   std::string_view("(arquivo anexado)"),
    std::string_view("(bestand bijgevoegd)")};

constexpr std::array app_phrases = {
    std::string_view("Waiting for this message. This may take a while."), std::string_view("Missed voice call"),
    std::string_view("Missed video call"),                                std::string_view("Missed group voice call"),
    std::string_view("Missed group video call")};

// The last word of what iOS puts for a file that was left out: "image omitted".
constexpr std::array left_out_words = {
    std::string_view("omitted"),  std::string_view("weggelassen"), std::string_view("ausgelassen"), std::string_view("omitida"),
    std::string_view("omitido"),  std::string_view("absente"),     std::string_view("absent"),      std::string_view("omessa"),
    std::string_view("omesso"),   std::string_view("ocultada"),    std::string_view("ocultado"),    std::string_view("weggelaten")};

bool is_one_line(std::string_view text) { return text.find('\n') == std::string_view::npos; }

std::string_view without_full_stop(std::string_view text) {
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

bool is_deleted(std::string_view words) {
  if (!is_one_line(words)) {
    return false;
  }
  // "This message was deleted by admin Anna".
  const std::string_view bare = without_full_stop(words);
  return std::find(deleted_phrases.begin(), deleted_phrases.end(), bare) != deleted_phrases.end() ||
         bare.starts_with("This message was deleted by admin ");
}

// "<Media omitted>", "<Medien ausgeschlossen>", "<attached: 1.jpg>": all there is.
// A word alone between such brackets may be a person's.
bool is_in_brackets(std::string_view words) {
  return words.size() > 2 && words.front() == '<' && words.back() == '>' && is_one_line(words) &&
         words.find(' ') != std::string_view::npos && words.find_first_of("<>", 1) == words.size() - 1;
}

bool says_left_out(std::string_view words) {
  const std::string_view bare = without_full_stop(words);
  return is_one_line(words) && std::any_of(left_out_words.begin(), left_out_words.end(), [&](std::string_view last) {
           return bare.ends_with(last) && bare.size() > last.size() && bare[bare.size() - last.size() - 1] == ' ';
         });
}

// What stands before a mark that the app put at the end: "words U+200E<This
// message was edited>", "report.pdf U+200E2 pages U+200Edocument omitted".
std::string_view before_last_mark(std::string_view text) {
  const std::size_t mark = text.rfind(left_to_right_mark);
  return mark == std::string_view::npos ? text : text.substr(0, mark);
}

std::string_view behind_last_mark(std::string_view text) {
  const std::size_t mark = text.rfind(left_to_right_mark);
  return mark == std::string_view::npos ? std::string_view() : text.substr(mark + left_to_right_mark.size());
}

std::string_view without_edited_mark(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view phrase : edited_phrases) {
    if (text.ends_with(phrase)) {
      text = trimmed(text.substr(0, text.size() - phrase.size()));
      return text.ends_with(left_to_right_mark) ? trimmed(text.substr(0, text.size() - left_to_right_mark.size())) : text;
    }
  }
  const std::string_view before = before_last_mark(text);
  const std::string_view mark = trimmed(behind_last_mark(text));
  const bool marked = !trimmed(before).empty() && is_in_brackets(mark) && mark.find(':') == std::string_view::npos;
  return marked ? trimmed(before) : text;
}

// The lines behind the first, when the first names a file that came along.
struct Attached {
  bool any = false;
  std::string_view caption;
};

Attached read_attached(std::string_view text) {
  const chunking::Line first = chunking::line_at(text, 0);
  const std::string_view line = trimmed(text.substr(first.start, first.end - first.start));
  for (const std::string_view phrase : attached_phrases) {
    if (line.ends_with(phrase) && line.find('.') < line.size() - phrase.size()) {
      return {true, trimmed(text.substr(first.next))};
    }
  }
  return {};
}

WhatsAppContent skipped(std::string_view text, const char* reason) { return {without_marks_of_direction(text), reason, false}; }

}  // namespace

WhatsAppContent read_content(std::string_view text) {
  text = without_edited_mark(text);
  const std::string plain = without_marks_of_direction(text);
  if (is_deleted(plain)) {
    return skipped(text, "deleted");
  }
  const Attached attached = read_attached(text);
  if (attached.any) {
    return attached.caption.empty() ? skipped(text, "media") : WhatsAppContent{without_marks_of_direction(attached.caption), "", false};
  }
  // A view-once picture is "null" on Android.
  if (is_in_brackets(plain) || plain == "null") {
    return skipped(text, "media");
  }
  const std::string_view last = trimmed(behind_last_mark(text));
  if (!last.empty() && (is_in_brackets(last) || says_left_out(last))) {
    // A caption stands before it and is words of a person, a file's name and size are not.
    const std::string_view caption = trimmed(before_last_mark(text));
    const bool words = !caption.empty() && caption.find(left_to_right_mark) == std::string_view::npos;
    return words ? WhatsAppContent{without_marks_of_direction(caption), "", false} : skipped(text, "media");
  }
  if (text.starts_with(left_to_right_mark) || plain.starts_with("Messages and calls are end-to-end encrypted") ||
      std::find(app_phrases.begin(), app_phrases.end(), plain) != app_phrases.end()) {
    return {plain, "", true};
  }
  return {plain, "", false};
}

}  // namespace kg_batch::transcripts
