// Every rule, every veto and every kind of block by itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/name_shape.h"
#include "graph_gold.h"

namespace kg_batch::graph {
namespace {

using Json = nlohmann::json;

IdentityView made(const char* json, const std::string& side = "") { return identity_of(Json::parse(json), side); }

IdentityView called(const std::string& label, const std::string& thing_class = "person") {
  return identity_of(Json{{"label", label}, {"class", thing_class}});
}

// The kinds under which two meet, from the first one's side.
std::set<std::string> meet_by(const IdentityView& a, const IdentityView& b) {
  std::set<std::string> kinds;
  for (const BlockKey& x : block_keys(a)) {
    for (const BlockKey& y : block_keys(b)) {
      if (x.key == y.key) kinds.insert(std::string(name_of(x.kind)));
    }
  }
  return kinds;
}

using Kinds = std::set<std::string>;

TEST(BlockKeys, are_at_most_six_and_no_two_alike) {
  IdentityView crowded = made(R"({"label":"Dr. Christopher Alexander von Hohenfels Miller","aliases":["Chris","Kit","Topher","Alex","Sandy"],
    "stated":[["Christo",true],["Bear",false]],"attributes":["mail\tc@example.org","phone\t123456789"],"in":[1,2],"speaks":[1,2],
    "addressed":[[1,"x"],[2,"y"]],"owner":"anna","relation":"friend"})");
  const std::vector<BlockKey> keys = block_keys(crowded);
  EXPECT_EQ(keys.size(), max_block_keys);
  std::set<std::int64_t> distinct;
  for (const BlockKey& key : keys) distinct.insert(key.key);
  EXPECT_EQ(distinct.size(), keys.size());
}

// The table holds them: another machine, compiler or release has to find the same.
TEST(BlockKeys, are_the_same_for_ever) {
  const std::vector<BlockKey> keys = block_keys(called("Anna Lindqvist"));
  ASSERT_FALSE(keys.empty());
  EXPECT_EQ(keys[0].kind, BlockKind::name);
  EXPECT_EQ(keys[0].key, -9116146940264337478LL);
}

TEST(BlockKeys, meet_by_name_over_class_and_scope) {
  EXPECT_TRUE(meet_by(called("Clyde"), called("Clyde", "animal")).contains("name"));
  EXPECT_TRUE(meet_by(called("Dr. Müller"), called("Mueller")).contains("name"));
  EXPECT_TRUE(meet_by(called("Smith, John"), called("John Smith")).contains("name"));
  EXPECT_TRUE(meet_by(called("Acme Inc.", "organisation"), called("ACME GmbH & Co. KG", "organisation")).contains("name"));
}

TEST(BlockKeys, meet_by_alias) {
  EXPECT_EQ(meet_by(made(R"({"label":"Antigone","aliases":["Tiggy"]})"), called("Tiggy")), Kinds{"alias"});
  EXPECT_EQ(meet_by(made(R"({"label":"Twitter","class":"organisation","stated":[["X",true]]})"), called("X", "organisation")), Kinds{"alias"});
}

TEST(BlockKeys, meet_by_a_token) {
  EXPECT_TRUE(meet_by(called("Anna Lindqvist"), called("Lindqvist")).contains("token"));
  EXPECT_TRUE(meet_by(called("Anna Lindqvist"), called("Ana Lindqvist")).contains("token"));
  EXPECT_EQ(meet_by(called("University of Leeds", "organisation"), called("University of York", "organisation")), Kinds{});
  EXPECT_EQ(meet_by(called("Room 12", "place"), called("12 Monkeys", "work")), Kinds{});
}

TEST(BlockKeys, take_the_tokens_that_are_rare_where_that_is_known) {
  const TokenFrequency frequency = [](std::string_view token) { return token == "lindqvist" ? 1000 : 1; };
  const std::vector<BlockKey> told = block_keys(called("Eva Lindqvist"), frequency);
  const std::vector<BlockKey> untold = block_keys(called("Eva Lindqvist"));
  const auto first_token = [](const std::vector<BlockKey>& keys) {
    return std::find_if(keys.begin(), keys.end(), [](const BlockKey& key) { return key.kind == BlockKind::token; })->key;
  };
  EXPECT_EQ(first_token(untold), block_keys(called("Lindqvist"))[0].key);
  EXPECT_EQ(first_token(told), block_keys(called("Eva"))[0].key);
}

TEST(BlockKeys, meet_by_acronym) {
  EXPECT_EQ(meet_by(called("International Business Machines", "organisation"), called("IBM", "organisation")), Kinds{"acronym"});
  EXPECT_EQ(meet_by(called("John F. Kennedy"), called("JFK")), Kinds{"acronym"});
  EXPECT_EQ(meet_by(called("Anna Miller"), called("AM")), Kinds{});
}

TEST(BlockKeys, meet_by_nickname) {
  EXPECT_EQ(meet_by(called("Bob"), called("Robert")), Kinds{"nickname"});
  EXPECT_EQ(meet_by(called("Bob"), called("Robert Miller")), Kinds{"nickname"});
  EXPECT_EQ(meet_by(called("Bob"), called("William")), Kinds{});
  EXPECT_EQ(meet_by(called("Bob", "product"), called("Robert", "product")), Kinds{});
}

// Whatever one edit makes of a name, except of its only half-letters.
TEST(BlockKeys, meet_by_one_typo) {
  const std::string name = "lindqvist";
  const auto meets = [&](const std::string& typed) { return meet_by(called(name), called(typed)).contains("typo"); };
  for (const std::string& base : {std::string("lindqvist"), std::string("kowalsky"), std::string("sarah")}) {
    for (std::size_t i = 0; i < base.size(); ++i) {
      std::string changed = base, longer = base, shorter = base;
      changed[i] = 'x';
      longer.insert(i, "x");
      shorter.erase(i, 1);
      for (const std::string& typed : {changed, longer, shorter}) {
        if (typed.size() >= 4) {
          EXPECT_TRUE(meet_by(called(base), called(typed)).contains("typo")) << base << " " << typed;
        }
      }
    }
  }
  EXPECT_FALSE(meets("lxndqvxst"));
  EXPECT_FALSE(meet_by(called("北京大学", "organisation"), called("上海大学", "organisation")).contains("typo"));
}

TEST(BlockKeys, meet_by_bands_of_long_labels) {
  EXPECT_TRUE(meet_by(called("The Hitchhiker's Guide to the Galaxy: the complete radio scripts", "work"),
                      called("Hitchhikers Guide to the Galaxy, complete radio scripts", "work"))
                  .contains("minhash"));
  EXPECT_FALSE(meet_by(called("A short history of nearly everything else", "work"), called("Teach yourself modern Swedish in six weeks", "work"))
                   .contains("minhash"));
}

TEST(BlockKeys, meet_by_address) {
  EXPECT_EQ(meet_by(made(R"({"label":"Ali","in":[1],"addressed":[[1,"alice"]]})"), made(R"({"label":"Alexandra Miller","key":"alice","in":[1],"speaks":[1]})")),
            Kinds{"address"});
}

TEST(BlockKeys, meet_by_owner) {
  const IdentityView dog = made(R"({"label":"dog","kind":"dog","class":"animal","named":false,"owner":"anna","relation":"pet"})");
  EXPECT_EQ(meet_by(dog, made(R"({"label":"puppy","kind":"dog","class":"animal","named":false,"owner":"anna"})")), Kinds{"owner"});
  EXPECT_EQ(meet_by(dog, made(R"({"label":"dog","kind":"dog","class":"animal","named":false,"owner":"bob"})")), Kinds{});
  EXPECT_TRUE(block_keys(made(R"({"label":"dog","kind":"dog","class":"animal","named":false})")).empty());
}

TEST(BlockKeys, meet_by_participants) {
  const IdentityView owns = made(R"({"label":"Ownership","type":"State","kind":"ownership","roles":[["owner","anna"],["owned","clyde"]]})");
  EXPECT_EQ(meet_by(owns, made(R"({"label":"Having","type":"State","kind":"possession","roles":[["object","clyde"],["agent","anna"]]})")), Kinds{"participants"});
  EXPECT_EQ(meet_by(owns, made(R"({"label":"Ownership","type":"State","kind":"ownership","negated":true,"roles":[["owner","anna"],["owned","clyde"]]})")), Kinds{});
  EXPECT_EQ(meet_by(owns, made(R"({"label":"Ownership","type":"Goal","kind":"ownership","roles":[["owner","anna"],["owned","clyde"]]})")), Kinds{});
  EXPECT_EQ(meet_by(owns, made(R"({"label":"Ownership","type":"State","kind":"ownership","roles":[["owner","anna"],["owned","bonnie"]]})")), Kinds{});
}

TEST(BlockKeys, meet_by_mail_and_phone) {
  EXPECT_EQ(meet_by(made(R"({"label":"Anna Schmidt","attributes":["phone\t+44 20 7946 0958"]})"), made(R"({"label":"Mrs. Weber","attributes":["Mobile\t(020) 7946-0958"]})")),
            Kinds{"attribute"});
}

TEST(BlockKeys, of_what_is_called_so_in_one_conversation_hold_no_name) {
  EXPECT_EQ(meet_by(called("Mum"), called("Mum")), Kinds{});
  EXPECT_EQ(meet_by(called("Speaker 1"), called("Speaker 1")), Kinds{});
  EXPECT_EQ(meet_by(made(R"({"label":"Helen","aliases":["Mum"]})"), made(R"({"label":"Carol","aliases":["mum"]})")), Kinds{});
}

// ---- rules ----

std::string ruled(const IdentityView& a, const IdentityView& b) {
  const auto there = rule(a, b), back = rule(b, a);
  EXPECT_EQ(there.has_value(), back.has_value());
  return there ? std::string(there->name) : "";
}

TEST(Rules, equal_keys) {
  EXPECT_EQ(ruled(made(R"({"label":"A","key":"k"})"), made(R"({"label":"B","key":"k"})")), "equal keys");
  EXPECT_EQ(ruled(called("Anna"), made(R"({"label":"Anna","scope":"conversation 1"})")), "");
}

TEST(Rules, a_stated_alias_that_is_unique) {
  EXPECT_EQ(ruled(made(R"({"label":"Robert","stated":[["Bob",true]]})"), called("BOB")), "stated alias");
  EXPECT_EQ(ruled(made(R"({"label":"Robert","stated":[["Bob",false]]})"), called("Bob")), "");
  EXPECT_EQ(ruled(made(R"({"label":"Robert","aliases":["Bob"]})"), called("Bob")), "");
  EXPECT_EQ(ruled(made(R"({"label":"Robert","stated":[["Bob",true]]})"), called("Bob Miller")), "");
  // Two mothers are called Helen: the name is that of the one in whose conversation it was said.
  EXPECT_EQ(ruled(made(R"({"label":"Mum","in":[1],"stated":[["Helen",true]]})"), made(R"({"label":"Helen","in":[2]})")), "");
  EXPECT_EQ(ruled(made(R"({"label":"Helen","in":[1],"stated":[["Mum",true]]})"), made(R"({"label":"Mum","in":[1]})")), "");
}

TEST(Rules, a_short_form_by_which_a_participant_is_addressed) {
  const IdentityView alice = made(R"({"label":"Alice Miller","key":"alice","in":[1,3],"speaks":[1,3]})");
  EXPECT_EQ(ruled(alice, made(R"({"label":"Ali","in":[1],"addressed":[[1,"alice"]]})")), "addressed by short form");
  EXPECT_EQ(ruled(alice, made(R"({"label":"Ali","in":[1,3],"addressed":[[1,"alice"],[3,"alice"]]})")), "addressed by short form");
  EXPECT_EQ(ruled(alice, made(R"({"label":"Ali","in":[1,3],"addressed":[[1,"alice"]]})")), "") << "talked about elsewhere";
  EXPECT_EQ(ruled(alice, made(R"({"label":"Ali","in":[1,2],"addressed":[[1,"alice"],[2,"alice"]]})")), "") << "she is not in 2";
  EXPECT_EQ(ruled(alice, made(R"({"label":"Ali","in":[1,3],"addressed":[[1,"alice"],[3,"alina"]]})")), "") << "another there";
  EXPECT_EQ(ruled(alice, made(R"({"label":"Ali","in":[1],"speaks":[1],"addressed":[[1,"alice"]]})")), "") << "speaks";
}

// ---- vetoes ----

std::string vetoed(const IdentityView& a, const IdentityView& b) {
  const auto there = veto(a, b), back = veto(b, a);
  EXPECT_EQ(there, back);
  return std::string(there.value_or(""));
}

std::string on_names(const std::string& a, const std::string& b, const std::string& thing_class = "person") {
  return vetoed(called(a, thing_class), called(b, thing_class));
}

TEST(Vetoes, thing_against_statement) {
  EXPECT_EQ(vetoed(called("Adoption", "other"), made(R"({"label":"Adoption","type":"Event"})")), "thing against statement");
}

TEST(Vetoes, type_and_polarity_of_statements) {
  EXPECT_EQ(vetoed(made(R"({"label":"Move","type":"Event"})"), made(R"({"label":"Move","type":"Goal"})")), "type");
  EXPECT_EQ(vetoed(made(R"({"label":"Liking","type":"State"})"), made(R"({"label":"Liking","type":"State","negated":true})")), "polarity");
}

TEST(Vetoes, distinct_participants) {
  EXPECT_EQ(vetoed(made(R"({"label":"Anna","in":[1],"speaks":[1,9]})", "a"), made(R"({"label":"Anna","in":[2],"speaks":[2,9]})", "b")), "participants");
  EXPECT_EQ(vetoed(made(R"({"label":"Anna","in":[1],"speaks":[1]})", "a"), made(R"({"label":"Anna","in":[2],"speaks":[2]})", "b")), "");
}

TEST(Vetoes, namesakes) {
  const auto anna = [](const std::string& scope, const std::string& key = "") {
    IdentityView view = called("Anna");
    view.scope = scope;
    view.key = key_of_text(key.empty() ? scope : key);
    return view;
  };
  EXPECT_EQ(vetoed(anna("same name\x1f" "ab\x1f" "cd\x1f" "1"), anna("same name\x1f" "ab\x1f" "cd\x1f" "2")), "namesakes");
  EXPECT_EQ(vetoed(anna("same name\x1f" "ab\x1f" "cd\x1f" "1"), anna("same name\x1f" "ab\x1f" "ef\x1f" "2")), "") << "another answer";
  EXPECT_EQ(vetoed(anna("same name\x1f" "ab\x1f" "cd\x1f" "1"), anna("")), "");
  const IdentityView participant = anna("", "participant");
  std::string hex;
  for (const std::uint8_t byte : participant.key) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  EXPECT_EQ(vetoed(participant, anna("beside participant\x1f" + hex + "\x1f" "cd\x1f" "1")), "namesakes");
  EXPECT_EQ(vetoed(anna("", "somebody"), anna("beside participant\x1f" + hex + "\x1f" "cd\x1f" "1")), "");
}

TEST(Vetoes, shared_relation) {
  const IdentityView anna = made(R"({"label":"Anna","statements":["s","t"]})");
  EXPECT_EQ(vetoed(anna, made(R"({"label":"Anna Miller","statements":["t"]})")), "shared relation");
  EXPECT_EQ(vetoed(anna, made(R"({"label":"Anna Miller","statements":["u"]})")), "");
  EXPECT_EQ(vetoed(anna, made(R"({"label":"Annie","statements":["t"],"stated":[["Anna",false]]})")), "") << "lifted";
  EXPECT_EQ(vetoed(made(R"({"label":"Talk","type":"Event","key":"talk"})"), made(R"({"label":"Plan","type":"Event","roles":[["content","talk"]]})")), "shared relation");
}

TEST(Vetoes, numbers) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"Room 12", "Room 21"}, {"v1.2", "v12"}, {"Python 3", "Python 3.11"}, {"World War I", "World War II"}, {"PR #260", "PR #480"},
           {"First Bank", "Second Bank"}, {"Chapter Two", "Chapter 3"}, {"٣ شارع", "٤ شارع"}, {"第一中学", "第二中学"}}) {
    EXPECT_EQ(on_names(a, b, "other"), a.starts_with("第") ? "" : "numbers") << a << " " << b;
  }
  EXPECT_EQ(on_names("Sam Miller Jr.", "Sam Miller, Senior"), "numbers");
  EXPECT_EQ(on_names("Henry VIII", "Henry VII"), "numbers");
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"Windows", "Windows 10"}, {"World War Two", "World War II"}, {"2nd Avenue", "Second Avenue"}, {"1,000 Places", "1000 Places"}, {"Room 007", "Room 7"},
           {"Formula One", "Formula 1"}}) {
    EXPECT_EQ(on_names(a, b, "other"), "") << a << " " << b;
  }
  EXPECT_EQ(on_names("Malcolm X", "Malcolm Little"), "initials") << "no Roman ten";
  EXPECT_EQ(on_names("Sam Miller", "Sam Miller Jr."), "");
}

