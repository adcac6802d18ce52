// Entity resolution: which pairs of identities are worth comparing, what rules
// say of a pair, what forbids joining it. What is left is asked of the model.
//
// Everything here is a pure function of the two identities, symmetric, the same
// on every machine, and looks at nothing else: no corpus, no clock, no database.
// A wrong join is believed and a duplicate is seen, so what is unsure is either
// asked or kept apart, and nothing is joined because it looks alike.
//
//   block_keys   what an identity is found by: at most 6 hashes
//   is_candidate a common block and a score of at least `score_floor`
//   veto, rule   what forbids, what says same; a veto is stronger than a rule
//   treatment    the three put together
//
// The joining of what was decided is in graph/joining.h.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/mentions.h"

namespace kg_batch::graph {

// A form and how often it was given.
struct CountedForm {
  std::string form;
  std::int64_t count = 1;
};

// An alias that words of the conversation give ("Robert, whom we all call Bob"),
// or a renaming ("she is Anna Weber now"): graph/naming.h tells them.
struct StatedAlias {
  std::string alias;    // as given
  bool unique = false;  // no third identity of the graph is called so, or has it stated
};

// Somebody was addressed by this name ("Thanks, Ali!"), and the name fits but one
// of those who take part in the conversation: graph/naming.h tells whom.
struct Addressed {
  std::int64_t conversation_id = 0;
  Key addressee{};  // identity of the participant
};

struct RoleTarget {
  std::string role;  // canonical
  Key node{};        // key of the node that plays it, in this round; of the identity where it is alone
};

// All that decisions look at. Lists may come in any order.
struct IdentityView {
  // --- identity ---
  Key key{};
  bool is_statement = false;
  std::string type;        // Entity, Concept, Property; Event, State, Goal
  std::string node_class;  // identity.class; "" for statements
  std::string kind;        // identity.kind: category of a thing, canonical kind of a statement
  std::string label_key;   // identity.label_key
  std::string scope;       // identity.scope
  bool named = false;
  bool negated = false;

  // --- alias, by sort ---
  std::string label;                     // sort 'label': most frequent, then longest, then lowest
  std::vector<CountedForm> aliases;      // sort 'alias'
  std::vector<std::string> attributes;   // sort 'attribute': "key\tvalue"
  std::vector<std::string> starts, ends; // sorts 'start', 'end': "2024-05-08 actual"; looked at for Events

  // --- node_mention (live) with its chunk: DISTINCT conversation_id ---
  // Ids, because nothing but their equality counts. `conversations`: in which it occurs.
  // Of a name that reaches beyond a conversation, those in which it neither takes part
  // nor is addressed may be left out, but for one of them and for all in which a loaded
  // identity occurs whose name reaches no further (has_conversation_name).
  std::vector<std::int64_t> conversations;
  std::vector<std::int64_t> participates_in;  // in which a mention of it has `participant`

  // --- identity.role_keys ---
  // Keys of the statements that it takes part in, of a statement too. Those that no
  // other loaded identity takes part in may be left out.
  std::vector<Key> statements;
  // Of a statement: identity.roles and the nodes of identity.role_keys.
  std::vector<RoleTarget> roles;

  // --- MentionRow::owner and relation of its mentions; the lowest where they differ ---
  std::optional<Key> owner;  // whose it is: key of the owner's node, as with RoleTarget
  std::string relation;      // graph/vocabulary.h, "" without

  // --- node_mention.aliases with the quotes of its facts (fact_source) ---
  std::vector<StatedAlias> stated_aliases;
  std::vector<Addressed> addressed;
};

// --- blocks ---

enum class BlockKind : std::uint8_t {
  name,          // loose key of the label: equal names in any class and scope
  alias,         // loose key of an alias
  token,         // a token that is likely to be rare
  acronym,       // first letters of two and more tokens, three of persons' names
  nickname,      // the name that it is a short form of
  typo,          // half of a name of one token: of one edit, one half stays
  minhash,       // a band of MinHash over a longer label
  address,       // a participant, and what it was addressed by
  owner,         // same owner and relation or kind
  participants,  // of statements: same type, polarity and participants
  attribute,     // a mail address or phone number
};

std::string_view name_of(BlockKind kind);

struct BlockKey {
  std::int64_t key = 0;  // the same for whatever meets, also across kinds: an alias meets a name
  BlockKind kind = BlockKind::name;
  auto operator<=>(const BlockKey&) const = default;
};

inline constexpr std::size_t max_block_keys = 6;

// How common a token is, the higher the more; called with casefolded tokens.
// Without it tokens are told by lists of common words and by their length.
using TokenFrequency = std::function<std::int64_t(std::string_view token)>;

// In order of importance, without repetitions. None for what meets nobody: an
// unnamed thing of nobody.
std::vector<BlockKey> block_keys(const IdentityView& identity, const TokenFrequency& frequency = nullptr);

// --- candidates ---

inline constexpr int score_floor = 600;

// How much the two look like one: 0 to 1000, symmetric.
int score(const IdentityView& a, const IdentityView& b);

// A common block and a score of at least `score_floor`.
bool is_candidate(const IdentityView& a, const IdentityView& b, const TokenFrequency& frequency = nullptr);

// --- what is decided without asking ---

enum class Verdict { same, different };

struct RuleVerdict {
  Verdict verdict = Verdict::same;
  std::string_view name;  // stored with the decision: never renamed
};

// What says same: "equal keys", "stated alias", "addressed by short form".
std::optional<RuleVerdict> rule(const IdentityView& a, const IdentityView& b);

// What forbids joining, by its name: stored with the decision and shown, never
// renamed. A stated alias lifts "initials" and "shared relation".
//   "thing against statement"  "type"  "polarity"
//   "participants"         distinct ones of one conversation
//   "namesakes"            told apart under one name by one answer or conversation
//   "shared relation"      both take part in one statement, or one in the other
//   "numbers"              other digits, versions, ordinals, Jr. and Sr.
//   "initials"             "Mike S." and "Mike W.", "Mike S." and "Mike Winter"
//   "full names"           "Anna Miller" and "Anna Weber", without an alias or address in common
//   "letters"              "Plan A" and "Plan B"
//   "symbols"              "C" and "C++" and "C#"
//   "titles"               Mr. and Mrs.
//   "opposites"            north and south, older and younger, March and May
//   "days"                 Events on disjoint days
//   "roles"                the same participants in each other's roles
//   "mail" "phone" "birth date"   differ
//   "relation"             brother and sister of one owner
std::optional<std::string_view> veto(const IdentityView& a, const IdentityView& b);

enum class Treatment {
  apart,  // no candidate
  veto,
  rule,
  model,  // a candidate of which nobody has said anything
};

// `near`: embeddings of what they are called are alike (graph/embedding_text.h). That
// makes them a candidate for a model, and for no rule.
Treatment treatment(const IdentityView& a, const IdentityView& b, const TokenFrequency& frequency = nullptr, bool near = false);

}  // namespace kg_batch::graph
