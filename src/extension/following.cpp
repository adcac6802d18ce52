// Following a table: follow and unfollow, the trigger that notes what is written, and
// how it is handed in.
//
// The trigger runs in a writer's transaction, whoever that is and with whatever
// search_path. It looks at the row that it is given, makes text of key columns by
// their types' output functions, and inserts as the owner; nothing else of anybody's is
// evaluated. A worker reads the row itself, later and with the rights of who follows
// the table; so what is handed in is the row as it is then, once for many changes.

#include <set>

#include "backend/as_role.h"
#include "backend/locks.h"
#include "backend/log.h"
#include "backend/plain_text.h"
#include "backend/shared_memory.h"
#include "backend/wake.h"
#include "extension/incoming.h"
#include "extension/intake.h"
#include "extension/query_rows.h"
#include "store/access.h"
#include "store/follow.h"
#include "store/forgetting.h"
#include "store/home.h"
#include "store/rejected.h"

using namespace kg_batch;
using namespace kg_batch::extension;
using backend::backend_call;
using backend::entry_point;
using backend::Error;

namespace {

// Fetching a page: less than what a worker may take without a sign of life. The tests'
// build has less of it, so that a test can wait for it.
#ifdef KG_BATCH_CRASH_POINTS
constexpr int most_ms_of_a_page = 10'000;
#else
constexpr int most_ms_of_a_page = 45'000;
#endif
static_assert(most_ms_of_a_page * 1000LL < backend::hung_after_us);

// ---- follow, unfollow ----

unsigned int source_argument(const Call& call, int argument) {
  if (call.is_null(argument)) throw Error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "argument \"source\" must not be null");
  return DatumGetObjectId(call.info()->args[argument].value);
}

// What would fail for every row fails now.
void try_query(const std::string& query) {
  QueryRows rows(query, true);
  rows.close();
}

// ---- the trigger ----

struct Noted {
  std::int64_t graph_id, follow_id;
  bool deletions;
  const char* message_id;
  const char* conversation;
  std::vector<const char*> columns;
};

Noted noted_by(const Trigger* trigger) {
  Noted noted{};
  noted.graph_id = std::stoll(trigger->tgargs[0]);
  noted.follow_id = std::stoll(trigger->tgargs[1]);
  noted.deletions = trigger->tgargs[2][0] == 't';
  noted.message_id = trigger->tgargs[3];
  noted.conversation = trigger->tgargs[4];
  for (int i = 5; i < trigger->tgnargs; ++i) noted.columns.push_back(trigger->tgargs[i]);
  return noted;
}

class WrittenRow {
 public:
  WrittenRow(Relation relation, HeapTuple tuple) : relation_(relation), tuple_(tuple) {}

  // Nothing for null, and where there is no such column any more.
  std::optional<std::string> text(int attribute) const {
    if (attribute <= 0) return std::nullopt;
    const char* const value = backend_call([&] { return SPI_getvalue(tuple_, RelationGetDescr(relation_), attribute); });
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  bool is_same(int attribute, const WrittenRow& other) const {
    return backend_call([&] {
      const TupleDesc description = RelationGetDescr(relation_);
      const Form_pg_attribute form = TupleDescAttr(description, attribute - 1);
      if (form->attgenerated == 'v') return false;  // it is made when it is read
      bool null, other_null;
      const Datum value = heap_getattr(tuple_, attribute, description, &null);
      const Datum other_value = heap_getattr(other.tuple_, attribute, description, &other_null);
      if (null || other_null) return null == other_null;
      return datumIsEqual(value, other_value, form->attbyval, form->attlen);
    });
  }

 private:
  Relation relation_;
  HeapTuple tuple_;
};

// Places of the primary key's columns; none when there is no such key.
std::vector<int> key_places(Relation relation) {
  struct Places {
    int count = 0;
    int place[INDEX_MAX_KEYS] = {};
  };
  const Places places = backend_call([&] {
    Places found;
    list_free(RelationGetIndexList(relation));
    if (!OidIsValid(relation->rd_pkindex)) return found;
    const Relation index = index_open(relation->rd_pkindex, AccessShareLock);
    for (int i = 0; i < index->rd_index->indnkeyatts; ++i) found.place[found.count++] = index->rd_index->indkey.values[i];
    index_close(index, AccessShareLock);
    return found;
  });
  return {places.place, places.place + places.count};
}

int place_of(Relation relation, const char* column) {
  if (column[0] == '\0') return 0;
  const int place = backend_call([&] { return SPI_fnumber(RelationGetDescr(relation), column); });
  return place > 0 ? place : 0;
}

// A whole table is read where the key cannot be told: it costs more and misses nothing.
std::optional<std::vector<std::string>> key_of(const WrittenRow& row, const std::vector<int>& places) {
  std::vector<std::string> key;
  for (const int place : places) {
    auto part = row.text(place);
    if (!part) return std::nullopt;
    key.push_back(std::move(*part));
  }
  return key.empty() ? std::nullopt : std::optional(std::move(key));
}

bool depends_on_settings(Relation relation, int place) {
  if (place == 0) return false;
  switch (TupleDescAttr(RelationGetDescr(relation), place - 1)->atttypid) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NUMERICOID:
    case UUIDOID: return false;
    default: return true;
  }
}