TEST(Vetoes, initials) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"Mike S.", "Mike W."}, {"Mike S.", "Mike Winter"}, {"J. Smith", "Mary Smith"}, {"John A. Smith", "John B. Smith"}, {"T. S. Eliot", "George Eliot"}}) {
    EXPECT_EQ(on_names(a, b), "initials") << a << " " << b;
  }
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"Mike S.", "Mike Smith"}, {"B. Miller", "Robert Miller"}, {"John Smith", "John A. Smith"}, {"J. R. R. Tolkien", "John Ronald Reuel Tolkien"}}) {
    EXPECT_EQ(on_names(a, b), "") << a << " " << b;
  }
  EXPECT_EQ(vetoed(made(R"({"label":"Mike S.","stated":[["Mike Winter",false]]})"), called("Mike Winter")), "") << "lifted";
  EXPECT_EQ(on_names("Mike S.", "Mike Winter", "organisation"), "");
}

TEST(Vetoes, full_names) {
  EXPECT_EQ(on_names("Anna Miller", "Anna Weber"), "full names");
  EXPECT_EQ(on_names("Anna Miller", "Tom Miller"), "full names");
  for (const std::string other : {"Anna", "Miller", "Mrs. Miller", "A. Miller", "Anna Maria Miller", "Miller, Anna", "Anna Miler", "Anna Miller-Weber"}) {
    EXPECT_EQ(on_names("Anna Miller", other), "") << other;
  }
  EXPECT_EQ(on_names("Bob Miller", "Robert Miller"), "");
  EXPECT_EQ(on_names("Anna Miller", "Anna Weber", "organisation"), "");
  EXPECT_EQ(vetoed(made(R"({"label":"Anna Miller","aliases":["Anna Weber"]})"), called("Anna Weber")), "");
  EXPECT_EQ(vetoed(made(R"({"label":"Anna Miller","attributes":["mail\ta@example.org"]})"), made(R"({"label":"Anna Weber","attributes":["mail\ta@example.org"]})")), "");
}

