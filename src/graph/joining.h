// The joining of one component: from decisions on pairs to groups of identities.
//
// A pure function of the set of identities and the set of pairs; the order in
// which they come does not matter. Groups are connected components of `same` in
// which no `different` and no veto holds between any two members.
//
//  1. A person's words, the latest first: each counts unless a later one says
//     otherwise. They join in spite of vetoes and of what rules and models say.
//  2. The others' `same`, by confidence, then key. One that would bring together
//     two sides of a `different` or of a veto is skipped and reported.
//  3. Two groups of more than 20 identities need two `same` between them that
//     have no identity in common: one mistake shall not make one of two hubs.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/resolution.h"

namespace kg_batch::graph {

enum class Origin { rule, model, person };

struct DecidedPair {
  Key a{}, b{};
  Verdict verdict = Verdict::same;
  int confidence = 1000;  // thousandths; a `same` below merge_confidence is for the caller to leave out
  Origin origin = Origin::model;
  std::int64_t said = 0;  // of persons' words: the later has the higher one
};

inline constexpr std::size_t large_group = 20;

inline constexpr std::string_view one_of_two_needed = "one of two needed";

struct SkippedPair {
  DecidedPair pair;    // with a < b
  std::string reason;  // "different", "later word", "one of two needed", or the veto's name
  Key x{}, y{};        // between whom it holds, x < y; a and b where it is about their groups
};

struct Joined {
  std::vector<std::vector<Key>> groups;  // every identity in one; sorted, by lowest key
  std::vector<SkippedPair> skipped;      // `same` that joined nothing and whose ends are apart; sorted
};

// Pairs with an identity that is not given are left out.
Joined join(std::span<const IdentityView> identities, std::span<const DecidedPair> pairs);

}  // namespace kg_batch::graph
