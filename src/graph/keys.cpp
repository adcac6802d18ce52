#include "graph/keys.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>

namespace kg_batch::graph {
namespace {

using Characters = std::u32string;

// ICU has both normal forms built in; the error code is for custom data files.
const icu::Normalizer2& composer() {
  UErrorCode status = U_ZERO_ERROR;
  return *icu::Normalizer2::getNFCInstance(status);
}

const icu::Normalizer2& decomposer() {
  UErrorCode status = U_ZERO_ERROR;
  return *icu::Normalizer2::getNFDInstance(status);
}

// The caseless form of canonically equivalent texts is one and the same.
icu::UnicodeString casefolded(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString folded = decomposer().normalize(text, status);
  folded.foldCase();
  return composer().normalize(folded, status);
}

Characters characters_of(const icu::UnicodeString& text) {
  Characters characters;
  characters.reserve(static_cast<std::size_t>(text.length()));
  for (std::int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    characters.push_back(static_cast<char32_t>(text.char32At(at)));
  }
  return characters;
}

void append_utf8(std::string& text, char32_t character) {
  std::array<char, U8_MAX_LENGTH> bytes;
  std::size_t length = 0;
  U8_APPEND_UNSAFE(bytes.data(), length, static_cast<UChar32>(character));
  text.append(bytes.data(), length);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

char32_t lower_ascii(char letter) { return static_cast<char32_t>(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter); }

int category(char32_t c) { return u_charType(static_cast<UChar32>(c)); }

// ASCII first in these: most text is, and its properties need no look into Unicode's tables.
bool is_space(char32_t c) {
  if (c < 0x80) return c <= U' ' || c == 0x7F;
  return u_isUWhiteSpace(static_cast<UChar32>(c)) || category(c) == U_CONTROL_CHAR;
}

// What steers the display and names nothing. Tag characters stay: they are all
// that tells the flag of Scotland from that of Wales.
bool is_format(char32_t c) {
  if (c < 0x80 || (c >= 0xE0020 && c <= 0xE007F)) {
    return false;
  }
  return category(c) == U_FORMAT_CHAR || (c >= 0xFE00 && c <= 0xFE0F);
}

bool is_quote(char32_t c) {
  if (c < 0x80) return c == U'"' || c == U'\'' || c == U'`';
  // The property leaves out accents and primes typed as quotes, and the
  // apostrophe that is a letter.
  return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_QUOTATION_MARK) || c == 0xB4 ||
         c == 0x2032 || c == 0x2033 || c == 0x02BC;
}

bool is_bracket(char32_t c) {
  if (c < 0x80) return c == U'(' || c == U')' || c == U'[' || c == U']' || c == U'{' || c == U'}';
  const int type = category(c);
  return type == U_START_PUNCTUATION || type == U_END_PUNCTUATION;
}

bool is_dash(char32_t c) {
  if (c < 0x80) return c == U'-';
  return category(c) == U_DASH_PUNCTUATION || c == 0x2212;
}

bool is_comma(char32_t c) { return c == U',' || c == 0x060C || c == 0x3001 || c == 0xFF0C; }

bool is_semicolon(char32_t c) { return c == U';' || c == 0x061B || c == 0xFF1B; }

bool ends_a_phrase(char32_t c) {
  switch (c) {
    case U'.':
    case U'!':
    case U'?':
    case U':':
    case 0x2026:  // …
    case 0x061F:  // Arabic ?
    case 0x06D4:  // Arabic full stop
    case 0x0964:  // danda
    case 0x3002:  // 。
    case 0xFF01:
    case 0xFF0E:
    case 0xFF1A:
    case 0xFF1F:
      return true;
    default:
      return false;
  }
}

// Stands between names and is part of none, wherever it stands.
bool separates(char32_t c) {
  return is_space(c) || is_quote(c) || is_bracket(c) || is_semicolon(c) || c == 0xA1 || c == 0xBF;  // ¡ ¿
}

bool is_digit(char32_t c) { return u_isdigit(static_cast<UChar32>(c)); }

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
  const int type = category(c);
  return u_isalpha(static_cast<UChar32>(c)) || type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK;
}

// Without what steers the display, which would keep apart what composes; and the place
// in the text of each character that is left.
icu::UnicodeString without_format(std::string_view text, std::vector<int>* places = nullptr) {
  icu::UnicodeString shown;
  int place = 0;
  for (const char32_t character : characters_of(icu::UnicodeString::fromUTF8({text.data(), static_cast<int>(text.size())}))) {
    if (!is_format(character)) {
      shown.append(static_cast<UChar32>(character));
      if (places != nullptr) places->push_back(place);
    }
    ++place;
  }
  return shown;
}

// Most labels are of ASCII, where case is all there is to fold.
Characters casefolded_label(std::string_view label) {
  if (!is_ascii(label)) return characters_of(casefolded(without_format(label)));
  Characters folded;
  folded.reserve(label.size());
  for (const char letter : label) folded.push_back(lower_ascii(letter));
  return folded;
}

// Which characters of a casefolded label name nothing. From the end, because
// what ends a word is known by what follows it.
std::vector<bool> folded_away(const Characters& label) {
  std::vector<bool> away(label.size(), false);
  bool label_ends = true;  // nothing that names follows
  for (std::size_t i = label.size(); i-- > 0;) {
    const char32_t c = label[i];
    const char32_t before = i > 0 ? label[i - 1] : U' ';
    const char32_t after = i + 1 < label.size() ? label[i + 1] : U' ';
    const bool last = i + 1 == label.size();
    const bool word_ends = last || away[i + 1];
    if (separates(c)) {
      away[i] = true;
    } else if (is_comma(c)) {
      away[i] = !(is_digit(before) && is_digit(after));
    } else if (c == U'.' && !label_ends && (is_digit(before) || is_digit(after))) {
      away[i] = false;
    } else if (ends_a_phrase(c)) {
      away[i] = word_ends;
    } else if (is_dash(c)) {
      const bool between_letters = is_letter(before) && is_letter(after);
      // A comma before a dash is none of a number: it is folded away.
      const bool alone = (separates(before) || is_comma(before)) && word_ends;
      away[i] = between_letters || alone;
    }
    label_ends = label_ends && away[i];
  }
  return away;
}

bool is_phone_number(std::string_view name) {
  int digits = 0;
  for (const char32_t c : characters_of(icu::UnicodeString::fromUTF8({name.data(), static_cast<int>(name.size())}))) {
    if (is_digit(c)) {
      ++digits;
    } else if (!is_space(c) && !is_format(c) && !is_dash(c) && !is_bracket(c) && c != U'+' && c != U'.' && c != U'/' &&
               c != U'~') {
      return false;
    }
  }
  return digits >= 5;
}

// What calls itself so in one conversation is somebody else in the next. Words
// that are common given names too (Anne, Mari, Tia) are left out.
constexpr auto kin_words = std::to_array<std::string_view>({
    // English
    "mum", "mummy", "mom", "mommy", "momma", "ma", "mama", "mamma", "mother", "dad", "daddy", "pa", "papa", "pop",
    "pops", "father", "parents", "grandma", "grandmother", "granny", "gran", "nan", "nana", "nanna", "grandpa",
    "grandfather", "grandad", "granddad", "gramps", "grandparents", "sister", "sis", "brother", "bro", "sibling",
    "son", "daughter", "child", "kid", "kids", "baby", "wife", "wifey", "husband", "hubby", "spouse", "partner",
    "girlfriend", "boyfriend", "gf", "bf", "aunt", "auntie", "aunty", "uncle", "cousin", "niece", "nephew",
    "mother-in-law", "father-in-law", "sister-in-law", "brother-in-law", "friend", "best friend", "boss", "family",
    // German
    "mutti", "mami", "mutter", "vater", "vati", "papi", "paps", "eltern", "oma", "omi", "opa", "opi", "großmutter",
    "großvater", "großeltern", "schwester", "bruder", "geschwister", "sohn", "tochter", "kind", "frau", "mann",
    "ehefrau", "ehemann", "freund", "freundin", "tante", "onkel", "cousine", "kusine", "nichte", "neffe",
    "schwiegermutter", "schwiegervater", "schatz", "chef", "chefin", "familie",
    // French
    "maman", "mère", "père", "parent", "mamie", "mémé", "papy", "papi", "pépé", "grand-mère", "grand-père", "sœur",
    "soeur", "frère", "fils", "fille", "enfant", "femme", "époux", "épouse", "copain", "copine",
    "tante", "tata", "oncle", "tonton", "cousin", "cousine", "nièce", "neveu", "belle-mère", "beau-père", "famille",
    // Spanish
    "mamá", "madre", "papá", "padre", "padres", "abuela", "abuelita", "abuelo", "abuelito", "hermana", "hermano",
    "hijo", "hija", "esposa", "esposo", "marido", "mujer", "novia", "novio", "pareja", "amigo", "amiga", "tía", "tío",
    "prima", "primo", "sobrina", "sobrino", "suegra", "suegro", "familia", "jefe", "jefa",
    // Italian
    "mamma", "babbo", "papà", "nonna", "nonno", "nonni", "sorella", "fratello", "figlio", "figlia", "moglie",
    "fidanzata", "fidanzato", "ragazza", "ragazzo", "zia", "zio", "cugina", "cugino", "nipote", "suocera", "suocero",
    "amico", "amica", "famiglia",
    // Portuguese
    "mãe", "mamãe", "pai", "papai", "avó", "avô", "vovó", "vovô", "irmã", "irmão", "filho", "filha",
    "namorada", "namorado",
    // Dutch
    "moeder", "vader", "broer", "zus", "zoon", "dochter", "vrouw", "vriend", "vriendin", "oom",
    // Polish
    "mama", "tata", "babcia", "dziadek", "brat", "siostra", "syn", "córka", "żona", "mąż", "ciocia", "wujek",
    // Turkish
    "baba", "abla", "teyze", "amca",
    // Russian, Ukrainian
    "мама", "мамочка", "мать", "мам", "папа", "папочка", "пап", "отец", "родители", "бабушка", "баба", "дедушка",
    "дед", "сестра", "брат", "сын", "дочь", "дочка", "жена", "муж", "друг", "подруга", "тётя", "тетя", "дядя",
    "племянник", "племянница", "мамо", "тато", "бабуся", "дідусь",
    // Chinese, Japanese, Korean
    "妈妈", "妈", "媽媽", "爸爸", "爸", "奶奶", "爷爷", "外婆", "外公", "哥哥", "姐姐", "弟弟", "妹妹", "老婆", "老公",
    "お母さん", "母", "ママ", "お父さん", "父", "パパ", "엄마", "아빠", "할머니", "할아버지",
    // Arabic, Hindi
    "أمي", "ماما", "أبي", "بابا", "माँ", "पापा",
});

constexpr auto nameless_words = std::to_array<std::string_view>({
    "speaker", "user", "unknown", "unknown speaker", "unknown user", "unknown caller", "person", "participant",
    "anonymous", "guest", "caller", "customer", "client", "interviewer", "interviewee", "agent", "assistant", "human",
    "someone", "somebody", "nobody", "n/a", "none", "null", "me", "myself", "i", "you", "self", "admin", "moderator",
    "sprecher", "sprecherin", "benutzer", "nutzer", "nutzerin", "unbekannt", "teilnehmer", "teilnehmerin", "anonym",
    "gast", "ich", "du", "kunde", "kundin",
    "locuteur", "utilisateur", "inconnu", "inconnue", "participante", "moi", "toi", "invité", "anonyme",
    "hablante", "usuario", "usuaria", "desconocido", "desconocida", "yo", "tú", "invitado", "anónimo",
    "parlante", "utente", "sconosciuto", "sconosciuta", "io", "tu", "ospite", "anonimo",
    "спикер", "пользователь", "неизвестный", "неизвестно", "участник", "гость", "я", "ты", "аноним",
});

constexpr auto possessives = std::to_array<std::string_view>(
    {"my ",  "our ",  "mein ", "meine ", "meiner ", "unsere ", "mon ", "ma ",  "mes ",  "notre ", "mi ",   "mis ",
     "mia ", "mio ",  "la mia ", "il mio ", "meu ", "minha ", "mijn ", "moja ", "mój ", "моя ",  "мой ",  "моё ",
     "dear ", "the ", "die ",  "der "});

std::unordered_set<std::string> keys_of(const auto& words) {
  std::unordered_set<std::string> keys;
  for (const std::string_view word : words) {
    keys.insert(name_key(word));
  }
  return keys;
}

// "speaker 1", "speaker_00", "user42", "speaker b" without what counts.
std::string_view without_number(std::string_view key) {
  const auto is_ascii_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (key.size() > 2 && key[key.size() - 2] == ' ' && key.back() >= 'a' && key.back() <= 'z') {
    return key.substr(0, key.size() - 2);
  }
  while (!key.empty() && is_ascii_digit(key.back())) {
    key.remove_suffix(1);
  }
  while (!key.empty() && std::string_view(" _-#.").find(key.back()) != std::string_view::npos) {
    key.remove_suffix(1);
  }
  return key;
}

// Collects folded characters: white space runs as one space, none at the ends.
class FoldedText {
 public:
  void add(char32_t character, int came_from, int next) {
    if (is_format(character)) {
      return;
    }
    if (is_space(character)) {
      if (!pending_space_) {
        pending_space_ = true;
        space_from_ = came_from;
      }
      return;
    }
    if (is_dash(character)) {
      if (last_ == U'-' && !pending_space_) {
        end_ = next;
        return;  // "--" is typed for a dash
      }
      character = U'-';
    } else if (is_quote(character)) {
      character = U'\'';
    }
    if (pending_space_ && !text_.empty()) {
      push(U' ', space_from_);
    }
    pending_space_ = false;
    if (character == 0x2026) {
      push(U'.', came_from);
      push(U'.', came_from);
      character = U'.';
    }
    push(character, came_from);
    end_ = next;
  }

