#include "chunking/function_words.h"

#include <initializer_list>
#include <unordered_map>

namespace kg_batch::chunking {

namespace {

using Words = std::initializer_list<std::string_view>;
using Marks = std::unordered_map<std::string_view, WordMarks>;

void add(Marks& marks, std::size_t language, Words pointing, Words second_person, Words others) {
  const auto bit = static_cast<std::uint8_t>(1U << language);
  for (const std::string_view word : pointing) {
    marks[word].function |= bit;
    marks[word].pointing |= bit;
  }
  for (const std::string_view word : second_person) {
    marks[word].function |= bit;
    marks[word].second_person |= bit;
  }
  for (const std::string_view word : others) {
    marks[word].function |= bit;
  }
}

void add_english(Marks& marks) {
  add(marks, 0,
      {"it", "its", "that", "thats", "this", "these", "those", "they", "them", "their", "theirs", "he", "him", "his", "she",
       "her", "hers", "there", "then", "so", "too", "also", "either", "one", "ones"},
      {"you", "your", "yours", "youre", "youve", "youll", "yourself", "u", "ur"},
      {"i", "me", "my", "mine", "myself", "im", "ive", "ill", "we", "us", "our", "ours", "hes", "shes", "theyre", "a", "an",
       "the", "and", "or", "but", "if", "because", "as", "of", "at", "by", "for", "from", "in", "into", "on", "onto", "out",
       "over", "to", "up", "down", "off", "with", "without", "about", "after", "before", "than", "is", "are", "was", "were",
       "am", "be", "been", "being", "do", "does", "did", "doing", "done", "have", "has", "had", "having", "can", "could",
       "will", "would", "shall", "should", "may", "might", "must", "were", "dont", "didnt", "doesnt", "cant", "wont", "isnt",
       "arent", "wasnt", "couldnt", "wouldnt", "havent", "hasnt", "re", "ve", "ll", "lets", "theres", "whats", "not", "no",
       "yes", "yeah", "yea", "yep", "nope", "ok", "okay", "oh", "ah", "wow", "aw", "aww", "hmm", "um", "uh", "ha", "haha",
       "lol", "well", "just", "really", "very", "much", "many", "more", "most", "some", "any", "all", "lot", "lots", "bit",
       "kind", "sort", "such", "only", "even", "still", "yet", "now", "here", "what", "when", "where", "who", "whom", "whose",
       "why", "how", "which", "hi", "hello", "hey", "bye", "thanks", "thank", "please", "sorry", "cool", "nice", "great",
       "good", "awesome", "sure", "sounds", "true", "right", "neat", "interesting", "fun", "wonderful", "amazing", "glad",
       "get", "got", "go", "going", "gonna", "know", "think", "like", "love", "want", "wish", "make", "made", "see", "say",
       "said", "tell", "thing", "things", "something", "anything", "nothing", "other", "another", "though", "actually",
       "maybe", "guess", "never", "always", "ever", "day", "today", "time", "way"});
}

void add_german(Marks& marks) {
  add(marks, 1,
      {"er", "sie", "es", "ihn", "ihm", "ihnen", "das", "dies", "diese", "dieser", "dieses", "diesen", "da", "dort", "dann",
       "damit", "davon", "dazu", "daran", "darauf", "darüber", "dabei", "dafür", "so", "auch"},
      {"du", "dich", "dir", "dein", "deine", "deinen", "deinem", "deiner", "ihr", "euch", "euer", "eure", "euren", "hast",
       "bist", "kannst", "willst", "machst", "magst", "warst"},
      {"ich", "mich", "mir", "mein", "meine", "meinen", "meinem", "meiner", "wir", "uns", "unser", "unsere", "sein", "seine",
       "seinen", "ihre", "ihren", "der", "die", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines", "kein",
       "keine", "keinen", "und", "oder", "aber", "denn", "weil", "wenn", "dass", "als", "ob", "wie", "was", "wer", "wen", "wem",
       "wo", "wann", "warum", "wieso", "welche", "welcher", "welches", "in", "im", "an", "am", "auf", "aus", "bei", "beim",
       "mit", "nach", "von", "vom", "vor", "zu", "zum", "zur", "über", "unter", "für", "um", "ohne", "bis", "seit", "bin",
       "ist", "sind", "seid", "war", "waren", "habe", "hab", "hat", "haben", "habt", "hatte", "hatten", "werde", "wird",
       "werden", "wurde", "kann", "können", "konnte", "muss", "müssen", "will", "wollen", "soll", "sollen", "mag", "darf",
       "nicht", "ja", "nein", "doch", "mal", "noch", "schon", "nur", "sehr", "ganz", "mehr", "viel", "viele", "hier", "jetzt",
       "heute", "immer", "nie", "etwas", "nichts", "alles", "man", "gut", "gute", "schön", "toll", "super", "cool", "klar",
       "genau", "danke", "bitte", "hallo", "hi", "hey", "tschüss", "ach", "oh", "okay", "ok", "haha", "gern", "gerne", "macht",
       "machen", "gehen", "geht", "sagen", "wirklich", "vielleicht", "eigentlich", "halt", "eben"});
}

void add_french(Marks& marks) {
  add(marks, 2,
      {"il", "elle", "ils", "elles", "le", "la", "les", "lui", "leur", "leurs", "ce", "cet", "cette", "ces", "cela", "ça", "ca",
       "celui", "celle", "ceux", "y", "en", "aussi", "alors", "cest", "cétait"},
      {"tu", "te", "toi", "ton", "ta", "tes", "tas", "tes", "vous", "votre", "vos", "es", "as", "peux", "veux", "fais"},
      {"je", "jai", "me", "moi", "mon", "ma", "mes", "nous", "notre", "nos", "on", "se", "son", "sa", "ses", "un", "une", "des",
       "du", "de", "d", "l", "et", "ou", "mais", "donc", "car", "si", "que", "qui", "quoi", "quand", "où", "comment",
       "pourquoi", "quel", "quelle", "quels", "quelles", "à", "au", "aux", "dans", "sur", "sous", "avec", "sans", "pour",
       "par", "chez", "est", "suis", "sont", "sommes", "êtes", "était", "ai", "a", "avez", "avons", "ont", "avait", "être",
       "avoir", "fait", "faire", "va", "vais", "peut", "pas", "ne", "plus", "très", "trop", "bien", "bon", "bonne", "oui",
       "non", "merci", "bonjour", "salut", "ok", "ah", "oh", "mdr", "haha", "tout", "tous", "toute", "même", "encore", "déjà",
       "ici", "là", "maintenant", "aujourdhui", "jamais", "toujours", "rien", "cool", "super", "vraiment", "aime", "quest"});
}

void add_spanish(Marks& marks) {
  add(marks, 3,
      {"él", "ella", "ello", "ellos", "ellas", "lo", "la", "los", "las", "le", "les", "eso", "esto", "ese", "esa", "esos", "esas",
       "este", "esta", "allí", "ahí", "entonces", "también", "así"},
      {"tú", "tu", "tus", "te", "ti", "contigo", "tuyo", "tuya", "usted", "ustedes", "vosotros", "os", "tienes", "eres", "estás",
       "haces", "quieres", "puedes", "vas", "has", "sabes"},
      {"yo", "me", "mi", "mis", "mí", "mío", "nos", "nosotros", "nuestro", "nuestra", "su", "sus", "se", "el", "un", "una",
       "unos", "unas", "y", "e", "o", "u", "pero", "porque", "si", "que", "qué", "quién", "cuándo", "cuando", "dónde", "donde",
       "cómo", "como", "cuál", "cuánto", "de", "del", "a", "al", "en", "con", "sin", "por", "para", "sobre", "es", "son", "soy",
       "era", "fue", "ser", "está", "estoy", "están", "estar", "ha", "he", "han", "haber", "hay", "tengo", "tiene", "tener",
       "hacer", "hago", "voy", "va", "puedo", "puede", "no", "sí", "muy", "más", "mucho", "mucha", "muchos", "todo", "todos",
       "nada", "algo", "ya", "aquí", "ahora", "hoy", "siempre", "nunca", "bien", "bueno", "buena", "gracias", "hola", "vale",
       "ok", "jaja", "jajaja", "oh", "ah", "gusta", "claro", "otro", "otra"});
}

void add_italian(Marks& marks) {
  add(marks, 4,
      {"egli", "lui", "lei", "esso", "essi", "loro", "lo", "la", "li", "le", "ci", "ne", "questo", "questa", "questi", "queste",
       "quello", "quella", "quelli", "ciò", "allora", "anche", "così"},
      {"tu", "te", "ti", "tuo", "tua", "tuoi", "tue", "voi", "vi", "vostro", "vostra", "sei", "hai", "fai", "vuoi", "puoi", "vai"},
      {"io", "me", "mi", "mio", "mia", "miei", "mie", "noi", "nostro", "nostra", "suo", "sua", "suoi", "si", "il", "i", "gli", "un",
       "uno", "una", "e", "o", "ma", "perché", "se", "che", "chi", "cosa", "quando", "dove", "come", "quale", "quanto", "di",
       "del", "della", "dei", "delle", "a", "al", "alla", "ai", "da", "dal", "dalla", "in", "nel", "nella", "con", "senza",
       "per", "su", "sul", "sulla", "è", "sono", "era", "essere", "siamo", "ho", "ha", "abbiamo", "hanno", "avere", "faccio",
       "fare", "fa", "vado", "posso", "non", "no", "sì", "molto", "più", "tutto", "tutti", "niente", "qualcosa", "già", "qui",
       "ora", "adesso", "oggi", "sempre", "mai", "bene", "bello", "bella", "buono", "grazie", "ciao", "ok", "ah", "oh",
       "haha", "davvero", "piace", "altro"});
}

void add_portuguese(Marks& marks) {
  add(marks, 5,
      {"ele", "ela", "eles", "elas", "lhe", "isso", "isto", "esse", "essa", "esses", "essas", "este", "esta", "aquele", "aquela",
       "aquilo", "lá", "então", "também", "assim"},
      {"tu", "te", "ti", "teu", "tua", "você", "vocês", "vc", "tens", "tem", "fazes", "queres", "podes"},
      {"eu", "me", "mim", "meu", "minha", "meus", "minhas", "nós", "nos", "nosso", "nossa", "seu", "sua", "seus", "se", "o", "a",
       "os", "as", "um", "uma", "e", "ou", "mas", "porque", "que", "quem", "quando", "onde", "como", "qual", "quanto", "de",
       "do", "da", "dos", "das", "em", "no", "na", "nos", "nas", "com", "sem", "por", "para", "pra", "ao", "à", "é", "são",
       "sou", "era", "foi", "ser", "está", "estou", "estar", "há", "tenho", "ter", "faço", "fazer", "vou", "vai", "posso",
       "pode", "não", "sim", "muito", "muita", "mais", "tudo", "todos", "nada", "algo", "já", "aqui", "agora", "hoje",
       "sempre", "nunca", "bem", "bom", "boa", "obrigado", "obrigada", "olá", "oi", "ok", "kkk", "oh", "ah", "gosto", "outro"});
}

void add_dutch(Marks& marks) {
  add(marks, 6,
      {"hij", "zij", "ze", "het", "hem", "haar", "hun", "hen", "dat", "dit", "deze", "die", "daar", "dan", "er", "zo", "ook"},
      {"jij", "je", "jou", "jouw", "jullie", "u", "uw", "ben", "heb"},
      {"ik", "mij", "me", "mijn", "wij", "we", "ons", "onze", "zijn", "de", "een", "en", "of", "maar", "want", "omdat", "als", "dat",
       "wat", "wie", "wanneer", "waar", "hoe", "waarom", "welke", "in", "op", "aan", "uit", "bij", "met", "naar", "van", "voor",
       "over", "onder", "om", "zonder", "tot", "te", "is", "was", "waren", "heeft", "hebt", "hebben", "had", "word", "wordt",
       "kan", "kun", "kunnen", "moet", "wil", "zal", "zou", "mag", "doe", "doet", "doen", "ga", "gaat", "gaan", "niet", "geen",
       "ja", "nee", "nog", "al", "heel", "erg", "veel", "meer", "hier", "nu", "vandaag", "altijd", "nooit", "iets", "niets",
       "alles", "goed", "leuk", "mooi", "bedankt", "dank", "hallo", "hoi", "doei", "oké", "ok", "oh", "haha", "echt",
       "misschien", "graag", "wel", "even", "toch"});
}

void add_russian(Marks& marks) {
  add(marks, 7,
      {"он", "она", "оно", "они", "его", "ее", "её", "их", "ему", "ей", "им", "это", "этот", "эта", "эти", "этого", "этом", "тот",
       "та", "то", "те", "того", "там", "тогда", "тоже", "так"},
      {"ты", "тебя", "тебе", "тобой", "твой", "твоя", "твои", "твоё", "вы", "вас", "вам", "ваш", "ваша", "ваши", "можешь", "хочешь"},
      {"я", "меня", "мне", "мной", "мой", "моя", "мои", "моё", "мы", "нас", "нам", "наш", "наша", "себя", "и", "а", "но", "или",
       "потому", "если", "что", "кто", "когда", "где", "куда", "как", "какой", "какая", "какие", "почему", "зачем", "сколько",
       "в", "во", "на", "с", "со", "к", "ко", "у", "о", "об", "от", "до", "из", "за", "по", "для", "без", "при", "про", "под",
       "не", "нет", "да", "ну", "же", "ли", "бы", "был", "была", "было", "были", "быть", "есть", "буду", "будет", "очень",
       "еще", "ещё", "уже", "только", "все", "всё", "много", "тут", "здесь", "сейчас", "сегодня", "всегда", "никогда",
       "хорошо", "спасибо", "привет", "пока", "ок", "ага", "ой", "ах", "просто", "правда", "надо", "можно", "люблю"});
}

Marks all_marks() {
  Marks marks;
  add_english(marks);
  add_german(marks);
  add_french(marks);
  add_spanish(marks);
  add_italian(marks);
  add_portuguese(marks);
  add_dutch(marks);
  add_russian(marks);
  return marks;
}

}  // namespace

WordMarks marks_of(std::string_view word) {
  static const Marks marks = all_marks();
  const auto found = marks.find(word);
  return found == marks.end() ? WordMarks{} : found->second;
}

}  // namespace kg_batch::chunking