std::vector<store::NotedChange> changes_of(const TriggerData* data) {
  const Noted noted = noted_by(data->tg_trigger);
  const Relation relation = data->tg_relation;
  const std::vector<int> places = key_places(relation);
  const int message_place = place_of(relation, noted.message_id), conversation_place = place_of(relation, noted.conversation);
  bool settings_matter = noted.deletions && (depends_on_settings(relation, message_place) || depends_on_settings(relation, conversation_place));
  for (const int place : places) settings_matter = settings_matter || depends_on_settings(relation, place);
  // Most keys are of types whose text depends on no setting: this is a third of a row's cost.
  backend::PlainText plain(settings_matter);
  const WrittenRow before(relation, data->tg_trigtuple);
  const bool updated = TRIGGER_FIRED_BY_UPDATE(data->tg_event), deleted = TRIGGER_FIRED_BY_DELETE(data->tg_event);
  std::vector<store::NotedChange> changes;
  const auto is_same_as_before = [&](const WrittenRow& now, int place) { return place == 0 || now.is_same(place, before); };
  const auto note_gone = [&] {
    changes.push_back({noted.graph_id, noted.follow_id, key_of(before, places), before.text(conversation_place), before.text(message_place)});
  };
  if (deleted) {
    note_gone();
    plain.leave();
    return changes;
  }
  const WrittenRow now(relation, updated ? data->tg_newtuple : data->tg_trigtuple);
  if (updated) {
    bool same_key = is_same_as_before(now, message_place) && is_same_as_before(now, conversation_place);
    for (const int place : places) same_key = same_key && is_same_as_before(now, place);
    bool same = same_key && message_place > 0;
    for (const char* const column : noted.columns) {
      const int place = place_of(relation, column);
      same = same && place > 0 && now.is_same(place, before);
    }
    if (same) {
      plain.leave();
      return changes;
    }
    if (!same_key && noted.deletions) note_gone();
  }
  changes.push_back({noted.graph_id, noted.follow_id, key_of(now, places), std::nullopt, std::nullopt});
  plain.leave();
  return changes;
}

// A copy is not to start a worker for each transaction, only to have it leave again.
bool is_welcome() { return store::look_at_home() == store::Home::ours && !store::is_stopped(); }

// Once is enough for the rows of one subtransaction: lock E, which keeps a coordinator
// from leaving, is held as long as it is not rolled back.
bool is_to_ask() {
  static std::uint64_t asked_in = 0;
  static SubTransactionId asked_below = InvalidSubTransactionId;
  const std::uint64_t now = backend_call([] { return U64FromFullTransactionId(GetTopFullTransactionId()); });
  const SubTransactionId below = GetCurrentSubTransactionId();
  if (asked_in == now && asked_below == below) return false;
  asked_in = now;
  asked_below = below;
  return is_welcome();
}