  std::string take(std::vector<int>* from) {
    if (from != nullptr) {
      from_.push_back(end_);
      *from = std::move(from_);
    }
    return std::move(text_);
  }

 private:
  void push(char32_t character, int came_from) {
    append_utf8(text_, character);
    from_.push_back(came_from);
    last_ = character;
  }

  std::string text_;
  std::vector<int> from_;
  char32_t last_ = 0;
  int end_ = 0;
  bool pending_space_ = false;
  int space_from_ = 0;
};

}  // namespace

std::string name_key(std::string_view label) {
  const Characters folded = casefolded_label(label);
  const std::vector<bool> away = folded_away(folded);
  std::string key;
  bool space = false;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (away[i]) {
      space = true;
      continue;
    }
    if (space && !key.empty()) {
      key.push_back(' ');
    }
    space = false;
    append_utf8(key, is_dash(folded[i]) ? U'-' : folded[i]);
  }
  return key.empty() ? std::string(label) : key;
}

bool is_conversation_name(std::string_view name) {
  static const std::unordered_set<std::string> kin = keys_of(kin_words);
  static const std::unordered_set<std::string> nameless = keys_of(nameless_words);
  if (is_phone_number(name)) {
    return true;
  }
  const std::string key = name_key(name);
  std::string_view words = key;
  for (const std::string_view possessive : possessives) {
    if (words.starts_with(possessive)) {
      words.remove_prefix(possessive.size());
      break;
    }
  }
  if (kin.contains(std::string(words)) || nameless.contains(std::string(words))) {
    return true;
  }
  return nameless.contains(std::string(without_number(words)));
}

std::string fold_quote(std::string_view text, std::vector<int>* from) {
  FoldedText folded;
  if (is_ascii(text)) {
    for (std::size_t at = 0; at < text.size(); ++at) folded.add(lower_ascii(text[at]), static_cast<int>(at), static_cast<int>(at) + 1);
    return folded.take(from);
  }
  std::vector<int> places;
  const icu::UnicodeString source = without_format(text, &places);
  std::size_t nth = 0;  // character of `source`
  for (std::int32_t at = 0; at < source.length();) {
    // What composes or reorders together folds together and comes from one place.
    const int came_from = places[nth];
    std::int32_t end = at;
    do {
      end = source.moveIndex32(end, 1);
      ++nth;
    } while (end < source.length() && !composer().hasBoundaryBefore(source.char32At(end)));
    const int next = places[nth - 1] + 1;
    const char16_t first = source[at];
    if (end == at + 1 && first < 0x80) {
      folded.add(static_cast<char32_t>(u_tolower(first)), came_from, next);
    } else {
      for (const char32_t character : characters_of(casefolded(source.tempSubStringBetween(at, end)))) {
        folded.add(character, came_from, next);
      }
    }
    at = end;
  }
  return folded.take(from);
}

}  // namespace kg_batch::graph
