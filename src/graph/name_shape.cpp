#include "graph/name_shape.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace kg_batch::graph {
namespace {

using Words = std::unordered_set<std::string_view>;

char32_t next_character(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    ++at;
    return first;
  }
  std::int32_t i = static_cast<std::int32_t>(at);
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(reinterpret_cast<const std::uint8_t*>(text.data()), i, static_cast<std::int32_t>(text.size()), c);
  at = static_cast<std::size_t>(i);
  return static_cast<char32_t>(c);
}

void append(std::string& text, char32_t c) {
  if (c < 0x80) {
    text.push_back(static_cast<char>(c));
    return;
  }
  std::array<std::uint8_t, 4> bytes{};
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes.data(), length, static_cast<UChar32>(c));
  text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

// Letters that no decomposition leads to; Arabic ones that are written for each
// other; 0 for marks that are often left out.
std::optional<std::string_view> special_form(char32_t c) {
  switch (c) {
    case 0xF8: return "o";     // ø
    case 0x142: return "l";    // ł
    case 0x111:
    case 0xF0: return "d";     // đ ð
    case 0xFE: return "th";    // þ
    case 0xE6: return "a";     // æ
    case 0x153: return "o";    // œ
    case 0x131: return "i";    // ı
    case 0x622:
    case 0x623:
    case 0x625:
    case 0x671: return "\u0627";  // alef with hamza, madda, wasla
    case 0x649: return "\u064A";  // alef maksura
    case 0x6CC: return "\u064A";  // Farsi yeh
    case 0x6A9: return "\u0643";  // keheh
    case 0x629: return "\u0647";  // teh marbuta
    default: break;
  }
  const bool latin_mark = c >= 0x300 && c <= 0x36F;
  const bool arabic_mark = (c >= 0x64B && c <= 0x655) || c == 0x670 || c == 0x640;
  const bool hebrew_mark = c >= 0x591 && c <= 0x5C7;
  if (latin_mark || arabic_mark || hebrew_mark) return "";
  return std::nullopt;
}

// The base letter where accents are often left out: of Latin, Greek and Cyrillic.
// The marks of other scripts are letters, as those of Hindi, or make other ones,
// as those of Japanese.
char32_t base_letter(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  static const icu::Normalizer2* const decomposer = icu::Normalizer2::getNFDInstance(status);
  const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
  if (script != USCRIPT_LATIN && script != USCRIPT_GREEK && script != USCRIPT_CYRILLIC) return c;
  icu::UnicodeString parts;
  return decomposer->getDecomposition(static_cast<UChar32>(c), parts) ? static_cast<char32_t>(parts.char32At(0)) : c;
}

bool is_ascii_letter(char32_t c) { return c >= 'a' && c <= 'z'; }

bool is_symbol(char32_t c) { return c == '+' || c == '#' || c == '*' || c == '%' || c == '$' || c == 0x20AC || c == 0xA3; }

int digit_of(char32_t c) { return c < 0x80 ? (c >= '0' && c <= '9' ? static_cast<int>(c - '0') : -1) : u_charDigitValue(static_cast<UChar32>(c)); }

