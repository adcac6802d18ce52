// How much two identities look like one: 0 to 1000, in integers, so that it is the
// same everywhere.
//
// The score decides who is asked about, never who is joined. Names of persons and
// others differ in what a missing token means: Anna may be Anna Miller, Amazon is
// not Amazon Prime. One token against another (Anna Miller, Anna Weber; Google
// Maps, Google Drive) is what tells names of one kind apart, and halves the score.

#include <algorithm>
#include <array>
#include <set>

#include "graph/prepared_identity.h"

namespace kg_batch::graph {
namespace {

constexpr int equal_names = 930;                // and more: the same name, written otherwise
constexpr std::size_t longest_short_name = 4;  // tokens; what is longer is a text

// How well one token stands for another.
int token_strength(std::string_view a, std::string_view b, bool person) {
  if (a == b) return 1000;
  if (person && is_same_given_name(a, b)) return 900;
  if (is_typo(a, b, person)) return 850;
  const auto [brief, full] = a.size() < b.size() ? std::pair{a, b} : std::pair{b, a};
  if (is_initial(brief)) return person && given_name_may_begin_with(full, brief) ? 700 : 0;
  if (person && length_of(brief) >= 3 && length_of(full) >= length_of(brief) + 2 && full.starts_with(brief)) return 750;
  return 0;
}

int weight_of(std::string_view token) {
  constexpr std::size_t most = 8;
  if (is_describing_word(token)) return 1;
  return static_cast<int>(std::clamp(length_of(token), std::size_t{1}, most));
}

// What a name ends in is what the thing is: Telekom of Deutsche Telekom. Short and
// common words are in too many.
bool is_head_of(const NameShape& few, const NameShape& many) {
  return std::equal(few.tokens.rbegin(), few.tokens.rend(), many.tokens.rbegin()) && length_of(few.joined) >= 5 &&
         !is_common_word(few.tokens.back());
}

// The tokens of the name with fewer are each given the best one that is left; of
// two with as many, those of the lower key, so that a and b are as b and a.
struct Alignment {
  int score = 0;
  bool conflict = false;  // each has a token that the other has nothing for
};

Alignment align(const NameShape& x, const NameShape& y, bool person) {
  const bool x_has_few = std::pair(x.tokens.size(), std::string_view(x.key)) < std::pair(y.tokens.size(), std::string_view(y.key));
  const NameShape& few = x_has_few ? x : y;
  const NameShape& many = &few == &x ? y : x;
  std::vector<bool> taken(many.tokens.size(), false), matched(few.tokens.size(), false);
  int sum = 0, weight = 0;
  for (const int strength : {1000, 900, 850, 750, 700}) {
    for (std::size_t i = 0; i < few.tokens.size(); ++i) {
      for (std::size_t j = 0; j < many.tokens.size() && !matched[i]; ++j) {
        if (taken[j] || token_strength(few.tokens[i], many.tokens[j], person) != strength) continue;
        matched[i] = taken[j] = true;
        sum += strength * weight_of(few.tokens[i]);
      }
    }
  }
  int extra_weight = 0, extra_tokens = 0;
  Alignment alignment;
  for (std::size_t i = 0; i < few.tokens.size(); ++i) {
    weight += weight_of(few.tokens[i]);
    alignment.conflict = alignment.conflict || !matched[i];
  }
  int middle_initials = 0;
  for (std::size_t j = 0; j < many.tokens.size(); ++j) {
    if (taken[j]) continue;
    if (person && is_initial(many.tokens[j])) {
      ++middle_initials;
    } else {
      ++extra_tokens;
      extra_weight += weight_of(many.tokens[j]);
    }
  }
  int& score = alignment.score;
  score = sum / weight;
  if (alignment.conflict) {
    score /= 2;
  } else if (person) {
    score -= 80 * middle_initials;
    if (extra_tokens > 0) score -= 200 + 50 * extra_tokens;
  } else if (extra_tokens > 0) {
    score = is_head_of(few, many) ? score * weight / (weight + extra_weight / 2) - 20
                                  : score * weight / (weight + extra_weight) - 70;
  }
  score = std::max(score, 0);
  return alignment;
}

std::vector<std::string_view> trigrams_of(std::string_view text) {
  const std::vector<std::size_t> starts = character_starts(text);
  std::vector<std::string_view> grams;
  for (std::size_t i = 0; i + 3 < starts.size(); ++i) grams.push_back(text.substr(starts[i], starts[i + 3] - starts[i]));
  std::sort(grams.begin(), grams.end());
  return grams;
}

// Twice the trigrams in common over all of them.
int dice(std::string_view a, std::string_view b) {
  if (a == b) return 1000;
  const std::vector<std::string_view> of_a = trigrams_of(a), of_b = trigrams_of(b);
  if (of_a.empty() || of_b.empty()) return 0;
  std::vector<std::string_view> common;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), std::back_inserter(common));
  return static_cast<int>(2000 * common.size() / (of_a.size() + of_b.size()));
}

