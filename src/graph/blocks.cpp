// Block keys. A pair is compared only where both have one in common, so each kind
// stands for a way in which names of one thing differ. What a kind must never do
// is bring together what has merely a common word in common: hence at most two
// tokens, the likely rare ones, and no numbers.
//
//   name      Müller, Dr. Muller, Smith John     the loose form of the label
//   alias     Bob to Robert's Bob                of the stated, then the most frequent aliases
//   token     Anna Lindqvist, Lindqvist          of persons the last and the first one
//   acronym   New York City, NYC                 meets a name, so hashed as one
//   nickname  Bob, Robert                        number of the group in name_shape.cpp
//   typo      Micheal, Michael                   of names of one token: both halves
//   minhash   long titles                        three bands of two rows over trigrams
//   address   who was addressed by a short form
//   owner     Anna's sister, Anna's dog
//   participants, attribute
//
// One typo in a name of several tokens needs no key: the other tokens stay. In a
// name of one, an edit leaves the first or the last half as it is; a name of an
// even number of letters has the halves of the next shorter one too, so whatever
// is one edit apart meets.

#include <algorithm>
#include <array>
#include <limits>

#include "graph/content_key.h"
#include "graph/prepared_identity.h"

namespace kg_batch::graph {
namespace {

// FNV-1a, then mixed: short texts differ in the low bits alone otherwise.
class BlockHash {
 public:
  explicit BlockHash(std::string_view domain) { add(domain); }

  BlockHash& add(std::string_view part) {
    for (const char c : part) step(static_cast<unsigned char>(c));
    step(0x1F);
    return *this;
  }