bool names(char32_t c) {
  if (c < 0x80) return is_ascii_letter(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  const int type = u_charType(static_cast<UChar32>(c));
  return u_isalnum(static_cast<UChar32>(c)) || type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK ||
         type == U_OTHER_SYMBOL || type == U_MODIFIER_SYMBOL;
}

bool joins_digits(char32_t c) { return c == '.' || c == ',' || c == ':' || c == '/' || c == '-'; }

// A key as loose characters: letters and digits as they are compared, symbols,
// and a space for all that separates.
std::u32string loose_characters(std::string_view key) {
  std::u32string characters;
  characters.reserve(key.size());
  for (std::size_t at = 0; at < key.size();) {
    const char32_t c = next_character(key, at);
    if (c < 0x80) {
      characters.push_back(c);
    } else if (const auto special = special_form(c)) {
      for (std::size_t i = 0; i < special->size();) characters.push_back(next_character(*special, i));
    } else if (digit_of(c) >= 0) {
      characters.push_back(U'0' + static_cast<char32_t>(digit_of(c)));
    } else {
      characters.push_back(base_letter(c));
    }
  }
  return characters;
}

bool is_vowel(char32_t c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y'; }

// "Mueller" and "Müller": the e of ae, oe, ue before a consonant.
bool is_umlaut_e(const std::u32string& text, std::size_t i) {
  if (text[i] != 'e' || i == 0 || i + 1 >= text.size()) return false;
  const char32_t before = text[i - 1], after = text[i + 1];
  return (before == 'a' || before == 'o' || before == 'u') && is_ascii_letter(after) && !is_vowel(after);
}

std::vector<std::string> split(const std::u32string& text) {
  std::vector<std::string> tokens;
  std::string token;
  const auto at = [&](std::size_t i) { return i < text.size() ? text[i] : U' '; };
  const auto close = [&] {
    if (!token.empty()) tokens.push_back(std::move(token));
    token.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    const char32_t before = i > 0 ? text[i - 1] : U' ';
    if (names(c)) {
      if (!is_umlaut_e(text, i)) append(token, c);
    } else if (is_symbol(c) || (c == '-' && !token.empty() && at(i + 1) == ' ')) {
      append(token, c);  // C++, 5%, A-
    } else if (joins_digits(c) && digit_of(before) >= 0 && digit_of(at(i + 1)) >= 0) {
      append(token, c);
    } else if (c == '&' && !token.empty() && names(at(i + 1))) {
      continue;  // AT&T is written ATT
    } else {
      close();
    }
  }
  close();
  return tokens;
}

// ---- words ----

const Words& particles() {
  static const Words words = {"the", "of",  "and", "und", "et",  "y",   "de",  "la",  "le",  "les", "el",   "los",
                              "las", "du",  "des", "der", "die", "das", "di",  "da",  "do",  "dos", "van",  "von",
                              "den", "for", "in",  "at",  "on",  "to",  "an",  "zu",  "zur", "zum", "del",  "della",
                              "al",  "bin", "ibn", "my",  "our", "и",   "в",   "на",  "с"};
  return words;
}

Title title_of(std::string_view token, bool& is_title) {
  static const std::unordered_map<std::string_view, Title> titles = {
      {"mr", Title::male},        {"mister", Title::male},    {"sir", Title::male},       {"herr", Title::male},
      {"hr", Title::male},        {"monsieur", Title::male},  {"senor", Title::male},     {"don", Title::male},
      {"signor", Title::male},    {"sig", Title::male},       {"lord", Title::male},      {"king", Title::male},
      {"uncle", Title::male},     {"onkel", Title::male},     {"tio", Title::male},       {"zio", Title::male},
      {"oncle", Title::male},     {"господин", Title::male},  {"дядя", Title::male},      {"meneer", Title::male},
      {"mrs", Title::female},     {"ms", Title::female},      {"miss", Title::female},    {"madam", Title::female},
      {"madame", Title::female},  {"mme", Title::female},     {"mlle", Title::female},    {"frau", Title::female},
      {"fraulein", Title::female}, {"senora", Title::female}, {"sra", Title::female},     {"srta", Title::female},
      {"dona", Title::female},    {"signora", Title::female}, {"lady", Title::female},    {"dame", Title::female},
      {"queen", Title::female},   {"aunt", Title::female},    {"auntie", Title::female},  {"aunty", Title::female},
      {"tante", Title::female},   {"tia", Title::female},     {"zia", Title::female},     {"госпожа", Title::female},
      {"тетя", Title::female},    {"mevrouw", Title::female}, {"dr", Title::none},        {"doctor", Title::none},
      {"doktor", Title::none},    {"prof", Title::none},      {"professor", Title::none}, {"mx", Title::none},
      {"rev", Title::none},       {"reverend", Title::none},  {"captain", Title::none},   {"capt", Title::none},
      {"president", Title::none}, {"senator", Title::none},   {"sr", Title::male},        {"ing", Title::none},
      {"dipl", Title::none},      {"доктор", Title::none},    {"д р", Title::none},       {"coach", Title::none}};
  const auto found = titles.find(token);
  is_title = found != titles.end();
  return is_title ? found->second : Title::none;
}

bool is_legal_form(std::string_view token) {
  static const Words words = {"inc", "incorporated", "corp", "corporation", "co",   "company", "ltd",  "limited", "llc",
                              "llp", "lp",           "plc",  "gmbh",        "mbh",  "ag",      "kg",   "kgaa",    "ug",
                              "ev",  "ek",           "ohg",  "gbr",         "se",   "sa",      "sas",  "sarl",    "srl",
                              "spa", "bv",           "nv",   "oy",          "oyj",  "ab",      "as",   "asa",     "aps",
                              "kk",  "pty",          "pte",  "sl",          "slu",  "ltda",    "zoo",  "sro",     "kft",
                              "ооо", "оао",          "зао",  "пао",         "ао",   "тоо",     "holding", "holdings"};
  return words.contains(token);
}

std::optional<std::string_view> number_word(std::string_view token) {
  static const std::unordered_map<std::string_view, std::string_view> numbers = {
      {"first", "1"},    {"second", "2"},   {"third", "3"},   {"fourth", "4"},  {"fifth", "5"},   {"sixth", "6"},
      {"seventh", "7"},  {"eighth", "8"},   {"ninth", "9"},   {"tenth", "10"},  {"one", "1"},     {"two", "2"},
      {"three", "3"},    {"four", "4"},     {"five", "5"},    {"six", "6"},     {"seven", "7"},   {"eight", "8"},
      {"nine", "9"},     {"ten", "10"},     {"eleven", "11"}, {"twelve", "12"}, {"erster", "1"},  {"erste", "1"},
      {"ersten", "1"},   {"erstes", "1"},   {"zweiter", "2"}, {"zweite", "2"},  {"zweiten", "2"}, {"zweites", "2"},
      {"dritter", "3"},  {"dritte", "3"},   {"dritten", "3"}, {"drittes", "3"}, {"vierte", "4"},  {"vierten", "4"},
      {"premier", "1"},  {"premiere", "1"}, {"deuxieme", "2"}, {"seconde", "2"}, {"troisieme", "3"}, {"primer", "1"},
      {"primera", "1"},  {"primero", "1"},  {"segundo", "2"}, {"segunda", "2"}, {"tercera", "3"}, {"tercero", "3"},
      {"первыи", "1"},   {"первая", "1"},   {"второи", "2"},  {"вторая", "2"},  {"третии", "3"},  {"третья", "3"},
      {"第一", "1"},     {"第二", "2"},     {"第三", "3"},    {"jr", "jr"},     {"junior", "jr"}, {"jnr", "jr"},
      {"sr", "sr"},      {"senior", "sr"},  {"snr", "sr"}};
  const auto found = numbers.find(token);
  if (found == numbers.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> roman_numeral(std::string_view token) {
  static const std::unordered_map<std::string_view, std::string_view> numerals = {
      {"i", "1"},     {"ii", "2"},    {"iii", "3"},   {"iv", "4"},   {"v", "5"},    {"vi", "6"},    {"vii", "7"},
      {"viii", "8"},  {"ix", "9"},    {"x", "10"},    {"xi", "11"},  {"xii", "12"}, {"xiii", "13"}, {"xiv", "14"},
      {"xv", "15"},   {"xvi", "16"},  {"xvii", "17"}, {"xviii", "18"}, {"xix", "19"}, {"xx", "20"}, {"xxi", "21"}};
  const auto found = numerals.find(token);
  if (found == numerals.end()) return std::nullopt;
  return found->second;
}

// Runs of digits with what stands between digits; 1,000 is 1000 and 007 is 7.
void add_digits(std::string_view token, std::vector<std::string>& numbers) {
  const auto is_digit = [&](std::size_t i) { return i < token.size() && token[i] >= '0' && token[i] <= '9'; };
  for (std::size_t i = 0; i < token.size();) {
    if (!is_digit(i)) {
      ++i;
      continue;
    }
    std::string number;
    for (; is_digit(i) || (i < token.size() && joins_digits(static_cast<unsigned char>(token[i])) && is_digit(i + 1)); ++i) {
      const bool thousands = token[i] == ',' && is_digit(i + 2) && is_digit(i + 3) && !is_digit(i + 4);
      if (!thousands) number.push_back(token[i]);
    }
    number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1));
    numbers.push_back(std::move(number));
  }
}

// "2nd", "3rd", "5th" without their letters.
bool is_ordinal(std::string_view token) {
  constexpr auto endings = std::to_array<std::string_view>({"st", "nd", "rd", "th"});
  return token.size() > 2 && token.front() >= '0' && token.front() <= '9' && token[token.size() - 3] >= '0' &&
         token[token.size() - 3] <= '9' && std::find(endings.begin(), endings.end(), token.substr(token.size() - 2)) != endings.end();
}

// What a token is as a number. A letter after a person's name is an initial.
std::optional<std::string> as_number(const NameShape& shape, std::size_t i) {
  const std::string& token = shape.tokens[i];
  if (is_ordinal(token)) return token.substr(0, token.size() - 2);
  if (shape.tokens.size() < 2) return std::nullopt;
  const bool initial = token.size() == 1 && (shape.is_person || i + 1 < shape.tokens.size());
  if (const auto numeral = roman_numeral(token); numeral && i > 0 && !initial) return std::string(*numeral);
  if (const auto number = number_word(token)) return std::string(*number);
  return std::nullopt;
}

// The numbers of a name, written one way; its tokens without Jr. and Sr., which
// number persons.
void take_numbers(NameShape& shape) {
  std::vector<std::string> tokens = shape.tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (auto number = as_number(shape, i)) tokens[i] = std::move(*number);
    if (tokens[i] == "jr" || tokens[i] == "sr") {
      shape.numbers.push_back(tokens[i]);
    } else {
      add_digits(tokens[i], shape.numbers);
    }
  }
  std::sort(shape.numbers.begin(), shape.numbers.end());
  if (shape.is_person && tokens.size() > 1) {
    std::erase_if(tokens, [](const std::string& token) { return token == "jr" || token == "sr"; });
  }
  if (!tokens.empty()) shape.tokens = std::move(tokens);
}

void drop_titles(NameShape& shape) {
  bool is_title = false;
  while (shape.tokens.size() > 1) {
    const Title title = title_of(shape.tokens.front(), is_title);
    if (!is_title) break;
    if (title != Title::none) shape.title = title;
    shape.tokens.erase(shape.tokens.begin());
  }
}

// "J. R. R." and "J.R.R." as "jrr", "S.A." as "sa"; whose name begins with O' or
// Mc is written in one word or two.
std::vector<std::string> with_initials_joined(const std::vector<std::string>& tokens) {
  std::vector<std::string> joined;
  bool row = false;
  for (const std::string& token : tokens) {
    const bool initial = is_initial(token);
    if (row && initial) {
      joined.back() += token;
    } else {
      joined.push_back(token);
    }
    row = initial;
  }
  return joined;
}

void join_prefixes(std::vector<std::string>& tokens) {
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::string& token = tokens[i];
    if ((token == "o" || token == "mc" || token == "mac" || token == "d") && tokens[i + 1].size() > 2) {
      tokens[i] += tokens[i + 1];
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    } else if (token == "s" && i > 0) {
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i));  // Anna's
    }
  }
}