bool is_acronym_of(const NameShape& brief, const NameShape& full) {
  if (brief.tokens.size() != 1 || full.tokens.size() < (full.is_person ? 3 : 2)) return false;
  std::string acronym;
  for (const std::string& token : full.tokens) acronym += token.substr(0, character_starts(token)[1]);
  return acronym == brief.joined;
}

// 小明 and 王小明: a given name without the surname.
bool is_given_part(const NameShape& a, const NameShape& b) {
  const NameShape& brief = a.joined.size() < b.joined.size() ? a : b;
  const NameShape& full = &brief == &a ? b : a;
  return is_han(full.joined) && length_of(full.joined) == 3 && length_of(brief.joined) == 2 &&
         full.joined.ends_with(brief.joined);
}

int of_names(const NameShape& a, const NameShape& b) {
  if (a.key == b.key) return a.one_letter ? 0 : 1000;
  if (a.sorted == b.sorted) return 950;
  if (a.joined == b.joined) return equal_names;
  if (is_acronym_of(a, b) || is_acronym_of(b, a)) return 800;
  if (a.one_letter || b.one_letter) return 0;
  const bool person = a.is_person && b.is_person;
  if (person && is_given_part(a, b)) return 750;
  if (!person && std::max(a.tokens.size(), b.tokens.size()) > longest_short_name) {
    return std::max(dice(a.sorted, b.sorted), align(a, b, person).score);
  }
  return align(a, b, person).score;
}

int of_alias(const PreparedIdentity& identity, const PreparedIdentity& other) {
  int best = 0;
  for (const PreparedAlias& alias : identity.aliases) {
    if (alias.stated && alias.shape.key == other.view->label_key) return 1000;
    if (alias.shape.one_letter || other.shape.one_letter) continue;
    if (alias.shape.sorted == other.shape.sorted) best = std::max(best, equal_names);
  }
  return best;
}

int of_aliases(const PreparedIdentity& a, const PreparedIdentity& b) {
  for (const PreparedAlias& of_a : a.aliases) {
    for (const PreparedAlias& of_b : b.aliases) {
      if (of_a.tells && of_b.tells && of_a.shape.sorted == of_b.shape.sorted) return 750;
    }
  }
  return 0;
}

// What one class said of the other's: an animal is often taken for a person, and
// "other" is said of what nobody looked at.
int after_classes(int score, const PreparedIdentity& a, const PreparedIdentity& b) {
  const std::string &x = a.view->node_class, &y = b.view->node_class;
  if (x == y || x.empty() || y.empty()) return score;
  if (x == "other" || y == "other") return score - 50;
  return score - (score >= equal_names ? 150 : 400);
}

