#include "graph/naming.h"

#include <algorithm>
#include <array>

#include "graph/keys.h"
#include "graph/name_shape.h"

namespace kg_batch::graph {
namespace {

// Words on both sides, also where scripts write no spaces.
bool is_word_at(std::string_view text, std::size_t at, std::size_t length) {
  const auto is_ascii_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
  };
  const bool ascii = (static_cast<unsigned char>(text[at]) & 0x80) == 0;
  const bool before = at > 0 && is_ascii_word(text[at - 1]) && ascii;
  const bool after = at + length < text.size() && is_ascii_word(text[at + length]) && ascii;
  return !before && !after;
}

// Where the name stands in a folded quote as words of its own.
std::size_t find_name(std::string_view text, std::string_view name, std::size_t from = 0) {
  if (name.empty()) return std::string_view::npos;
  for (std::size_t at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (is_word_at(text, at, name.size())) return at;
  }
  return std::string_view::npos;
}

// A name said of another: of two names, or of one where the other is who speaks
// or what is spoken of.
constexpr auto between_two = std::to_array<std::string_view>(
    {"short for",     "stands for",      "aka",         "a.k.a",        "also known as", "also called",   "known as",     "is called",
     "all call",      "we call",         "they call",   "people call",    "everyone calls", "everybody calls",
     "nickname",      "nicknamed",       "goes by",   "go by",        "real name",     "full name",     "is really",    "formerly",
     "previously",    "used to be",      "née",         "nee",          "born",          "renamed",       "rebranded",    "changed her name",
     "changed his name", "changed its name", "changed their name", "new name", "maiden name", "is now",   "the same as",  "same person",
     "abkürzung für", "kurz für",        "genannt",     "heißt",        "spitzname",     "geborene",      "früher",       "umbenannt",
     "alias",         "surnom",          "surnommé",    "surnommée",    "s'appelle",     "anciennement",  "apodo",        "conocido como",
     "conocida como", "antes",           "se llama",    "soprannome",   "apelido",       "прозвище",      "зовут",        "по прозвищу",
     "бывш",          "叫",              "简称",        "又名",         "原名",          "外号",          "اسمه",         "المعروف"});

constexpr auto of_who_speaks = std::to_array<std::string_view>(
    {"call me ",      "calls me ",   "called me ",   "call her ",   "call him ",  "call it ",   "call them ",  "called her ",
     "called him ",   "calls her ",  "calls him ",   "i go by ",    "goes by ",   "nicknamed ", "my nickname is ", "nickname is ",
     "known as ",     "short for ",  "just say ",    "my name is now ", "i'm now ", "changed my name to ", "renamed it ", "renamed it to ",
     "nennt mich ",   "nennen mich ", "nennen sie ", "nennen ihn ", "nenn mich ", "on m'appelle ", "appelle moi ", "me llaman ",
     "llámame ",      "mi chiamano ", "зовите меня ", "меня зовут ", "叫我"});

// As quotes are folded, a space at the end kept.
std::vector<std::string> folded(const auto& phrases) {
  std::vector<std::string> texts;
  for (const std::string_view phrase : phrases) {
    texts.push_back(fold_quote(phrase) + (phrase.ends_with(' ') ? " " : ""));
  }
  return texts;
}

bool names_between(std::string_view text) {
  static const std::vector<std::string> phrases = folded(between_two);
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](const std::string& phrase) { return find_name(text, phrase) != std::string_view::npos; });
}

bool names_before(std::string_view text) {
  static const std::vector<std::string> phrases = folded(of_who_speaks);
  while (text.ends_with('\'') || text.ends_with('"')) text.remove_suffix(1);
  return std::any_of(phrases.begin(), phrases.end(), [&](const std::string& phrase) { return text.ends_with(phrase); });
}

// Ali of Alice, not Juli of Julia or Carl of Carla, which are names of others.
bool is_given_beginning(std::string_view given, std::string_view token) {
  return length_of(given) >= length_of(token) + 2;
}

// "Robert (Bob)", "IBM / International Business Machines": nothing but a bracket,
// quotes or a slash between the two.
bool stand_side_by_side(std::string_view text, std::size_t first_end, std::size_t second) {
  if (second < first_end) return false;
  const std::string_view between = text.substr(first_end, second - first_end);
  return !between.empty() && between.size() <= 6 && between.find_first_not_of(" ('\"[/=") == std::string_view::npos &&
         between.find_first_of("('[/=") != std::string_view::npos;
}

}  // namespace