void drop_legal_forms(std::vector<std::string>& tokens) {
  std::vector<std::string> joined = with_initials_joined(tokens);
  bool dropped = false;
  while (joined.size() > 1 && (is_legal_form(joined.back()) || particles().contains(joined.back()))) {
    joined.pop_back();
    dropped = true;
  }
  while (joined.size() > 1 && is_legal_form(joined.front()) && joined.front().size() > 3) {
    joined.erase(joined.begin());
    dropped = true;
  }
  if (dropped) tokens = std::move(joined);
  constexpr auto in_one_word = std::to_array<std::string_view>({"有限公司", "株式会社", "集团"});
  for (const std::string_view form : in_one_word) {
    std::string& last = tokens.back();
    if (last.size() > form.size() && last.ends_with(form)) last.resize(last.size() - form.size());
    std::string& first = tokens.front();
    if (first.size() > form.size() && first.starts_with(form)) first.erase(0, form.size());
  }
}

void drop_particles(std::vector<std::string>& tokens) {
  const auto keeps = std::count_if(tokens.begin(), tokens.end(),
                                   [](const std::string& token) { return !particles().contains(token); });
  if (keeps == 0) return;
  std::erase_if(tokens, [](const std::string& token) { return particles().contains(token); });
}

// Short forms and spellings of given names, a row a name; loose characters. Which
// of them is meant is for the model to say.
constexpr auto given_names = std::to_array<std::string_view>({
    "robert rob robbie bob bobby bert roberto rupert", "william will bill billy willy liam willie",
    "richard rick ricky dick rich richie", "james jim jimmy jamie jem", "john jack johnny jon jonny johnnie",
    "jonathan jonathon jon jonny nathan", "michael mike mick mickey micky mikey micheal", "mikhail misha михаил миша мишка",
    "edward ed eddie ted teddy ned eduard", "edwin ed eddie", "thomas tom tommy tomas", "charles charlie chuck chas carl karl",
    "henry harry hank hal", "harold harry hal", "harrison harry", "joseph joe joey jo", "daniel dan danny", "david dave davy davey",
    "anthony tony antony", "antonio tony toni toño", "andrew andy drew", "andreas andi andy", "peter pete petey",
    "christopher chris kit topher", "christian chris", "christina christine chris chrissy tina christie kristina kristin",
    "alexander alex sandy xander al alec lex sascha sasha alejandro", "alexandra alex sandra sandy lexi alexa sasha",
    "александр саша шура саня", "александра саша шура", "samuel sam sammy", "samantha sam sammy", "benjamin ben benny benji",
    "matthew matt matty mathew", "matthias matthi matze mathias", "nicholas nick nicky nico nicolas klaus", "patrick pat paddy",
    "patricia pat patty tricia trish patti", "steven steve stevie stephen stefan steffen", "stephanie steph steffi stefanie",
    "gregory greg gregor", "jeffrey jeff geoffrey geoff", "kenneth ken kenny", "ronald ron ronnie", "donald don donnie",
    "timothy tim timmy", "lawrence larry laurence lars", "francis frank fran", "frederick fred freddy freddie frederic friedrich fritz",
    "gerald gerry jerry", "jeremy jerry jem", "jerome jerry", "albert al bert bertie", "alfred al alf fred", "arthur art artie",
    "leonard leo len lenny", "leonardo leo leon", "vincent vince vinnie", "walter walt wally", "zachary zach zack", "theodore ted teddy theo",
    "phillip philip phil", "raymond ray", "douglas doug", "nathaniel nate nathan nat", "eugene gene", "maximilian max maxi",
    "maxwell max", "oliver ollie olly", "sebastian seb basti bastian", "dominic dom nick dominik", "isaac ike zac",
    "elizabeth liz lizzie beth betty eliza lisa elisabeth betsy libby bess ella lilibet liesel elisa elsa", "margaret maggie meg peggy marge margie greta rita madge daisy",
    "katherine catherine kathryn kate katie kathy cathy kat kit kitty cate katharina kathi kati", "mary molly polly mae may mamie maria mimi",
    "maria mia mari maja ria", "jennifer jen jenny jenn", "jessica jess jessie", "susan sue susie suzie susanna susanne suzanne",
    "rebecca becky becca bex rebekah", "deborah deb debbie debra", "barbara barb babs barbie", "dorothy dot dottie dolly dorothea",
    "victoria vicky tori vic vickie", "abigail abby gail abbie", "amanda mandy", "angela angie", "gabrielle gabby gabriella gabriela gabi",
    "gabriel gabe", "jacqueline jackie", "judith judy", "kimberly kim kimmy", "madeleine maddie maddy madeline", "melissa mel missy", "melanie mel",
    "nicole nicky nicki nikki", "pamela pam", "penelope penny", "philippa pippa pip", "priscilla cilla", "sarah sara sadie sally",
    "theresa tess terry teresa tessa", "valerie val", "veronica ronnie vroni veronika", "virginia ginny ginger", "isabella bella izzy isabel isabelle isa",
    "charlotte charlie lottie lotte", "caroline carrie carolyn carolin caro", "eleanor ellie nell nora elinor leonor", "helen nell ellen helena helene lena",
    "josephine jo josie", "joanna jo joanne johanna hanna", "frances fran francie", "georgina georgie gina", "harriet hattie", "hannah hanna",
    "natalie nat natasha nattie", "наталья наташа наталия", "rosemary rosie rose", "tabitha tabby", "winifred winnie", "alison ali allie alice",
    "anne ann annie", "johannes hannes hans johann jo", "wolfgang wolf wolfi", "heinrich heinz heiner", "joachim jochen achim", "georg jorg schorsch",
    "ludwig lutz", "ulrich uli ulli", "ulrike uli ulli", "manfred manni", "gunter gunther", "franziska franzi", "magdalena lena magda leni",
    "josef sepp jupp josep", "jose pepe josep", "francisco paco pancho fran curro kiko", "ignacio nacho", "jesus chucho", "guadalupe lupe",
    "enrique quique kike", "dolores lola", "concepcion concha", "rafael rafa", "manuel manu manolo", "guillermo memo guille", "eduardo edu lalo",
    "fernando nando", "ricardo rick riki", "giuseppe beppe peppe", "giovanni gianni", "francesco franco checco", "luigi gigi", "salvatore toto",
    "joao joaozinho", "jean jeannot", "владимир вова володя", "дмитрии дима митя", "екатерина катя катюша", "елена лена алена", "мария маша маруся",
    "иван ваня", "сергеи сережа", "алексеи леша алеша", "николаи коля", "анастасия настя", "анна аня нюра", "ольга оля", "татьяна таня", "евгении женя",
    "евгения женя", "павел паша", "константин костя", "юрии юра", "василии вася", "ирина ира", "людмила люда мила", "dmitri dima dmitry mitya",
    "vladimir vova volodya", "sergei seryozha sergey", "ekaterina katya katja", "nikolai kolya nikolay", "ivan vanya", "anastasia nastya", "katarzyna kasia",
    "malgorzata gosia", "agnieszka aga", "jan janek", "tadeusz tadek", "stanislaw staszek", "malgosia malgorzata", "mohammed muhammad mohamed mohammad mo hamada",
    "abdullah abdallah abdul", "khadija khadijah", "yusuf yousef joseph", "ibrahim abraham ibo", "mehmet memo", "mustafa musti",
});