TEST(Vetoes, letters_and_symbols_and_titles) {
  EXPECT_EQ(on_names("Plan A", "Plan B", "other"), "letters");
  EXPECT_EQ(on_names("J", "K"), "letters");
  EXPECT_EQ(on_names("Plan A", "Plan", "other"), "");
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"C", "C++"}, {"C#", "C++"}, {"Visual C++", "Visual C#"}, {"grade A+", "grade A-"}, {"Q*", "Q"}, {"F#", "F"}}) {
    EXPECT_EQ(on_names(a, b, "other"), "symbols") << a << " " << b;
  }
  EXPECT_EQ(on_names("AT&T", "ATT", "organisation"), "");
  EXPECT_EQ(on_names("Mr. Weber", "Mrs. Weber"), "titles");
  EXPECT_EQ(on_names("Dr. Weber", "Mrs. Weber"), "");
}

TEST(Vetoes, opposites) {
  EXPECT_EQ(on_names("North Korea", "South Korea", "place"), "opposites");
  EXPECT_EQ(on_names("May report", "June report", "work"), "opposites");
  EXPECT_EQ(on_names("older brother", "little brother"), "opposites");
  EXPECT_EQ(on_names("April", "June"), "") << "persons are called so";
  EXPECT_EQ(on_names("North Korea", "Korea", "place"), "");
}

