#include "nouns.h"

#include <array>
#include <utility>

#include "words.h"

namespace kg_sim::rules {
namespace {

using Row = std::pair<std::string_view, std::string_view>;  // a value and the words that stand for it

constexpr std::array<Row, 28> relations = {{
    {"mother", "mother mum mom mam mama mommy mummy"},
    {"father", "father dad daddy papa"},
    {"parent", "parent"},
    {"sister", "sister sis"},
    {"brother", "brother bro"},
    {"sibling", "sibling twin"},
    {"son", "son"},
    {"daughter", "daughter"},
    {"child", "child kid baby toddler"},
    {"wife", "wife"},
    {"husband", "husband hubby"},
    {"spouse", "spouse"},
    {"partner", "partner fiancé fiancée fiance fiancee"},
    {"girlfriend", "girlfriend"},
    {"boyfriend", "boyfriend"},
    {"grandmother", "grandmother grandma gran granny nan nana"},
    {"grandfather", "grandfather grandpa grandad granddad"},
    {"grandparent", "grandparent"},
    {"grandchild", "grandchild grandson granddaughter grandkid"},
    {"aunt", "aunt auntie aunty"},
    {"uncle", "uncle"},
    {"cousin", "cousin"},
    {"niece", "niece"},
    {"nephew", "nephew"},
    {"friend", "friend bestie buddy pal mate flatmate roommate housemate"},
    {"colleague", "colleague coworker co-worker teammate workmate"},
    {"manager", "manager boss supervisor"},
    {"neighbour", "neighbour neighbor"},
}};

constexpr std::array<Row, 17> animals = {{
    {"dog", "dog puppy pup doggo pooch labrador retriever spaniel terrier greyhound beagle poodle collie dachshund"},
    {"cat", "cat kitten kitty kitties tabby"},
    {"rabbit", "rabbit bunny"},
    {"hamster", "hamster"},
    {"guinea pig", "pig"},
    {"parrot", "parrot budgie parakeet cockatiel"},
    {"bird", "bird canary"},
    {"fish", "fish goldfish"},
    {"turtle", "turtle tortoise"},
    {"snake", "snake python"},
    {"lizard", "lizard gecko"},
    {"horse", "horse pony"},
    {"chicken", "chicken hen"},
    {"goat", "goat"},
    {"ferret", "ferret"},
    {"donkey", "donkey"},
    {"pet", "pet"},
}};

constexpr std::string_view places =
    "house flat apartment home cottage cabin city town village country park beach museum office gym studio school "
    "university college hospital garden farm lake river mountain mountains island shop store cafe café restaurant bar "
    "pub library church theatre theater cinema station airport hotel hostel campus forest neighbourhood neighborhood "
    "street bakery clinic shelter kitchen room loft countryside coast seaside zoo gallery market trail castle bookshop "
    "allotment balcony mill factory opera";
constexpr std::string_view organisations =
    "company firm startup start-up bank agency charity club band choir orchestra team league committee council "
    "government institute foundation publisher newspaper group ngo nonprofit business brand";
constexpr std::string_view works =
    "book novel film movie song album painting series show podcast game poem screenplay script article paper thesis "
    "report blog story play magazine drawing sculpture mural essay documentary memoir anime musical";
constexpr std::string_view products =
    "car bike bicycle motorbike phone laptop computer guitar piano violin camera tablet boat van truck scooter sofa "
    "table desk ring necklace dress watch console keyboard drum drums cello ukulele flute caravan campervan tent "
    "telescope kiln oven tv printer headphones scarf jacket coat suitcase kayak bowl mug vase lamp chair bed figurine "
    "figurines shoes sewing-machine";
constexpr std::string_view professions =
    "nurse doctor teacher engineer developer designer baker chef cook lawyer accountant architect carpenter plumber "
    "electrician journalist writer editor photographer musician artist painter student pilot firefighter vet "
    "veterinarian dentist pharmacist scientist researcher professor lecturer consultant librarian translator "
    "gardener farmer driver manager counselor counsellor therapist psychologist midwife paramedic programmer analyst "
    "barista waiter waitress florist translator interpreter apprentice tutor coach trainer physiotherapist "
    "optician surgeon cashier receptionist secretary bookkeeper freelancer";

constexpr std::string_view female_names =
    "Alice Anna Anne Amy Amelia Amanda Audrey Beatrice Carla Caroline Catherine Charlotte Chloe Clara Claire "
    "Daniela Deborah Diana Elena Elisa Eliza Elizabeth Ella Ellen Emily Emma Eva Fatima Fiona Freya Gina Grace Hannah "
    "Helen Ingrid Irene Iris Isabel Isla Ivy Jane Jasmine Jenny Jessica Joanna Jolene Julia Julie Karen Kate Katie "
    "Laura Lea Lena Lily Linda Lisa Lucia Lucy Lydia Maja Margaret Maria Marie Martha Mary Maya Megan Melanie Mia Mina "
    "Nadia Naomi Natalie Nina Nora Olga Olivia Paula Petra Priya Rachel Rebecca Renata Rosa Rose Ruth Sally Sarah Sara "
    "Selma Sofia Sophie Susan Tara Teresa Tessa Ursula Vera Victoria Yasmin Yuki Zara Zoe Agnes Greta Hilda Leila";
constexpr std::string_view male_names =
    "Aaron Adam Ahmed Alan Albert Alexander Ali Andrew Anton Arthur Ben Benjamin Bob Boris Brian Calvin Carlos Charlie "
    "Daniel Dave David Dennis Diego Dmitri Edward Emil Eric Ethan Felix Frank Fred Gareth George Greg Hamza Harry Hassan "
    "Henry Hugo Ian Isaac Ivan Jack Jacob Jake James Jason John Jon Jonas Joseph Josh Juan Karl Kevin Kwame Lars Leo Leon "
    "Liam Louis Lucas Luis Luka Magnus Marco Mark Martin Matt Max Michael Miguel Mike Mohammed Nate Nathan Neil Noah "
    "Oliver Omar Oscar Otto Owen Paul Pedro Peter Philip Rafael Raj Ravi Richard Robert Ryan Samuel Sean Simon Stefan "
    "Steve Theo Thomas Tim Tobias Tom Tomas Victor Vincent Walter William Yusuf Gustav Henrik Mateo";
constexpr std::string_view other_names = "Alex Sam Robin Chris Jamie Jordan Kim Sasha Charlie Taylor Morgan Andrea Nicola Jo";

constexpr std::string_view place_names =
    "Lisbon Porto Paris Lyon Marseille Berlin Hamburg Munich Leipzig Dresden Cologne Vienna Graz Salzburg Zurich Geneva "
    "Basel London Leeds Bristol Manchester Liverpool Edinburgh Glasgow Cardiff Belfast Dublin Cork Galway Oxford "
    "Cambridge Brighton York Sheffield Madrid Barcelona Seville Valencia Rome Milan Naples Turin Venice Florence Athens "
    "Prague Brno Budapest Warsaw Krakow Gdansk Copenhagen Aarhus Stockholm Gothenburg Malmö Oslo Bergen Helsinki Tallinn "
    "Riga Vilnius Amsterdam Rotterdam Utrecht Brussels Ghent Antwerp Boston Chicago Seattle Portland Denver Austin Miami "
    "Toronto Montreal Vancouver Tokyo Kyoto Osaka Seoul Beijing Shanghai Singapore Bangkok Delhi Mumbai Sydney Melbourne "
    "Auckland Cairo Marrakesh Nairobi Accra Lagos Istanbul Portugal Spain France Germany Austria Switzerland Italy Greece "
    "England Scotland Wales Ireland Iceland Norway Sweden Denmark Finland Poland Hungary Croatia Slovenia Estonia Latvia "
    "Lithuania Netherlands Belgium Canada Mexico Brazil Argentina Chile Peru Japan Korea China India Vietnam Thailand "
    "Indonesia Australia Egypt Morocco Kenya Ghana Nigeria Turkey Europe Asia Africa America Florida California Texas "
    "Madeira Sicily Crete Cornwall Norwich Exeter Bath Durham Aberdeen Inverness Tartu Split Zagreb Ljubljana Bali";

constexpr std::string_view irregular_plurals = "children wives mice people men women feet knives lives leaves wolves shelves";

std::string find_in(const auto& rows, std::string_view noun) {
  for (const auto& [value, list] : rows) {
    if (in_list(list, noun)) return std::string(value);
  }
  return {};
}

}  // namespace

std::string singular(std::string_view noun) {
  static constexpr std::array<Row, 8> irregular = {{{"child", "children"},
                                                    {"wife", "wives"},
                                                    {"mouse", "mice"},
                                                    {"man", "men"},
                                                    {"woman", "women"},
                                                    {"person", "people"},
                                                    {"puppy", "puppies"},
                                                    {"kitty", "kitties"}}};
  if (in_list(irregular_plurals, noun)) {
    if (std::string found = find_in(irregular, noun); !found.empty()) return found;
  }
  if (noun.size() > 4 && noun.ends_with("ies")) {
    return in_list("series movies cookies", noun) ? std::string(noun) : std::string(noun.substr(0, noun.size() - 3)) + "y";
  }
  if (noun.size() > 3 && noun.ends_with('s') && !noun.ends_with("ss") && !noun.ends_with("us") && !noun.ends_with("is")) {
    if (noun.ends_with("ches") || noun.ends_with("shes") || noun.ends_with("xes") || noun.ends_with("sses")) {
      return std::string(noun.substr(0, noun.size() - 2));
    }
    return std::string(noun.substr(0, noun.size() - 1));
  }
  return std::string(noun);
}

std::string relation_of(std::string_view noun) { return find_in(relations, singular(noun)); }

Gender gender_of_relation(std::string_view relation) {
  if (is_any(relation, {"mother", "sister", "daughter", "wife", "girlfriend", "grandmother", "aunt", "niece"})) {
    return Gender::female;
  }
  if (is_any(relation, {"father", "brother", "son", "husband", "boyfriend", "grandfather", "uncle", "nephew"})) {
    return Gender::male;
  }
  return Gender::unknown;
}

std::string animal_of(std::string_view noun) { return find_in(animals, singular(noun)); }

std::string class_of_noun(std::string_view noun) {
  const std::string one = singular(noun);
  if (!animal_of(one).empty()) return "animal";
  if (!relation_of(one).empty() || in_list(professions, one) || in_list("man woman person guy girl boy", one)) return "person";
  for (const auto& [thing_class, list] : std::array<Row, 4>{{{"place", places},
                                                             {"organisation", organisations},
                                                             {"work", works},
                                                             {"product", products}}}) {
    if (in_list(list, one) || in_list(list, noun)) return std::string(thing_class);
  }
  return {};
}

bool is_given_name(std::string_view name) {
  return in_list(female_names, name) || in_list(male_names, name) || in_list(other_names, name);
}

Gender gender_of_name(std::string_view name) {
  const bool female = in_list(female_names, name), male = in_list(male_names, name);
  return female == male ? Gender::unknown : female ? Gender::female : Gender::male;
}

bool is_place_name(std::string_view name) {
  return in_list(place_names, name) || is_any(name, {"New York", "New Zealand", "San Francisco", "Los Angeles", "Cape Town",
                                                     "South Africa", "Costa Rica", "Sri Lanka", "San Diego", "Tel Aviv"});
}

bool is_profession(std::string_view noun) { return in_list(professions, singular(noun)); }

}  // namespace kg_sim::rules