using NameGroups = std::unordered_map<std::string, std::vector<std::uint16_t>>;

// Looked up by loose tokens, so made of them: Michael stands as "michal".
const NameGroups& groups_of_names() {
  static const NameGroups groups = [] {
    NameGroups made;
    for (std::uint16_t group = 0; group < given_names.size(); ++group) {
      for (const std::string& name : split(loose_characters(given_names[group]))) {
        std::vector<std::uint16_t>& of_name = made[name];
        if (of_name.empty() || of_name.back() != group) of_name.push_back(group);
      }
    }
    return made;
  }();
  return groups;
}

// Edits between two words, optimal string alignment, no more than two.
int edits(const std::u32string& a, const std::u32string& b) {
  constexpr std::size_t longest = 40;
  if (a.size() > longest || b.size() > longest) return 3;
  const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > 2) return 3;
  std::array<std::array<int, longest + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::u32string characters_of(std::string_view text) {
  std::u32string characters;
  for (std::size_t at = 0; at < text.size();) characters.push_back(next_character(text, at));
  return characters;
}

}  // namespace

NameShape name_shape(std::string_view name_key, bool is_person) {
  NameShape shape;
  shape.key = name_key;
  shape.is_person = is_person;
  shape.tokens = split(loose_characters(name_key));
  if (shape.tokens.empty()) {
    shape.tokens.emplace_back(name_key);  // "???" is called so
  }
  if (is_person) {
    drop_titles(shape);
  }
  join_prefixes(shape.tokens);
  if (!is_person) {
    drop_legal_forms(shape.tokens);
  }
  drop_particles(shape.tokens);
  if (!is_person && shape.tokens.size() > 1 && shape.tokens.front() == "a") {
    shape.tokens.erase(shape.tokens.begin());  // an article, of persons an initial
  }
  take_numbers(shape);
  for (const std::string& token : shape.tokens) shape.joined += token;
  shape.one_letter = shape.tokens.size() == 1 && is_initial(shape.tokens.front());
  std::vector<std::string> sorted = with_initials_joined(shape.tokens);
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& token : sorted) {
    if (!shape.sorted.empty()) shape.sorted.push_back(' ');
    shape.sorted += token;
  }
  return shape;
}