TEST(Vetoes, days) {
  const auto event = [](const std::vector<std::string>& starts, const std::vector<std::string>& ends = {}) {
    IdentityView view = identity_of(Json{{"label", "Trip"}, {"type", "Event"}, {"starts", starts}}, std::to_string(starts.size()) + starts.front());
    view.ends = ends;
    return view;
  };
  EXPECT_EQ(vetoed(event({"2024-05-03 actual"}), event({"2024-05-04 inferred"})), "days");
  EXPECT_EQ(vetoed(event({"2024-05 actual"}), event({"2024-06-01T10:00 inferred"})), "days");
  EXPECT_EQ(vetoed(event({"2023 actual"}), event({"2024 actual"})), "days");
  EXPECT_EQ(vetoed(event({"2024 actual"}), event({"2024-05-04 inferred"})), "");
  EXPECT_EQ(vetoed(event({"2024-02 actual"}), event({"2024-02-29 actual"})), "");
  EXPECT_EQ(vetoed(event({"2024-05-01 actual"}, {"2024-05-20 actual"}), event({"2024-05-04 inferred"})), "");
  EXPECT_EQ(vetoed(event({"2024-05-03 estimated"}), event({"2024-06-04 actual"})), "") << "a guess";
  EXPECT_EQ(vetoed(event({"2024-05-03 actual", "2024-05-04 actual"}), event({"2024-05-04 inferred"})), "");
}