// Writes as the owner, and sees to it that somebody takes it in.
template <typename Write>
void note(Write&& write) {
  const bool coordinator_lives = backend::note_work();
  backend::SpiSession spi;
  backend::AsOwner owner(true);
  write();
  const bool ask = !coordinator_lives && is_to_ask();
  owner.leave();
  spi.finish();
  if (ask) backend::ask_for_coordinator();
}

const TriggerData* trigger_data(FunctionCallInfo info, bool after_row, int arguments) {
  const TriggerData* const data = CALLED_AS_TRIGGER(info) ? reinterpret_cast<const TriggerData*>(info->context) : nullptr;
  if (data == nullptr || (after_row ? !TRIGGER_FIRED_AFTER(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) : !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)) ||
      data->tg_trigger->tgnargs < arguments)
    throw Error(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "this is a function of triggers that kg_batch.follow makes");
  return data;
}

// ---- taking in ----

class TakingIn {
 public:
  explicit TakingIn(const store::Followed& followed)
      : followed_(followed),
        as_follower_(followed.role, most_ms_of_a_page),
        ingest_({followed.graph_id, followed.job_id, followed.priority, false, false}) {}

  void read(const std::string& query) {
    as_follower_.enter();
    QueryRows rows(query, true);
    as_follower_.leave();
    while (true) {
      backend::beat(MyProcPid, 0);
      memory_.enter();
      as_follower_.enter();
      QueryPage page = rows.next();
      as_follower_.leave();
      const bool last = page.empty();
      if (!last) take(page);
      memory_.leave();
      if (last) break;
    }
    rows.close();
  }

  void finish() { ingest_.finish(); }

  // Conversations of what is to be forgotten are locked with those of the page.
  void lock_also(const std::set<std::string>& conversations) { to_forget_in_ = conversations; }
  bool is_there(const std::string& conversation, const std::string& message_id) const { return there_.contains({conversation, message_id}); }

 private:
  void take(QueryPage& page) {
    std::vector<store::IncomingMessage> messages;
    std::set<std::string> conversations = to_forget_in_;
    for (QueryRow& row : page.rows) {
      if (!to_forget_in_.empty()) {
        conversations.insert(row.message.conversation);
        there_.insert({row.message.conversation, row.message.id.value_or("")});
      }
      messages.push_back(std::move(row.message));
    }
    if (!to_forget_in_.empty()) store::lock_conversations(followed_.graph_id, {conversations.begin(), conversations.end()});
    ingest_.take(messages);
    std::vector<store::RejectedInput> rejected;
    for (RejectedRow& row : page.rejected)
      rejected.push_back({followed_.graph_id, followed_.job_id, "row of " + followed_.name, std::move(row.reason), std::move(row.body)});
    store::reject_rows(rejected);
  }

  store::Followed followed_;
  backend::AsRole as_follower_;
  store::Ingest ingest_;
  PageMemory memory_;
  std::set<std::string> to_forget_in_;
  std::set<std::pair<std::string, std::string>> there_;
};