bool states_alias(std::string_view quote, std::string_view label, std::string_view alias) {
  const std::string text = fold_quote(quote), name = fold_quote(label), other = fold_quote(alias);
  if (name == other) return false;
  const std::size_t at = find_name(text, other);
  if (at == std::string_view::npos) return false;
  for (std::size_t said = at; said != std::string_view::npos; said = find_name(text, other, said + 1)) {
    if (names_before(std::string_view(text).substr(0, said))) return true;
  }
  const std::size_t named = find_name(text, name);
  if (named == std::string_view::npos) return false;
  const auto [first, second] = std::minmax({named, at});
  const std::size_t first_size = first == named ? name.size() : other.size();
  if (second < first + first_size) return false;  // "Ali" in "Ali Miller"
  if (stand_side_by_side(text, first + first_size, second)) return true;
  // The phrase stands between them, or beside the second.
  constexpr std::size_t nearby = 24;
  return second - first - first_size <= 60 &&
         names_between(std::string_view(text).substr(first + first_size, second - first - first_size + nearby));
}

bool addresses(std::string_view quote, std::string_view name) {
  const std::string text = fold_quote(quote), called = fold_quote(name);
  constexpr auto greetings = std::to_array<std::string_view>(
      {"hi ", "hey ", "hello ", "dear ", "thanks ", "thank you ", "thx ", "morning ", "good morning ", "good night ", "bye ", "ciao ",
       "sorry ", "ok ", "okay ", "congrats ", "happy birthday ", "welcome ", "yes ", "no ", "hallo ", "liebe ", "lieber ", "danke ",
       "bonjour ", "salut ", "merci ", "chère ", "cher ", "hola ", "gracias ", "querida ", "querido ", "ciao ", "grazie ", "cara ",
       "caro ", "oi ", "olá ", "obrigado ", "obrigada ", "привет ", "спасибо ", "дорогая ", "дорогой ", "@"});
  const std::string_view ends = ",!?.:;";
  for (std::size_t at = find_name(text, called); at != std::string_view::npos; at = find_name(text, called, at + 1)) {
    std::string_view before = std::string_view(text).substr(0, at);
    const std::string_view after = std::string_view(text).substr(at + called.size());
    const bool closed = after.empty() || ends.find(after.front()) != std::string_view::npos || after.starts_with(" -");
    const bool after_comma = before.ends_with(", ");
    const bool begins = before.empty() || before.ends_with(". ") || before.ends_with("! ") || before.ends_with("? ");
    if (after_comma) before.remove_suffix(2);
    std::string spaced(before);
    if (after_comma) spaced.push_back(' ');
    const bool greeted = std::any_of(greetings.begin(), greetings.end(), [&](std::string_view greeting) {
      if (!std::string_view(spaced).ends_with(greeting)) return false;
      const std::size_t start = spaced.size() - greeting.size();
      return start == 0 || std::string_view(" ,.!?").find(spaced[start - 1]) != std::string_view::npos;
    });
    // A list has commas too: "Ali, Bob and I" begins with one and goes on with "and".
    const bool in_list = after.find(" and ") != std::string_view::npos && after.find(" and ") < 24;
    if (closed && (greeted || (begins && after.starts_with(",") && !in_list))) return true;
    if (after_comma && (after.empty() || after.front() == '!' || after.front() == '?' || after.front() == '.') &&
        before.find(',') == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

bool is_short_form(std::string_view short_form, std::string_view name) {
  const std::string short_key = name_key(short_form), full_key = name_key(name);
  if (short_key == full_key) return false;
  const NameShape brief = name_shape(short_key, true), full = name_shape(full_key, true);
  if (brief.one_letter) return false;
  if (brief.tokens.size() > 1) {
    // "Anna M." for "Anna Miller"
    if (brief.tokens.size() != full.tokens.size() || brief.tokens.front() != full.tokens.front()) return false;
    return is_initial(brief.tokens.back()) && starts_with_same_letter(brief.tokens.back(), full.tokens.back());
  }
  const std::string& token = brief.tokens.front();
  if (full.tokens.size() > 1 && std::find(full.tokens.begin(), full.tokens.end(), token) != full.tokens.end()) return true;
  const std::string& given = full.tokens.front();
  const std::size_t length = length_of(token);
  if (length >= 2 && given.size() > token.size() && given.starts_with(token) && is_given_beginning(given, token)) return true;
  // 小明 of 王小明: the surname comes first
  if (full.tokens.size() == 1 && length >= 2 && length_of(given) == length + 1 && !is_initial(given.substr(0, 1)) &&
      static_cast<unsigned char>(given.front()) >= 0xE3 && given.ends_with(token)) {
    return true;
  }
  return token != given && is_same_given_name(token, given);
}

std::optional<Key> addressee(std::string_view name, const Key& speaker,
                             std::span<const ConversationParticipant> participants) {
  std::optional<Key> meant;
  const std::string called = name_key(name);
  for (const ConversationParticipant& participant : participants) {
    if (name_key(participant.name) == called) return std::nullopt;
    if (participant.key == speaker || !is_short_form(name, participant.name)) continue;
    if (meant && *meant != participant.key) return std::nullopt;
    meant = participant.key;
  }
  return meant;
}

}  // namespace kg_batch::graph
