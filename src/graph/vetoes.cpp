// Rules and vetoes: what is decided of a pair without asking anybody.
//
// A veto is what a careful reader would not have to think about. It costs a
// duplicate where it is wrong, so only words that exclude each other count: a
// number against another number, not a number against none.

#include <algorithm>
#include <array>
#include <set>

#include "graph/keys.h"
#include "graph/prepared_identity.h"

namespace kg_batch::graph {
namespace {

using Prepared = PreparedIdentity;

// "same name\x1f…\x1f1" and "same name\x1f…\x1f2" were told apart, and so was
// "beside participant\x1f<key>\x1f…" from who has that key.
bool is_beside(const IdentityView& a, const IdentityView& b) {
  constexpr std::string_view beside = "beside participant\x1f";
  constexpr std::string_view digits = "0123456789abcdef";
  if (!a.scope.starts_with(beside)) return false;
  std::string hex;
  for (const std::uint8_t byte : b.key) {
    hex.push_back(digits[byte >> 4]);
    hex.push_back(digits[byte & 15]);
  }
  return std::string_view(a.scope).substr(beside.size()).starts_with(hex);
}

bool are_namesakes(const IdentityView& a, const IdentityView& b) {
  if (is_beside(a, b) || is_beside(b, a)) return true;
  const std::size_t end = a.scope.rfind('\x1f');
  const bool tells = a.scope.starts_with("same name\x1f") || a.scope.starts_with("beside participant\x1f") ||
                     a.scope.starts_with("namesake\x1f");
  return tells && a.scope != b.scope && b.scope.rfind('\x1f') == end && b.scope.compare(0, end, a.scope, 0, end) == 0;
}

bool takes_part_in(const IdentityView& statement, const Key& key) {
  return std::any_of(statement.roles.begin(), statement.roles.end(), [&](const RoleTarget& role) { return role.node == key; });
}

bool share_relation(const Prepared& a, const Prepared& b) {
  if (takes_part_in(*a.view, b.view->key) || takes_part_in(*b.view, a.view->key)) return true;
  return share_one(a.statements, b.statements);
}

// Each has one that the other has not.
bool exclude(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return !std::includes(a.begin(), a.end(), b.begin(), b.end()) && !std::includes(b.begin(), b.end(), a.begin(), a.end());
}

bool initials_differ(const NameShape& a, const NameShape& b) {
  if (!a.is_person || !b.is_person || a.tokens.size() < 2 || b.tokens.size() < 2) return false;
  const auto differ = [](const std::string& x, const std::string& y, bool given) {
    if (!is_initial(x) && !is_initial(y)) return false;
    const auto& [initial, full] = is_initial(x) ? std::tie(x, y) : std::tie(y, x);
    return given && !is_initial(full) ? !given_name_may_begin_with(full, initial) : !starts_with_same_letter(initial, full);
  };
  if (differ(a.tokens.front(), b.tokens.front(), true) || differ(a.tokens.back(), b.tokens.back(), false)) return true;
  if (a.tokens.size() != b.tokens.size()) return false;
  for (std::size_t i = 1; i + 1 < a.tokens.size(); ++i) {
    if (differ(a.tokens[i], b.tokens[i], false)) return true;
  }
  return false;
}

std::vector<std::string> single_letters(const NameShape& shape) {
  std::vector<std::string> letters;
  for (const std::string& token : shape.tokens) {
    if (is_initial(token)) letters.push_back(token);
  }
  std::sort(letters.begin(), letters.end());
  return letters;
}

bool letters_differ(const NameShape& a, const NameShape& b) {
  if (a.one_letter && b.one_letter) return a.joined != b.joined;
  return !(a.is_person && b.is_person) && exclude(single_letters(a), single_letters(b));
}

bool symbols_differ(const NameShape& a, const NameShape& b) {
  const auto stands_in = [](const std::string& token, const NameShape& shape) {
    return std::find(shape.tokens.begin(), shape.tokens.end(), token) != shape.tokens.end();
  };
  for (const std::string& x : a.tokens) {
    for (const std::string& y : b.tokens) {
      if (x != y && letters_of(x) == letters_of(y) && !stands_in(x, b) && !stands_in(y, a)) return true;
    }
  }
  return false;
}

// Words of which a name has one or the other. Not in a name of one word: April is
// a person.
bool are_opposites(const NameShape& a, const NameShape& b) {
  using Group = std::vector<std::vector<std::string_view>>;  // spellings of each
  static const std::vector<Group> groups = {
      {{"north", "northern", "nord"}, {"south", "southern", "sud"}, {"east", "eastern", "ost"}, {"west", "western"}},
      {{"left"}, {"right"}},
      {{"upper"}, {"lower"}},
      {{"older", "elder", "oldest", "eldest", "big"}, {"younger", "youngest", "little", "baby"}},
      {{"maternal"}, {"paternal"}},
      {{"former", "ex"}, {"current", "new", "future"}},
      {{"morning", "breakfast"}, {"noon", "lunch"}, {"afternoon"}, {"evening", "dinner"}},
      {{"spring"}, {"summer"}, {"autumn", "fall"}, {"winter"}},
      {{"january", "jan", "januar"}, {"february", "feb", "februar"}, {"march", "mar", "marz"}, {"april", "apr"}, {"may", "mai"},
       {"june", "jun", "juni"}, {"july", "jul", "juli"}, {"august", "aug"}, {"september", "sep", "sept"}, {"october", "oct", "oktober"},
       {"november", "nov"}, {"december", "dec", "dezember"}},
      {{"monday", "mon", "montag"}, {"tuesday", "tue", "dienstag"}, {"wednesday", "wed", "mittwoch"}, {"thursday", "thu", "donnerstag"},
       {"friday", "fri", "freitag"}, {"saturday", "sat", "samstag"}, {"sunday", "sun", "sonntag"}},
      {{"pro"}, {"anti"}},
      {{"import"}, {"export"}},
      {{"indoor"}, {"outdoor"}},
      {{"mens", "men"}, {"womens", "women"}},
      {{"старшая", "старшии"}, {"младшая", "младшии"}},
  };
  if (a.tokens.size() < 2 || b.tokens.size() < 2) return false;
  const auto member_of = [](const Group& group, const NameShape& shape) {
    std::set<std::size_t> members;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const bool has = std::any_of(shape.tokens.begin(), shape.tokens.end(), [&](const std::string& token) {
        return std::find(group[i].begin(), group[i].end(), token) != group[i].end();
      });
      if (has) members.insert(i);
    }
    return members;
  };
  return std::any_of(groups.begin(), groups.end(), [&](const Group& group) {
    const std::set<std::size_t> of_a = member_of(group, a);
    if (of_a.empty()) return false;
    const std::set<std::size_t> of_b = member_of(group, b);
    return !of_b.empty() && std::none_of(of_a.begin(), of_a.end(), [&](std::size_t member) { return of_b.contains(member); });
  });
}

bool swap_roles(const IdentityView& a, const IdentityView& b) {
  const auto parts_of = [](const IdentityView& statement) {
    std::set<std::pair<std::string_view, Key>> all;
    std::multiset<std::string_view> names;
    for (const RoleTarget& role : statement.roles) {
      if (all.emplace(role.role, role.node).second) names.insert(role.role);
    }
    return std::pair{all, names};
  };
  const auto [roles_of_a, names_of_a] = parts_of(a);
  const auto [roles_of_b, names_of_b] = parts_of(b);
  return roles_of_a != roles_of_b && names_of_a == names_of_b && roles_of_a.size() > 1;
}

// A year is any day of it, "--05-08" that day of any year.
bool are_one_date(std::string_view a, std::string_view b) {
  const auto [brief, full] = a.size() < b.size() ? std::pair{a, b} : std::pair{b, a};
  if (brief.starts_with("--")) return full == brief || full.ends_with(brief.substr(1)) || full.size() == 4;
  return full.starts_with(brief) || (full.starts_with("--") && brief.size() == 4);
}

// Both have it, and none in common.
bool attribute_differs(const Prepared& a, const Prepared& b, UniqueAttribute which) {
  bool both = false;
  for (const auto& [attribute, x] : a.unique_attributes) {
    for (const auto& [other, y] : b.unique_attributes) {
      if (attribute != which || other != which) continue;
      if (which == UniqueAttribute::birth_date ? are_one_date(x, y) : x == y) return false;
      both = true;
    }
  }
  return both;
}

struct Kin {
  std::string_view relation, kind;
  char gender;  // 0 where it does not say
};

const Kin* kin(std::string_view relation) {
  static constexpr auto table = std::to_array<Kin>({{"mother", "parent", 'f'},      {"father", "parent", 'm'},      {"parent", "parent", 0},
                                                    {"sister", "sibling", 'f'},     {"brother", "sibling", 'm'},    {"sibling", "sibling", 0},
                                                    {"daughter", "child", 'f'},     {"son", "child", 'm'},          {"child", "child", 0},
                                                    {"grandmother", "grandparent", 'f'}, {"grandfather", "grandparent", 'm'}, {"grandparent", "grandparent", 0},
                                                    {"grandchild", "grandchild", 0}, {"aunt", "aunt or uncle", 'f'}, {"uncle", "aunt or uncle", 'm'},
                                                    {"cousin", "cousin", 0},        {"niece", "niece or nephew", 'f'}, {"nephew", "niece or nephew", 'm'}});
  const auto found = std::find_if(table.begin(), table.end(), [&](const Kin& k) { return k.relation == relation; });
  return found == table.end() ? nullptr : &*found;
}

bool relations_exclude(const IdentityView& a, const IdentityView& b) {
  if (!a.owner || a.owner != b.owner) return false;
  const Kin *x = kin(a.relation), *y = kin(b.relation);
  if (x == nullptr || y == nullptr) return false;
  return x->kind != y->kind || (x->gender != 0 && y->gender != 0 && x->gender != y->gender);
}

bool days_exclude(const Prepared& a, const Prepared& b) {
  return a.days && b.days && (a.days->last < b.days->first || b.days->last < a.days->first);
}

std::optional<std::string_view> veto_on_names(const NameShape& a, const NameShape& b) {
  if (exclude(a.numbers, b.numbers)) return "numbers";
  if (letters_differ(a, b)) return "letters";
  if (symbols_differ(a, b)) return "symbols";
  if (a.title != b.title && a.title != Title::none && b.title != Title::none) return "titles";
  if (are_opposites(a, b)) return "opposites";
  return std::nullopt;
}

// Anna may be Anna Miller and may be Anna Weber, but not both. Names change: who
// has the other as an alias, or the same address, may be one.
bool are_other_persons(const Prepared& a, const Prepared& b) {
  if (!a.is_person || !b.is_person || !is_found_by_name(*a.view) || !is_found_by_name(*b.view)) return false;
  return full_names_exclude(a.shape, b.shape) && !states(a, b) && !states(b, a) && !is_called(a, b) && !is_called(b, a) &&
         !shares_attribute(a, b);
}

std::optional<std::string_view> veto_on_statements(const Prepared& a, const Prepared& b) {
  if (a.view->type != b.view->type) return "type";
  if (a.view->negated != b.view->negated) return "polarity";
  if (days_exclude(a, b)) return "days";
  if (swap_roles(*a.view, *b.view)) return "roles";
  return std::nullopt;
}

std::optional<std::string_view> veto_on_things(const Prepared& a, const Prepared& b, bool said) {
  if (share_one(a.participates_in, b.participates_in)) return "participants";
  if (are_namesakes(*a.view, *b.view)) return "namesakes";
  if (!said && initials_differ(a.shape, b.shape)) return "initials";
  if (attribute_differs(a, b, UniqueAttribute::mail)) return "mail";
  if (attribute_differs(a, b, UniqueAttribute::phone)) return "phone";
  if (attribute_differs(a, b, UniqueAttribute::birth_date)) return "birth date";
  if (relations_exclude(*a.view, *b.view)) return "relation";
  return std::nullopt;
}

// Of two Mums whose name is Helen, each is that of who said so.
bool states_uniquely(const Prepared& identity, const Prepared& other) {
  const bool reaches = !identity.has_conversation_name || share_one(identity.conversations, other.conversations);
  return reaches && !other.has_conversation_name && is_found_by_name(*other.view) &&
         std::any_of(identity.aliases.begin(), identity.aliases.end(), [&](const PreparedAlias& alias) {
    return alias.unique && alias.shape.key == other.view->label_key;
  });
}

bool is_addressed_as(const Prepared& participant, const Prepared& name) {
  const std::vector<Addressed>& addressed = name.view->addressed;
  if (participant.participates_in.empty() || !name.participates_in.empty() || name.conversations.empty()) return false;
  const auto addressed_in = [&](std::int64_t conversation) {
    return std::binary_search(participant.participates_in.begin(), participant.participates_in.end(), conversation) &&
           std::any_of(addressed.begin(), addressed.end(), [&](const Addressed& a) { return a.conversation_id == conversation; });
  };
  // Said elsewhere too, or of another, the name may be somebody else's there.
  return std::all_of(name.conversations.begin(), name.conversations.end(), addressed_in) &&
         std::all_of(addressed.begin(), addressed.end(),
                     [&](const Addressed& a) { return a.addressee == participant.view->key; });
}

}  // namespace

