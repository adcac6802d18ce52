#include "graph/prepared_identity.h"

#include <algorithm>
#include <array>
#include <optional>

#include "graph/keys.h"
#include "graph/naming.h"

namespace kg_batch::graph {
namespace {

constexpr std::size_t most_aliases = 8;

std::optional<UniqueAttribute> unique_attribute(std::string_view name) {
  const std::string key = name_key(name);
  const auto is_one = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  if (is_one({"mail", "email", "e mail", "email address", "e mail address", "mail address", "mailadresse", "correo"})) {
    return UniqueAttribute::mail;
  }
  if (is_one({"phone", "phone number", "telephone", "telephone number", "mobile", "mobile number", "mobile phone", "tel",
              "cell", "cell phone", "telefon", "telefonnummer", "handynummer", "handy"})) {
    return UniqueAttribute::phone;
  }
  if (is_one({"birth date", "birthdate", "birthday", "date of birth", "born", "dob", "geburtsdatum", "geburtstag",
              "fecha de nacimiento", "date de naissance"})) {
    return UniqueAttribute::birth_date;
  }
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// YYYY-MM-DD and shorter as it stands, "--MM-DD" and "8 May 1990" as that;
// nothing for what is written otherwise.
std::string birth_date_of(std::string_view value) {
  constexpr auto months = std::to_array<std::string_view>(
      {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
  const std::string key = name_key(value);
  const bool iso = key.size() >= 4 && key.size() <= 10 && std::all_of(key.begin(), key.end(), [](char c) {
    return is_digit(c) || c == '-';
  });
  if (iso) return key;
  std::string year, month, day;
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t end = std::min(key.find_first_of(" ,.", at), key.size());
    const std::string word = key.substr(at, end - at);
    at = end + 1;
    const auto digits = static_cast<std::size_t>(std::count_if(word.begin(), word.end(), is_digit));
    const auto named = std::find_if(months.begin(), months.end(), [&](std::string_view m) { return word.starts_with(m); });
    if (digits == 4) year = word;
    if (digits == 1 || digits == 2) day = (digits == 1 ? "0" : "") + word.substr(0, digits);
    if (digits == 0 && named != months.end()) {
      const auto number = static_cast<int>(named - months.begin()) + 1;
      month = (number < 10 ? "0" : "") + std::to_string(number);
    }
  }
  if (month.empty()) return year;
  return (year.empty() ? "-" : year) + "-" + month + (day.empty() ? "" : "-" + day);
}

std::string compared(UniqueAttribute attribute, std::string_view value) {
  switch (attribute) {
    case UniqueAttribute::phone: {
      std::string digits;
      std::copy_if(value.begin(), value.end(), std::back_inserter(digits), is_digit);
      constexpr std::size_t without_country = 9;  // +44 20 7946 0958 is 020 7946 0958
      if (digits.size() < 6) return "";
      return digits.size() > without_country ? digits.substr(digits.size() - without_country) : digits;
    }
    case UniqueAttribute::birth_date:
      return birth_date_of(value);
    case UniqueAttribute::mail:
      break;
  }
  return value.find('@') == std::string_view::npos ? "" : name_key(value);
}

int days_in(int year, int month) {
  constexpr auto days = std::to_array({31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31});
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

// The days of "2024-05 inferred"; nothing for guesses and what is no date.
std::optional<DayRange> range_of(std::string_view value) {
  const std::size_t space = value.find(' ');
  const std::string_view date = value.substr(0, std::min({space, value.find('T'), value.size()}));
  if (space != std::string_view::npos && value.substr(space + 1) == "estimated") return std::nullopt;
  const bool digits = std::all_of(date.begin(), date.end(), [](char c) { return is_digit(c) || c == '-'; });
  if (!digits || (date.size() != 4 && date.size() != 7 && date.size() != 10)) return std::nullopt;
  DayRange range{std::string(date), std::string(date)};
  if (date.size() == 4) {
    range = {range.first + "-01", range.last + "-12"};
  }
  if (date.size() < 10) {
    const int year = std::stoi(range.last.substr(0, 4)), month = std::stoi(range.last.substr(5, 2));
    if (month < 1 || month > 12) return std::nullopt;
    range = {range.first + "-01", range.last + "-" + std::to_string(days_in(year, month))};
  }
  return range;
}

// From the first to the last day that any of its dates leaves open. An Event
// without an end is over when it began, as far as that is known.
std::optional<DayRange> days_of(const IdentityView& identity) {
  if (identity.type != "Event") return std::nullopt;
  std::optional<DayRange> days;
  for (const std::vector<std::string>* dates : {&identity.starts, &identity.ends}) {
    for (const std::string& date : *dates) {
      const std::optional<DayRange> range = range_of(date);
      if (!range) continue;
      if (!days) days = range;
      days->first = std::min(days->first, range->first);
      days->last = std::max(days->last, range->last);
    }
  }
  return days;
}

template <typename T>
std::vector<T> sorted(std::vector<T> list) {
  if (!std::is_sorted(list.begin(), list.end())) std::sort(list.begin(), list.end());
  return list;
}

std::vector<PreparedAlias> aliases_of(const IdentityView& identity, bool is_person) {
  std::vector<CountedForm> forms;
  for (const StatedAlias& stated : identity.stated_aliases) forms.push_back({stated.alias, -1});
  std::vector<CountedForm> counted = identity.aliases;
  std::sort(counted.begin(), counted.end(), [](const CountedForm& a, const CountedForm& b) {
    return a.count != b.count ? a.count > b.count : a.form < b.form;
  });
  std::sort(forms.begin(), forms.end(), [](const CountedForm& a, const CountedForm& b) { return a.form < b.form; });
  forms.insert(forms.end(), counted.begin(), counted.end());

  std::vector<PreparedAlias> aliases;
  for (const CountedForm& form : forms) {
    if (aliases.size() == most_aliases) break;
    std::string key = name_key(form.form);
    const bool known = std::any_of(aliases.begin(), aliases.end(), [&](const PreparedAlias& a) { return a.shape.key == key; });
    if (known || key == identity.label_key) continue;
    PreparedAlias alias;
    alias.stated = form.count < 0;
    alias.unique = alias.stated && std::any_of(identity.stated_aliases.begin(), identity.stated_aliases.end(),
                                               [&](const StatedAlias& s) { return s.unique && name_key(s.alias) == key; });
    if (is_person && is_conversation_name(form.form)) continue;  // "Mum" of everybody's mother
    alias.shape = name_shape(key, is_person);
    alias.tells = !(alias.shape.one_letter && !alias.stated) && !is_short_form(key, identity.label_key);
    aliases.push_back(std::move(alias));
  }
  return aliases;
}

}  // namespace

bool is_found_by_name(const IdentityView& identity) {
  return !identity.is_statement && (identity.named || identity.type == "Concept" || !identity.participates_in.empty());
}

bool has_conversation_name(const IdentityView& identity) {
  return !identity.is_statement && (identity.node_class == "person" || identity.node_class == "other") && is_conversation_name(identity.label_key);
}

bool is_kin(std::string_view relation) {
  constexpr auto others = std::to_array<std::string_view>({"", "pet", "dog", "cat", "home", "car", "other"});
  return std::find(others.begin(), others.end(), relation) == others.end();
}

std::string_view owned_as(const IdentityView& identity) {
  return is_kin(identity.relation) ? std::string_view(identity.relation) : std::string_view(identity.kind);
}

PreparedIdentity::PreparedIdentity(const IdentityView& identity)
    : view(&identity),
      is_person(identity.node_class == "person"),
      statements(sorted(identity.statements)),
      conversations(sorted(identity.conversations)),
      participates_in(sorted(identity.participates_in)) {
  // "person" and "animal" are taken for each other, and both have given names.
  const bool has_given_name = is_person || identity.node_class == "animal";
  shape = name_shape(identity.label_key, has_given_name);
  if (identity.is_statement) {
    days = days_of(identity);
    return;
  }
  has_conversation_name = graph::has_conversation_name(identity);
  if (!identity.aliases.empty() || !identity.stated_aliases.empty()) {
    aliases = aliases_of(identity, has_given_name);
  }
  for (const std::string& attribute : identity.attributes) {
    const std::size_t tab = attribute.find('\t');
    if (tab == std::string::npos) continue;
    const std::optional<UniqueAttribute> which = unique_attribute(std::string_view(attribute).substr(0, tab));
    if (!which) continue;
    std::string value = compared(*which, std::string_view(attribute).substr(tab + 1));
    if (!value.empty()) unique_attributes.emplace_back(*which, std::move(value));
  }
  std::sort(unique_attributes.begin(), unique_attributes.end());
}

bool states(const PreparedIdentity& identity, const PreparedIdentity& other) {
  return std::any_of(identity.aliases.begin(), identity.aliases.end(), [&](const PreparedAlias& alias) {
    return alias.stated && alias.shape.key == other.view->label_key;
  });
}

}  // namespace kg_batch::graph