TEST(Vetoes, swapped_roles) {
  const IdentityView there = made(R"({"label":"Call","type":"Event","roles":[["agent","anna"],["recipient","bob"]]})");
  EXPECT_EQ(vetoed(there, made(R"({"label":"Call","type":"Event","roles":[["agent","bob"],["recipient","anna"]]})")), "roles");
  EXPECT_EQ(vetoed(there, made(R"({"label":"Talk","type":"Event","roles":[["participant","bob"],["participant","anna"]]})")), "");
}

TEST(Vetoes, unique_attributes) {
  const auto with = [](const std::string& attribute) { return identity_of(Json{{"label", "Anna"}, {"attributes", {attribute}}}); };
  EXPECT_EQ(vetoed(with("email\ta@example.org"), with("e-mail\tb@example.org")), "mail");
  EXPECT_EQ(vetoed(with("email\ta@example.org"), with("Email address\tA@Example.org")), "");
  EXPECT_EQ(vetoed(with("phone\t+49 170 1234567"), with("mobile\t0170/1234568")), "phone");
  EXPECT_EQ(vetoed(with("phone\t+49 170 1234567"), with("mobile\t0170/1234567")), "");
  EXPECT_EQ(vetoed(with("born\t1990-05-08"), with("birthday\t8 June 1990")), "birth date");
  EXPECT_EQ(vetoed(with("born\t1990-05-08"), with("birthday\tMay 8")), "");
  EXPECT_EQ(vetoed(with("born\t1990-05-08"), with("birthday\tJune 8")), "birth date");
  EXPECT_EQ(vetoed(with("born\t1990"), with("birthday\t1990-05-08")), "");
  EXPECT_EQ(vetoed(with("born\t1990"), with("birthday\tMay 8")), "");
  EXPECT_EQ(vetoed(with("born\tlong ago"), with("birthday\t1990-05-08")), "");
  EXPECT_EQ(vetoed(with("shoe size\t39"), with("shoe size\t41")), "");
}