std::optional<std::string_view> veto(const PreparedIdentity& a, const PreparedIdentity& b) {
  if (a.view->key == b.view->key) return std::nullopt;
  if (a.view->is_statement != b.view->is_statement) return "thing against statement";
  const bool said = states(a, b) || states(b, a);
  if (const auto named = a.view->is_statement ? veto_on_statements(a, b) : veto_on_things(a, b, said)) return named;
  if (!said && share_relation(a, b)) return "shared relation";
  if (const auto named = veto_on_names(a.shape, b.shape)) return named;
  return are_other_persons(a, b) ? std::optional<std::string_view>("full names") : std::nullopt;
}

std::optional<RuleVerdict> rule(const PreparedIdentity& a, const PreparedIdentity& b) {
  if (a.view->key == b.view->key) return RuleVerdict{Verdict::same, "equal keys"};
  if (a.view->is_statement || b.view->is_statement) return std::nullopt;
  if (states_uniquely(a, b) || states_uniquely(b, a)) return RuleVerdict{Verdict::same, "stated alias"};
  if (is_addressed_as(a, b) || is_addressed_as(b, a)) {
    return RuleVerdict{Verdict::same, "addressed by short form"};
  }
  return std::nullopt;
}

std::optional<std::string_view> veto(const IdentityView& a, const IdentityView& b) {
  return veto(PreparedIdentity(a), PreparedIdentity(b));
}

std::optional<RuleVerdict> rule(const IdentityView& a, const IdentityView& b) {
  return rule(PreparedIdentity(a), PreparedIdentity(b));
}

}  // namespace kg_batch::graph