int of_owned(const PreparedIdentity& a, const PreparedIdentity& b) {
  if (!a.view->owner || a.view->owner != b.view->owner || owned_as(*a.view) != owned_as(*b.view)) return 0;
  if (a.view->named && b.view->named) return 0;
  if (a.view->named || b.view->named) return 650;
  return 700 + 3 * of_names(a.shape, b.shape) / 10;
}

int of_things(const PreparedIdentity& a, const PreparedIdentity& b) {
  const bool traits = a.view->type == "Property" || b.view->type == "Property";
  if (traits && (a.view->type != b.view->type || a.view->owner != b.view->owner)) return 0;
  const bool stays = a.has_conversation_name || b.has_conversation_name;
  const bool here = share_one(a.conversations, b.conversations);
  const int owned = of_owned(a, b);
  if (stays && !here && owned == 0) return 0;
  int score = 0;
  const bool a_named = is_found_by_name(*a.view), b_named = is_found_by_name(*b.view);
  if (a_named && b_named && !(a.has_conversation_name && b.has_conversation_name)) score = of_names(a.shape, b.shape);
  const int alias = std::max(b_named ? of_alias(a, b) : 0, a_named ? of_alias(b, a) : 0);
  if (alias == 1000) return 1000;
  if (a_named && b_named) score = std::max(score, of_aliases(a, b));
  score = after_classes(std::max(score, alias), a, b);
  if (shares_attribute(a, b)) score = std::max(score, 750);
  return std::max(score, owned);
}

std::vector<Key> participants_of(const IdentityView& statement) {
  std::vector<Key> nodes;
  for (const RoleTarget& role : statement.roles) nodes.push_back(role.node);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

std::set<std::pair<std::string_view, Key>> roles_of(const IdentityView& statement) {
  std::set<std::pair<std::string_view, Key>> roles;
  for (const RoleTarget& role : statement.roles) roles.emplace(role.role, role.node);
  return roles;
}

// Of one participant many things are said, so more has to be alike.
int of_statements(const PreparedIdentity& a, const PreparedIdentity& b) {
  const IdentityView &x = *a.view, &y = *b.view;
  if (x.type != y.type || x.negated != y.negated) return 0;
  const std::vector<Key> nodes = participants_of(x);
  if (nodes.empty() || nodes != participants_of(y)) return 0;
  const int shared = nodes.size() == 1 ? 50 : 300;
  const int kinds = dice(x.kind, y.kind), labels = dice(a.shape.sorted, b.shape.sorted);
  const int same_roles = roles_of(x) == roles_of(y) ? 100 : 0;
  return std::min(1000, shared + 3 * kinds / 10 + 3 * labels / 10 + same_roles);
}

}  // namespace

bool shares_attribute(const PreparedIdentity& a, const PreparedIdentity& b) {
  return std::any_of(a.unique_attributes.begin(), a.unique_attributes.end(), [&](const auto& attribute) {
    return attribute.first != UniqueAttribute::birth_date &&
           std::binary_search(b.unique_attributes.begin(), b.unique_attributes.end(), attribute);
  });
}

bool is_called(const PreparedIdentity& identity, const PreparedIdentity& other) { return of_alias(other, identity) > 0; }

bool full_names_exclude(const NameShape& a, const NameShape& b) {
  const auto is_full = [](const NameShape& shape) {
    return shape.is_person && std::count_if(shape.tokens.begin(), shape.tokens.end(),
                                            [](const std::string& token) { return !is_initial(token); }) > 1;
  };
  return is_full(a) && is_full(b) && a.sorted != b.sorted && a.joined != b.joined && align(a, b, true).conflict;
}

int score(const PreparedIdentity& a, const PreparedIdentity& b) {
  if (a.view->is_statement != b.view->is_statement) return 0;
  if (rule(a, b)) return 1000;
  const int score = a.view->is_statement ? of_statements(a, b) : of_things(a, b);
  return std::clamp(score, 0, 1000);
}

int score(const IdentityView& a, const IdentityView& b) { return score(PreparedIdentity(a), PreparedIdentity(b)); }

}  // namespace kg_batch::graph