  std::uint64_t bits() const {
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::int64_t key() const { return static_cast<std::int64_t>(bits()); }

 private:
  void step(unsigned char byte) { state_ = (state_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

class Keys {
 public:
  void add(BlockKind kind, std::int64_t key) {
    if (full() || std::any_of(keys_.begin(), keys_.end(), [&](const BlockKey& k) { return k.key == key; })) return;
    keys_.push_back({key, kind});
  }
  void add_name(BlockKind kind, std::string_view loose) { add(kind, BlockHash("name").add(loose).key()); }
  bool full() const { return keys_.size() >= max_block_keys; }
  std::vector<BlockKey> take() { return std::move(keys_); }

 private:
  std::vector<BlockKey> keys_;
};

bool is_rare(std::string_view token) {
  const bool has_letter = std::any_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80) != 0;
  });
  return has_letter && !is_initial(token) && !is_common_word(token);
}

// The likely rare tokens: of persons surname and given name; else the least
// frequent, or without knowing that the longest.
void add_tokens(Keys& keys, const NameShape& shape, const TokenFrequency& frequency) {
  std::vector<std::string_view> tokens;
  for (const std::string& token : shape.tokens) {
    if (is_rare(token)) tokens.push_back(token);
  }
  if (tokens.empty()) return;
  if (!shape.is_person || frequency != nullptr) {
    const auto common = [&](std::string_view token) {
      return frequency ? frequency(token) : -static_cast<std::int64_t>(length_of(token));
    };
    std::stable_sort(tokens.begin(), tokens.end(), [&](std::string_view a, std::string_view b) {
      const std::int64_t of_a = common(a), of_b = common(b);
      return of_a != of_b ? of_a < of_b : a < b;
    });
    keys.add_name(BlockKind::token, tokens.front());
    if (tokens.size() > 1) keys.add_name(BlockKind::token, tokens[1]);
    return;
  }
  keys.add_name(BlockKind::token, tokens.back());
  keys.add_name(BlockKind::token, tokens.front());
}

void add_nicknames(Keys& keys, const NameShape& shape) {
  constexpr std::size_t most = 3;
  const std::vector<std::uint16_t>& groups = given_name_groups(shape.tokens.front());
  for (std::size_t i = 0; i < std::min(groups.size(), most); ++i) {
    keys.add(BlockKind::nickname, BlockHash("nickname").add(given_name_of(groups[i])).key());
  }
}

void add_acronym(Keys& keys, const NameShape& shape) {
  if (shape.tokens.size() < (shape.is_person ? 3 : 2)) return;
  std::string acronym;
  for (const std::string& token : shape.tokens) {
    acronym += token.substr(0, character_starts(token)[1]);
  }
  keys.add_name(BlockKind::acronym, acronym);
}

void add_halves(Keys& keys, std::string_view token) {
  const std::vector<std::size_t> starts = character_starts(token);
  const std::size_t length = starts.size() - 1;
  if (length < 4 || is_han(token)) return;
  const auto add = [&](std::size_t half) {
    if (half < 2) return;
    const std::string size = std::to_string(half);
    keys.add(BlockKind::typo, BlockHash("typo front").add(size).add(token.substr(0, starts[half])).key());
    keys.add(BlockKind::typo, BlockHash("typo back").add(size).add(token.substr(starts[length - half])).key());
  };
  add(length / 2);
  if (length % 2 == 0) add(length / 2 - 1);
}

void add_bands(Keys& keys, const NameShape& shape) {
  constexpr std::size_t rows = 6;
  const std::vector<std::size_t> starts = character_starts(shape.sorted);
  std::array<std::uint64_t, rows> least;
  least.fill(std::numeric_limits<std::uint64_t>::max());
  for (std::size_t i = 0; i + 3 < starts.size(); ++i) {
    const std::uint64_t gram =
        BlockHash("gram").add(std::string_view(shape.sorted).substr(starts[i], starts[i + 3] - starts[i])).bits();
    for (std::size_t row = 0; row < rows; ++row) {
      std::uint64_t x = gram ^ (0x9e3779b97f4a7c15ULL * (row + 1));  // another order of all trigrams
      x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
      least[row] = std::min(least[row], x ^ (x >> 32));
    }
  }
  for (std::size_t row = 0; row < rows; row += 2) {
    keys.add(BlockKind::minhash, BlockHash("band")
                                     .add(std::to_string(row))
                                     .add(std::to_string(least[row]))
                                     .add(std::to_string(least[row + 1]))
                                     .key());
  }
}

void add_names(Keys& keys, const PreparedIdentity& identity, const TokenFrequency& frequency) {
  const NameShape& shape = identity.shape;
  // What has no name can still have been given one: my sister, called Eva.
  const bool reaches = !identity.has_conversation_name && is_found_by_name(*identity.view);
  if (reaches) keys.add_name(BlockKind::name, shape.sorted);
  for (const PreparedAlias& alias : identity.aliases) {
    if (alias.stated) keys.add_name(BlockKind::alias, alias.shape.sorted);
  }
  const IdentityView& view = *identity.view;
  if (!view.participates_in.empty()) keys.add(BlockKind::address, BlockHash("address").add(bytes_of(view.key)).key());
  for (const Addressed& addressed : view.addressed) {
    keys.add(BlockKind::address, BlockHash("address").add(bytes_of(addressed.addressee)).key());
  }
  for (const auto& [attribute, value] : identity.unique_attributes) {
    if (attribute != UniqueAttribute::birth_date) {
      keys.add(BlockKind::attribute, BlockHash("attribute").add(value).key());
    }
  }
  constexpr std::size_t most_aliases = 2;
  for (std::size_t i = 0; i < std::min(most_aliases, identity.aliases.size()); ++i) {
    const NameShape& alias = identity.aliases[i].shape;
    if (!alias.one_letter) keys.add_name(BlockKind::alias, alias.sorted);
  }
  if (!reaches || shape.one_letter) return;
  if (shape.tokens.size() >= 4 && !shape.is_person) {
    add_acronym(keys, shape);
    add_bands(keys, shape);
    add_tokens(keys, shape, frequency);
    return;
  }
  if (shape.tokens.size() > 1) {
    add_tokens(keys, shape, frequency);
    if (shape.is_person) add_nicknames(keys, shape);
    add_acronym(keys, shape);
    keys.add_name(BlockKind::name, shape.joined);
    return;
  }
  if (shape.is_person) {
    add_nicknames(keys, shape);
    // 小明 of 王小明
    if (is_han(shape.joined) && length_of(shape.joined) == 3) {
      keys.add_name(BlockKind::token, std::string_view(shape.joined).substr(character_starts(shape.joined)[1]));
    }
  }
  add_halves(keys, shape.joined);
}

// When an Event takes place, as far as two may be one by it.
std::vector<std::string> dates_or_scope(const IdentityView& event) {
  constexpr std::size_t most_dates = 2;
  std::vector<std::string> dates;
  for (const std::string& start : event.starts) {
    if (start.ends_with(" estimated")) continue;
    std::string date = start.substr(0, std::min({start.find(' '), start.find('T'), start.size()}));
    if (std::find(dates.begin(), dates.end(), date) == dates.end()) dates.push_back(std::move(date));
  }
  std::sort(dates.begin(), dates.end());
  if (dates.size() > most_dates) dates.resize(most_dates);
  // A day meets the month that somebody else gave.
  constexpr std::size_t of_month = std::string_view("YYYY-MM").size();
  for (const std::string& date : dates) {
    if (date.size() <= of_month) continue;
    dates.push_back(date.substr(0, of_month));
    break;
  }
  if (dates.empty()) dates.push_back("scope\x1f" + event.scope);
  return dates;
}

void add_participants(Keys& keys, const IdentityView& statement) {
  std::vector<Key> nodes;
  for (const RoleTarget& role : statement.roles) nodes.push_back(role.node);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  if (nodes.empty()) return;
  BlockHash hash("participants");
  hash.add(statement.type).add(statement.negated ? "negated" : "");
  for (const Key& node : nodes) hash.add(bytes_of(node));
  // Of one participant many things are said: the kind or the label has to be the same.
  std::vector<std::string> said = {""};
  if (nodes.size() == 1) said = {"kind\x1f" + statement.kind, "label\x1f" + statement.label_key};
  // What takes place does so every week: on the same date, as it was given, or within one segment.
  std::vector<std::string> when = {""};
  if (statement.type == "Event") when = dates_or_scope(statement);
  for (const std::string& what : said) {
    for (const std::string& date : when) keys.add(BlockKind::participants, BlockHash(hash).add(what).add(date).key());
  }
}

}  // namespace

std::string_view name_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::name: return "name";
    case BlockKind::alias: return "alias";
    case BlockKind::token: return "token";
    case BlockKind::acronym: return "acronym";
    case BlockKind::nickname: return "nickname";
    case BlockKind::typo: return "typo";
    case BlockKind::minhash: return "minhash";
    case BlockKind::address: return "address";
    case BlockKind::owner: return "owner";
    case BlockKind::participants: return "participants";
    case BlockKind::attribute: return "attribute";
  }
  return "";
}

std::vector<BlockKey> block_keys(const PreparedIdentity& identity, const TokenFrequency& frequency) {
  const IdentityView& view = *identity.view;
  Keys keys;
  if (view.is_statement) {
    add_participants(keys, view);
    return keys.take();
  }
  if (view.owner) {
    keys.add(BlockKind::owner, BlockHash("owner").add(bytes_of(*view.owner)).add(owned_as(view)).key());
  }
  add_names(keys, identity, frequency);
  return keys.take();
}

std::vector<BlockKey> block_keys(const IdentityView& identity, const TokenFrequency& frequency) {
  return block_keys(PreparedIdentity(identity), frequency);
}

}  // namespace kg_batch::graph
