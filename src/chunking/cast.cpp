#include "chunking/cast.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "chunking/characters.h"

namespace kg_batch::chunking {

namespace {

using Words = std::unordered_set<std::string_view>;

const Words& no_names() {
  static const Words words = {
      // English function words, as they stand after a colon or a dash
      "I", "A", "An", "The", "This", "That", "These", "Those", "It", "Its", "He", "She", "We", "You", "They", "My", "Your",
      "His", "Her", "Our", "Their", "Me", "Him", "Us", "Them", "What", "When", "Where", "Who", "Whom", "Why", "How",
      "Which", "And", "But", "Or", "So", "If", "Then", "Because", "While", "As", "At", "By", "For", "From", "In", "Into",
      "Of", "On", "Out", "To", "Up", "With", "Is", "Are", "Was", "Were", "Am", "Be", "Been", "Do", "Does", "Did", "Has",
      "Have", "Had", "Can", "Could", "Will", "Would", "Should", "May", "Might", "Must", "Not", "No", "Yes", "Yeah", "Yep",
      "Nope", "There", "Here", "Just", "Also", "Too", "Very", "Now", "Let", "Lets", "Maybe", "Some", "Any", "All",
      "Glad", "Sounds", "Keep", "See", "Take", "Check", "Bet", "Hang", "Same", "Good", "Great", "Nice", "Cool", "Awesome", "Wow", "Oh", "Well", "Hmm", "Haha", "Lol",
      "Ok", "Okay", "Sure", "Please", "Sorry", "Thanks", "Thank", "Cheers", "Congrats", "Congratulations", "Hi", "Hello",
      "Hey", "Bye", "Goodbye", "Morning", "Evening", "Night", "Welcome", "Mr", "Mrs", "Ms", "Dr", "Prof", "Sir", "Madam",
      // days, months, languages
      "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Mon", "Tue", "Tues", "Wed", "Thu",
      "Thur", "Thurs", "Fri", "Sat", "Sun", "January", "February", "March", "April", "June", "July", "August", "September",
      "October", "November", "December", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov",
      "Dec", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays", "English", "German",
      "French", "Spanish", "Italian", "Portuguese", "Russian", "Chinese", "Japanese", "Korean", "Arabic", "Hindi",
      "American", "British",
      // German
      "Ich", "Du", "Er", "Sie", "Es", "Wir", "Ihr", "Ihnen", "Ihre", "Ihren", "Ihrem", "Der", "Die", "Das", "Ein", "Eine",
      "Und", "Aber", "Oder", "Wenn", "Ja", "Nein", "Danke", "Bitte", "Hallo", "Montag", "Dienstag", "Mittwoch",
      "Donnerstag", "Freitag", "Samstag", "Sonntag", "Januar", "Februar", "März", "Mai", "Juni", "Juli", "Oktober",
      "Dezember", "Herr", "Frau", "Deutsch", "Englisch",
      // French, Spanish, Russian, where they are written with a capital
      "Je", "Il", "Elle", "Nous", "Vous", "Le", "La", "Les", "Un", "Une", "Et", "Mais", "Merci", "Bonjour", "Monsieur",
      "Madame", "Yo", "El", "Los", "Las", "Pero", "Gracias", "Hola", "Señor", "Señora", "Я", "Ты", "Вы", "Он", "Она", "Мы",
      "Они", "И", "Но", "А", "Да", "Нет", "Привет", "Спасибо"};
  return words;
}

const Words& german_function_words() {
  static const Words words = {"ich", "und", "ist", "nicht", "wir", "auf", "für", "auch", "habe", "hat", "haben", "hatte",
                              "sind", "bin", "mit", "aber", "noch", "von", "wird", "wurde", "sein", "das", "der", "dass"};
  return words;
}

const Words& german_articles() {
  static const Words words = {
      "der",    "die",    "das",   "den",   "dem",   "des",    "ein",    "eine",   "einen",  "einem",  "einer",  "eines",
      "mein",   "meine",  "meinen", "meinem", "meiner", "dein", "deine",  "deinen", "deinem", "deiner", "seine",  "seinen",
      "seinem", "seiner", "ihr",   "ihre",  "ihren", "ihrem",  "ihrer",  "unser",  "unsere", "unseren", "kein",  "keine",
      "keinen", "im",     "am",    "zum",   "zur",   "beim",   "vom",    "ins",    "ans",    "diese",  "dieser", "dieses",
      "diesen", "viel",   "viele", "zwei",  "drei",  "neue",   "neuen",  "neues",  "neuer",  "guten",  "gute"};
  return words;
}

struct Word {
  std::string_view text;   // without a possessive 's
  bool upper = false;      // a capital first and a small letter behind
  bool middle = false;     // stands where a capital means something
  bool adjoins = false;    // one space alone between it and the word before
};

bool joins_letters(UChar32 character) {
  return character == '\'' || character == 0x2019 || character == '-' || character == 0x2010 || character == 0x2011;
}

bool is_letter(UChar32 character) {
  return u_isalnum(character) || (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0;
}

std::string_view without_possessive(std::string_view word) {
  for (const std::string_view ending : {std::string_view("'s"), std::string_view("’s"), std::string_view("'"), std::string_view("’")}) {
    if (word.ends_with(ending) && word.size() > ending.size()) {
      return word.substr(0, word.size() - ending.size());
    }
  }
  return word;
}

// A capital first and a small letter somewhere behind it, before any
// apostrophe: "Anna", "McCoy", "O'Brien"; not "I'm", "NASA", "R2".
bool is_capitalised(std::string_view word) {
  std::size_t position = 0;
  const UChar32 first = next_character(word, position);
  if (!u_isUUppercase(first) && u_charType(first) != U_TITLECASE_LETTER) {
    return false;
  }
  while (position < word.size()) {
    const UChar32 character = next_character(word, position);
    if (u_isULowercase(character)) {
      return true;
    }
    if ((character == '\'' || character == 0x2019) && position < word.size()) {
      std::size_t next = position;
      if (!u_isUUppercase(next_character(word, next))) {
        return false;
      }
    }
  }
  return false;
}

std::vector<Word> words_of(std::string_view sentence) {
  std::vector<Word> words;
  UChar32 before = 0;      // last character that is no space
  bool one_space = false;  // nothing but one space since the last word
  for (std::size_t position = 0; position < sentence.size();) {
    const std::size_t start = position;
    UChar32 character = next_character(sentence, position);
    if (!is_letter(character)) {
      one_space = character == ' ' && !words.empty() && words.back().text.data() + words.back().text.size() == sentence.data() + start;
      if (!is_white_space(character)) {
        before = character;
      }
      continue;
    }
    std::size_t end = position;
    while (position < sentence.size()) {
      character = next_character(sentence, position);
      if (is_letter(character)) {
        end = position;
      } else if (!joins_letters(character) || position == sentence.size()) {
        break;
      }
    }
    position = end;
    const std::string_view whole = sentence.substr(start, end - start);
    Word word;
    word.text = without_possessive(whole);
    word.upper = is_capitalised(word.text);
    word.middle = before != 0 && (is_letter(before) || before == ',' || before == ';' || before == '&' || before == '\'' || before == 0x2019 || before == ')' || before == '@');
    word.adjoins = one_space;
    if (before == '.' && !words.empty()) {
      const std::string_view title = words.back().text;
      word.middle = title == "Dr" || title == "Mr" || title == "Mrs" || title == "Ms" || title == "Prof" || title == "St";
    }
    words.push_back(word);
    std::size_t last = end;
    before = previous_character(sentence, last);
    one_space = false;
  }
  return words;
}

std::string folded(std::string_view name) {
  std::string result;
  for (std::size_t position = 0; position < name.size();) {
    const UChar32 character = u_foldCase(next_character(name, position), U_FOLD_CASE_DEFAULT);
    char bytes[U8_MAX_LENGTH];
    std::size_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, character);
    result.append(bytes, length);
  }
  return result;
}

bool is_german(const std::vector<Word>& words) {
  return std::count_if(words.begin(), words.end(),
                       [](const Word& word) { return german_function_words().contains(word.text); }) >= 2;
}

}  // namespace

void Cast::add_speaker(std::string_view name) {
  const std::string_view whole = trimmed(name);
  if (whole.empty() || !speakers_.insert(folded(whole)).second) {
    return;
  }
  for (const Word& part : words_of(whole)) {
    speakers_.insert(folded(part.text));
  }
  std::erase_if(names_, [this](const std::string& known) { return speakers_.contains(folded(known)); });
}

void Cast::add(std::string name) {
  if (names_.size() >= max_cast || speakers_.contains(folded(name)) ||
      std::find(names_.begin(), names_.end(), name) != names_.end()) {
    return;
  }
  names_.push_back(std::move(name));
}

void Cast::add_sentence(std::string_view sentence) {
  if (names_.size() >= max_cast) {
    return;
  }
  constexpr std::size_t longest_name = 3;
  const std::vector<Word> words = words_of(sentence);
  const bool german = is_german(words);
  const auto may_name = [](const Word& word) { return word.upper && word.middle && !no_names().contains(word.text); };
  for (std::size_t first = 0; first < words.size();) {
    if (!may_name(words[first])) {
      ++first;
      continue;
    }
    std::size_t end = first + 1;
    while (end < words.size() && end - first < longest_name && words[end].adjoins && may_name(words[end])) {
      ++end;
    }
    const bool behind_article = german && first > 0 && german_articles().contains(words[first - 1].text);
    if (!behind_article) {
      const char* begin = words[first].text.data();
      const std::string_view last = words[end - 1].text;
      add(std::string(begin, static_cast<std::size_t>(last.data() + last.size() - begin)));
    }
    first = end;
  }
}

}  // namespace kg_batch::chunking