std::string_view letters_of(std::string_view token) {
  std::size_t first = 0, last = token.size();
  const auto is_sign = [&](std::size_t i) {
    return std::string_view("+#*%$-").find(token[i]) != std::string_view::npos;
  };
  while (last > first && is_sign(last - 1)) --last;
  while (first < last && is_sign(first)) ++first;
  if (token.substr(first).starts_with("\u20AC")) first += 3;
  if (token.substr(first).starts_with("\u00A3")) first += 2;
  return token.substr(first, last - first);
}

std::size_t length_of(std::string_view token) {
  return static_cast<std::size_t>(
      std::count_if(token.begin(), token.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::size_t> character_starts(std::string_view token) {
  std::vector<std::size_t> starts;
  starts.reserve(token.size() + 1);
  for (std::size_t at = 0; at < token.size(); ++at) {
    if ((static_cast<unsigned char>(token[at]) & 0xC0) != 0x80) starts.push_back(at);
  }
  starts.push_back(token.size());
  return starts;
}

bool is_han(std::string_view token) {
  if (token.empty() || static_cast<unsigned char>(token.front()) < 0xE2) return false;
  std::size_t at = 0;
  UErrorCode status = U_ZERO_ERROR;
  return uscript_getScript(static_cast<UChar32>(next_character(token, at)), &status) == USCRIPT_HAN;
}

// One letter of a script that has some dozens of them: a Chinese one is a word.
bool is_initial(std::string_view token) {
  if (token.size() == 1) return is_ascii_letter(static_cast<unsigned char>(token[0]));
  if (length_of(token) != 1) return false;
  std::size_t at = 0;
  const auto c = static_cast<UChar32>(next_character(token, at));
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &status);
  return u_isalpha(c) && (script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC ||
                          script == USCRIPT_ARABIC || script == USCRIPT_HEBREW);
}

bool starts_with_same_letter(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  std::size_t at_a = 0, at_b = 0;
  return next_character(a, at_a) == next_character(b, at_b);
}

bool is_describing_word(std::string_view token) {
  static const Words words = {"airport", "city",  "town",     "village",   "river",  "lake",  "mount",   "mountain", "restaurant",
                              "cafe",    "hotel", "app",      "software",  "magazine", "band", "movie",  "film",     "book",
                              "series",  "game",  "language", "framework", "novel",  "show",  "podcast", "newspaper", "website",
                              "flughafen", "stadt", "fluss", "see",  "zeitung", "dog", "cat", "family", "programming", "region"};
  return words.contains(token);
}

bool is_common_word(std::string_view token) {
  static const Words words = {
      "university", "universitat", "universidad", "universite", "college", "school",  "schule", "bank",   "street", "strasse",
      "road",       "avenue",      "park",        "club",       "team",    "group",   "gruppe", "center", "centre", "national",
      "international", "first",    "new",         "old",        "north",   "south",   "east",   "west",   "saint",  "st",
      "san",        "santa",       "church",      "hospital",   "house",   "company", "society", "association", "institute",
      "project",    "plan",        "meeting",     "course",     "class",   "day",     "party",  "trip",   "big",    "little",
      "red",        "blue",        "green",       "black",      "white",   "home",    "project", "version", "department", "office"};
  return words.contains(token) || is_describing_word(token);
}

const std::vector<std::uint16_t>& given_name_groups(std::string_view token) {
  static const std::vector<std::uint16_t> none;
  const NameGroups& groups = groups_of_names();
  const auto found = groups.find(std::string(token));
  return found == groups.end() ? none : found->second;
}

std::string_view given_name_of(std::uint16_t group) { return given_names[group].substr(0, given_names[group].find(' ')); }

bool is_same_given_name(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::vector<std::uint16_t>& of_a = given_name_groups(a);
  const std::vector<std::uint16_t>& of_b = given_name_groups(b);
  return std::find_first_of(of_a.begin(), of_a.end(), of_b.begin(), of_b.end()) != of_a.end();
}

bool given_name_may_begin_with(std::string_view token, std::string_view initial) {
  if (starts_with_same_letter(token, initial)) return true;
  for (const std::uint16_t group : given_name_groups(token)) {
    const std::string_view names_of_group = given_names[group];
    for (std::size_t at = 0; at < names_of_group.size();) {
      if (starts_with_same_letter(names_of_group.substr(at), initial)) return true;
      const std::size_t space = names_of_group.find(' ', at);
      at = space == std::string_view::npos ? names_of_group.size() : space + 1;
    }
  }
  return false;
}

bool is_typo(std::string_view a, std::string_view b, bool is_person) {
  if (a == b || !starts_with_same_letter(a, b)) return false;
  const auto has_digit = [](std::string_view token) {
    return std::any_of(token.begin(), token.end(), [](char c) { return (c >= '0' && c <= '9') || c == '+' || c == '#'; });
  };
  if (has_digit(a) || has_digit(b)) return false;
  if (is_han(a)) return false;
  const std::u32string x = characters_of(a), y = characters_of(b);
  const auto [shorter, longer] = std::minmax({x.size(), y.size()});
  if (shorter < 4 || longer < 5) return false;
  const auto is_ending = [](char32_t c) {
    return is_vowel(c) || c == U'а' || c == U'я' || c == U'и' || c == U'о' || c == U'е';
  };
  if (is_person) {
    // Paul and Paula, Maria and Mario, Christian and Christina: what differs is the
    // ending, and that of one is a vowel.
    const auto [end_of_x, end_of_y] = std::mismatch(x.begin(), x.end(), y.begin(), y.end());
    const bool ending = x.end() - end_of_x <= 2 && y.end() - end_of_y <= 2;
    if (ending && (is_ending(x.back()) || is_ending(y.back()))) return false;
  }
  return edits(x, y) <= (shorter >= 9 ? 2 : 1);
}

}  // namespace kg_batch::graph