bool take(std::int64_t graph_id, std::int64_t follow_id) {
  const auto followed = store::lock_followed(graph_id, follow_id);
  if (!followed) return false;
  const std::vector<store::Change> changes = store::next_changes(*followed);
  if (changes.empty()) return false;
  std::vector<std::int64_t> ids;
  std::set<std::string> conversations;
  std::vector<std::string> gone;
  for (const store::Change& change : changes) {
    ids.push_back(change.change_id);
    if (!change.gone_message || !change.gone_conversation) continue;
    conversations.insert(*change.gone_conversation);
    gone.push_back(*change.gone_message);
  }
  // The graph before its conversations, as everybody who forgets.
  if (!gone.empty()) backend::lock_exclusive(backend::LockClass::graph, graph_id, backend::LockSpan::transaction);
  std::vector<std::string> queries;
  if (changes.front().whole) {
    queries.push_back(store::query_of_all(graph_id, follow_id));
  } else {
    if (auto query = store::query_of_changes(*followed, ids)) queries.push_back(std::move(*query));
    // The same message may stand in another row now.
    if (!gone.empty() && !followed->key_is_message) queries.push_back(store::query_of_messages(*followed, gone));
  }
  TakingIn taking(*followed);
  taking.lock_also(conversations);
  // What is read must not be older than the changes that were seen.
  backend_call([] { PushActiveSnapshot(GetTransactionSnapshot()); });
  for (const std::string& query : queries) taking.read(query);
  backend_call([] { PopActiveSnapshot(); });
  taking.finish();
  for (const store::Change& change : changes)
    if (change.gone_message && change.gone_conversation && !taking.is_there(*change.gone_conversation, *change.gone_message) &&
        store::is_known(graph_id, *change.gone_conversation, *change.gone_message))
      store::forget_message(graph_id, *change.gone_conversation, *change.gone_message);
  return store::took(*followed, ids);
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(kg_batch_follow);
Datum kg_batch_follow(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    require_utf8();
    store::FollowWish wish;
    wish.source = source_argument(call, 0);
    wish.role = GetUserId();
    int argument = 1;
    for (const char* what : {"content", "speaker", "role", "conversation", "message_id", "speaker_id", "sent_at", "session", "reply_to"})
      if (const auto column = call.text(argument++)) wish.columns[what] = *column;
    wish.existing = call.boolean(10).value_or(true);
    wish.deletions = call.boolean(11).value_or(false);
    const auto job = call.text(12);
    wish.priority = priority_argument(call, 13);
    const std::string graph = call.graph(14);
    const std::string warning = backend::announce_work();
    store::Job target;
    std::string keyed, all;
    std::vector<Attention> attention;
    do_as_owner([&](const OwnerWork&) {
      wish.graph_id = store::graph_for(wish.role, graph, wish.deletions ? store::Right::admin : store::Right::writer);
      target = target_job(wish.role, wish.graph_id, job, false);
      wish.job_id = target.job_id;
      const std::int64_t follow_id = store::follow(wish);
      keyed = store::query_to_try(wish.graph_id, follow_id);
      all = store::query_of_all(wish.graph_id, follow_id);
      attention = what_needs_attention(target);
    });
    backend::SpiSession spi;
    backend_call([] { PushActiveSnapshot(GetTransactionSnapshot()); });
    try_query(keyed);
    try_query(all);
    backend_call([] { PopActiveSnapshot(); });
    spi.finish();
    warn_of_slots(warning);
    tell(attention);
    return call.give(target.job_id);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_unfollow);
Datum kg_batch_unfollow(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    const unsigned int source = source_argument(call, 0);
    const std::string graph = call.graph(1);
    std::int64_t left = 0;
    do_as_owner([&](const OwnerWork& work) { left = store::unfollow(store::graph_for(work.caller(), graph, store::Right::writer), source); });
    if (left > 0)
      backend::report(backend::Level::notice, std::to_string(left) + (left == 1 ? " change was" : " changes were") + " not taken in yet and will not be", "",
                      "CALL kg_batch.wait before unfollow takes in what is there.");
    return call.give(left);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_note_written);
Datum kg_batch_note_written(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    const TriggerData* const data = trigger_data(fcinfo, true, 6);
    const auto changes = changes_of(data);
    if (!changes.empty())
      note([&] {
        for (const store::NotedChange& change : changes) store::note_change(change);
      });
    return PointerGetDatum(nullptr);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_note_truncate);
Datum kg_batch_note_truncate(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    const TriggerData* const data = trigger_data(fcinfo, false, 4);
    const auto* const arguments = data->tg_trigger->tgargs;
    note([&] { store::note_all_gone(RelationGetRelid(data->tg_relation), arguments[0], arguments[1], arguments[2], arguments[3]); });
    return PointerGetDatum(nullptr);
  });
}

PG_FUNCTION_INFO_V1(kg_batch_take_followed);
Datum kg_batch_take_followed(PG_FUNCTION_ARGS) {
  return entry_point([&] {
    Call call(fcinfo);
    OwnerWork work;
    const bool more = take(*call.bigint(0), *call.bigint(1));
    work.done();
    return BoolGetDatum(more);
  });
}

}  // extern "C"