TEST(Vetoes, relation) {
  const auto kin = [](const std::string& relation, const std::string& owner = "anna") {
    return identity_of(Json{{"label", "Alex"}, {"owner", owner}, {"relation", relation}});
  };
  EXPECT_EQ(vetoed(kin("brother"), kin("sister")), "relation");
  EXPECT_EQ(vetoed(kin("mother"), kin("sister")), "relation");
  EXPECT_EQ(vetoed(kin("parent"), kin("mother")), "");
  EXPECT_EQ(vetoed(kin("brother"), kin("colleague")), "");
  EXPECT_EQ(vetoed(kin("brother"), kin("sister", "bob")), "");
}

// ---- names ----

TEST(NameShapes, leave_out_what_is_often_left_out) {
  const auto sorted = [](const std::string& label, bool person) { return name_shape(name_key(label), person).sorted; };
  EXPECT_EQ(sorted("Prof. Dr. Anna Weiß", true), "anna weiss");
  EXPECT_EQ(sorted("Ludwig van Beethoven", true), "beethoven ludwig");
  EXPECT_EQ(sorted("J.R.R. Tolkien", true), sorted("J. R. R. Tolkien", true));
  EXPECT_EQ(sorted("Müller GmbH & Co. KG", false), "muller");
  EXPECT_EQ(sorted("The Beatles", false), "beatles");
  EXPECT_EQ(sorted("Sam Miller Jr.", true), "miller sam");
  EXPECT_EQ(sorted("Doctor", true), "doctor");
  EXPECT_EQ(sorted("हिन्दी", false), "हिन्दी");
  EXPECT_NE(sorted("が", false), sorted("か", false));
  EXPECT_EQ(sorted("???", false), "???");
}

TEST(NameShapes, of_any_bytes_are_made_and_compared) {
  for (const std::string& bytes : {std::string(""), std::string(" "), std::string("\xff\xfe"), std::string("\xe2\x82"), std::string("-"), std::string("'s"),
                                   std::string("&"), std::string("the of"), std::string("jr"), std::string("Inc."), std::string(5000, 'x')}) {
    IdentityView view = called("x");
    view.label = view.label_key = bytes;
    view.aliases = {{bytes, 1}, {"y", 1}};
    EXPECT_LE(block_keys(view).size(), max_block_keys);
    score(view, called("Anna"));
    veto(view, called("Inc", "organisation"));
    EXPECT_GE(score(view, view), 0);
  }
}

}  // namespace
}  // namespace kg_batch::graph
