// An identity with what is worked out once for all the pairs that it stands in.
//
// Keeps a pointer to the view, which has to outlive it.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/name_shape.h"
#include "graph/resolution.h"

namespace kg_batch::graph {

enum class UniqueAttribute : std::uint8_t { mail, phone, birth_date };

struct PreparedAlias {
  NameShape shape;
  bool stated = false;
  bool unique = false;
  // Two identities that have it may be one. Not so a short form of the label, or
  // one letter: Bob is every Robert.
  bool tells = true;
};

struct DayRange {
  std::string first, last;  // YYYY-MM-DD
};

struct PreparedIdentity {
  explicit PreparedIdentity(const IdentityView& identity);

  const IdentityView* view;
  bool is_person;
  bool has_conversation_name = false;
  NameShape shape;
  std::vector<PreparedAlias> aliases;  // stated ones first, then by count; at most 8
  std::vector<Key> statements;         // sorted, as are those
  std::vector<std::int64_t> conversations, participates_in;
  std::vector<std::pair<UniqueAttribute, std::string>> unique_attributes;  // sorted, as they are compared
  std::optional<DayRange> days;        // of Events
};

// Of sorted lists: whether they have one in common. A graph's owner is in
// thousands of conversations, most others in few.
template <typename T>
bool share_one(const std::vector<T>& a, const std::vector<T>& b) {
  const std::vector<T>& few = a.size() < b.size() ? a : b;
  const std::vector<T>& many = a.size() < b.size() ? b : a;
  return std::any_of(few.begin(), few.end(), [&](const T& item) { return std::binary_search(many.begin(), many.end(), item); });
}

// Participants, topics and what has a name are found by it; all else by its owner.
bool is_found_by_name(const IdentityView& identity);

// "Mum", "Speaker 1": means somebody else in another conversation.
bool has_conversation_name(const IdentityView& identity);

// Things that one word means of one owner: a kin relation, or else the kind.
std::string_view owned_as(const IdentityView& identity);
bool is_kin(std::string_view relation);

bool states(const PreparedIdentity& identity, const PreparedIdentity& other);     // other's label is a stated alias
bool is_called(const PreparedIdentity& identity, const PreparedIdentity& other);  // its label is an alias of the other
bool shares_attribute(const PreparedIdentity& a, const PreparedIdentity& b);      // a mail address or phone number

// Given name and surname of two persons, of which each has a part that the other
// has nothing for: Anna Miller, Anna Weber.
bool full_names_exclude(const NameShape& a, const NameShape& b);

int score(const PreparedIdentity& a, const PreparedIdentity& b);
std::optional<RuleVerdict> rule(const PreparedIdentity& a, const PreparedIdentity& b);
std::optional<std::string_view> veto(const PreparedIdentity& a, const PreparedIdentity& b);
std::vector<BlockKey> block_keys(const PreparedIdentity& identity, const TokenFrequency& frequency = nullptr);

}  // namespace kg_batch::graph
