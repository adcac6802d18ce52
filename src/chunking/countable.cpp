// is_countable: greetings, thanks and answers of one word in the languages that
// chats are mostly in. A word too few here costs a sentence in a chunk's size,
// nothing else: every sentence is sent.

#include <unicode/uchar.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "chunking/characters.h"
#include "chunking/sentences.h"

namespace kg_batch::chunking {

namespace {

using Phrases = std::unordered_set<std::string_view>;

// A name may follow: "Hi Anna".
const Phrases& greetings() {
  static const Phrases phrases = {
      // English
      "hi", "hello", "hey", "heya", "hiya", "howdy", "yo", "hi there", "hey there", "hello there", "good morning",
      "good afternoon", "good evening", "good night", "good day", "morning", "bye", "bye bye", "goodbye", "see you",
      "see ya", "see you later", "see you soon", "cya", "later", "take care", "talk soon", "thanks", "thank you", "thx",
      "ty", "many thanks", "thanks a lot", "thank you so much", "thanks so much", "cheers", "welcome", "youre welcome",
      "sorry", "congrats", "congratulations", "wow", "good luck", "have fun", "good to see you", "nice to meet you",
      "talk later", "talk to you later", "ttyl", "bye for now",
      // German
      "hallo", "moin", "servus", "guten morgen", "guten tag", "guten abend", "gute nacht", "tschüss", "tschüs", "ciao",
      "auf wiedersehen", "bis bald", "bis dann", "bis später", "danke", "danke schön", "dankeschön", "vielen dank",
      // French
      "bonjour", "bonsoir", "bonne nuit", "bonne journée", "salut", "coucou", "merci", "merci beaucoup", "au revoir",
      "à bientôt",
      // Spanish, Portuguese, Italian
      "hola", "buenas", "buenos días", "buenas tardes", "buenas noches", "adiós", "adios", "gracias", "muchas gracias",
      "hasta luego", "hasta mañana", "olá", "bom dia", "boa tarde", "boa noite", "tchau", "obrigado", "obrigada",
      "buongiorno", "buonasera", "buonanotte", "arrivederci", "grazie", "grazie mille",
      // Russian
      "привет", "здравствуй", "здравствуйте", "доброе утро", "добрый день", "добрый вечер", "спокойной ночи", "пока",
      "до свидания", "спасибо", "большое спасибо",
      // Polish, Turkish, Arabic, Hindi
      "cześć", "dziękuję", "dzięki", "merhaba", "selam", "teşekkürler", "مرحبا", "أهلا", "شكرا", "السلام عليكم",
      "नमस्ते", "धन्यवाद"};
  return phrases;
}

const Phrases& answers() {
  static const Phrases phrases = {
      // English
      "yes", "yeah", "yep", "yup", "ya", "yea", "aye", "no", "nope", "nah", "ok", "okay", "k", "kk", "okey", "alright",
      "all right", "sure", "for sure", "of course", "right", "exactly", "indeed", "absolutely", "definitely", "totally",
      "agreed", "true", "cool", "nice", "great", "awesome", "good", "well", "so", "oh", "ah", "aha", "hm", "hmm", "mm",
      "uh", "um", "er", "huh", "lol", "lmao", "rofl", "xd", "omg", "oh my god", "my god", "oh my", "gosh", "yay", "please",
      "pls", "how are you", "how are you doing", "whats up", "sup", "i see", "got it", "really", "a lot", "so much",
      "very much", "sounds good", "sounds great", "sounds fun", "sure thing", "how about you", "what about you", "and you", "you too", "no problem", "no worries",
      // German
      "ja", "jo", "jep", "nein", "nee", "ne", "genau", "klar", "na klar", "alles klar", "in ordnung", "gut", "super",
      "toll", "bitte", "wie gehts", "wie geht es dir", "wie geht es ihnen", "und dir", "ach so",
      // French
      "oui", "ouais", "non", "daccord", "dac", "bien", "bien sûr", "voilà", "de rien", "ça va", "et toi", "svp",
      "sil vous plaît", "sil te plaît",
      // Spanish, Portuguese, Italian
      "sí", "si", "vale", "claro", "bueno", "perfecto", "genial", "de nada", "por favor", "qué tal", "que tal",
      "cómo estás", "como estas", "y tú", "sim", "não", "tudo bem", "certo", "sì", "prego", "va bene", "come stai",
      // Russian
      "да", "ага", "угу", "нет", "неа", "ок", "окей", "ладно", "хорошо", "понятно", "ясно", "конечно", "пожалуйста",
      "как дела", "а ты", "а у тебя",
      // Polish, Turkish, Arabic, Hindi
      "tak", "nie", "evet", "hayır", "tamam", "نعم", "لا", "हाँ", "नहीं",
      // Chinese, Japanese, Korean
      "你好", "您好", "谢谢", "谢谢你", "好", "好的", "是", "是的", "对", "嗯", "不是", "再见", "はい", "うん", "いいえ",
      "おはよう", "おはようございます", "こんにちは", "こんばんは", "ありがとう", "ありがとうございます", "안녕",
      "안녕하세요", "네", "예", "응", "아니요", "감사합니다", "고마워"};
  return phrases;
}

// "hahaha", "jajaja", "хахаха".
bool is_laughter(std::string_view word) {
  std::vector<UChar32> letters;
  int length = 0;
  for (std::size_t position = 0; position < word.size(); ++length) {
    const UChar32 letter = next_character(word, position);
    if (std::find(letters.begin(), letters.end(), letter) == letters.end()) {
      letters.push_back(letter);
    }
  }
  const bool laughs = letters.size() == 2 && std::any_of(letters.begin(), letters.end(), [](UChar32 letter) {
                        return letter == 'h' || letter == 'j' || letter == 0x445;
                      });
  return laughs && length >= 4;
}

struct Word {
  std::string folded;
  bool upper = false;  // begins with a capital
};

constexpr std::size_t most_words = 6;

// Words in lower case, apostrophes left out, letters that are drawn out
// ("heyyy") once; nothing when there are more than a greeting has.
std::vector<Word> words_of(std::string_view sentence) {
  std::vector<Word> words;
  bool inside = false;
  UChar32 last = 0;
  int repeated = 0;
  for (std::size_t position = 0; position < sentence.size();) {
    const UChar32 character = next_character(sentence, position);
    if (character == '\'' || character == 0x2019) {
      continue;
    }
    if (!u_isalnum(character) && !(inside && u_getCombiningClass(character) != 0) &&
        !(inside && u_charType(character) == U_COMBINING_SPACING_MARK) &&
        !(inside && u_charType(character) == U_NON_SPACING_MARK)) {
      inside = false;
      continue;
    }
    if (!inside) {
      if (words.size() > most_words) {
        return words;
      }
      words.push_back({{}, u_isUUppercase(character) != 0});
      inside = true;
      repeated = 0;
    }
    const UChar32 folded = u_foldCase(character, U_FOLD_CASE_DEFAULT);
    repeated = folded == last && repeated > 0 ? repeated + 1 : 1;
    last = folded;
    std::string& word = words.back().folded;
    char bytes[U8_MAX_LENGTH];
    std::size_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, folded);
    if (repeated == 3) {
      word.resize(word.size() - length);
    }
    if (repeated <= 2) {
      word.append(bytes, length);
    }
  }
  return words;
}

std::string joined(const std::vector<Word>& words, std::size_t first, std::size_t count) {
  std::string phrase = words[first].folded;
  for (std::size_t i = first + 1; i < first + count; ++i) {
    phrase += ' ';
    phrase += words[i].folded;
  }
  return phrase;
}

bool has_letter_or_digit(std::string_view sentence) {
  for (std::size_t position = 0; position < sentence.size();) {
    if (u_isalnum(next_character(sentence, position))) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_countable(std::string_view sentence) {
  constexpr std::size_t longest_greeting = 120;  // bytes
  if (!has_letter_or_digit(sentence)) {
    return false;
  }
  if (sentence.size() > longest_greeting) {
    return true;
  }
  const std::vector<Word> words = words_of(sentence);
  if (words.size() > most_words) {
    return true;
  }
  bool greeted = false;
  for (std::size_t first = 0; first < words.size();) {
    std::size_t taken = 0;
    for (std::size_t count = std::min<std::size_t>(4, words.size() - first); count > 0 && taken == 0; --count) {
      const std::string phrase = joined(words, first, count);
      if (greetings().contains(phrase)) {
        greeted = true;
        taken = count;
      } else if (answers().contains(phrase) || (count == 1 && is_laughter(phrase))) {
        taken = count;
      }
    }
    const bool name_after_greeting = taken == 0 && greeted && first > 0 && first + 1 == words.size() && words[first].upper;
    if (taken == 0 && !name_after_greeting) {
      return true;
    }
    first += std::max<std::size_t>(taken, 1);
  }
  return false;
}

}  // namespace kg_batch::chunking
