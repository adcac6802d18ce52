// What the reader knows of nouns: kin and their like, animals, what kind of
// thing a noun stands for, some given names and some places of the world.

#pragma once

#include <string>
#include <string_view>

namespace kg_sim::rules {

enum class Gender { unknown, female, male };

// "mum" is mother, "boss" is manager, "bestie" is friend; empty where the noun
// is no relation of the closed list between people.
std::string relation_of(std::string_view noun);
Gender gender_of_relation(std::string_view relation);

// "puppy" is dog, "kitty" is cat; empty where it is no animal.
std::string animal_of(std::string_view noun);

// person, animal, organisation, place, work, product; empty for what is none of
// these or unknown.
std::string class_of_noun(std::string_view noun);

bool is_given_name(std::string_view name);
Gender gender_of_name(std::string_view name);
bool is_place_name(std::string_view name);
bool is_profession(std::string_view noun);

// "dogs" is dog, "puppies" is puppy; a word that is no plural comes back as it is.
std::string singular(std::string_view noun);

}  // namespace kg_sim::rules
