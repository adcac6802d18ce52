#include "extension/query_rows.h"

#include <nlohmann/json.hpp>

#include "backend/bridge.h"
#include "extension/incoming.h"
#include "openai/json_text.h"

namespace kg_batch::extension {

using backend::backend_call;
using backend::Error;
using store::IncomingMessage;

namespace {

constexpr long rows_fetched_at_once = 1'000;
constexpr std::size_t most_bytes_of_a_page = 32 << 20;
constexpr std::size_t most_characters_of_body = 2'000;

constexpr const char* column_names[] = {"content",    "role",    "speaker",  "conversation", "speaker_id",
                                        "sent_at",    "message_id", "session", "reply_to", "graph"};

[[noreturn]] void not_a_single_select(const std::string& detail) {
  throw Error(ERRCODE_INVALID_PARAMETER_VALUE, "query must be a single SELECT that only reads", detail,
              "Put what writes or locks into statements of its own.");
}

}  // namespace

// One row as text, in the backend's memory until the next row is read.
struct QueryRows::Cells {
  const char* text[columns];  // null for a null or missing column
  std::size_t sizes[columns];
  bool has_time;
  TimestampTz time;
};

PageMemory::PageMemory() {
  context_ = backend_call([] { return AllocSetContextCreate(CurrentMemoryContext, "kg_batch page of a query", ALLOCSET_DEFAULT_SIZES); });
}

void PageMemory::enter() {
  backend_call([&] { previous_ = MemoryContextSwitchTo(static_cast<MemoryContext>(context_)); });
}

void PageMemory::leave() {
  backend_call([&] {
    MemoryContextSwitchTo(static_cast<MemoryContext>(previous_));
    MemoryContextReset(static_cast<MemoryContext>(context_));
  });
}

QueryRows::QueryRows(const std::string& query, bool reject_rows) : reject_rows_(reject_rows) {
  check_single_select(query);
  one_log_ = key_of_content("q:", query);
  try {
    portal_ = backend_call([&] {
      const SPIPlanPtr plan = SPI_prepare_cursor(query.c_str(), 0, nullptr, CURSOR_OPT_NO_SCROLL);
      if (plan == nullptr) elog(ERROR, "could not prepare the query: %s", SPI_result_code_string(SPI_result));
      return SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
    });
  } catch (const Error& error) {
    // Row locks below the top level are found by the planner only.
    if (error.sqlstate() == ERRCODE_FEATURE_NOT_SUPPORTED && error.message().find("non-volatile function") != std::string::npos)
      not_a_single_select("It locks rows.");
    throw;
  }
  find_columns();
}

// Told by the parser, before any of it runs. A read-only cursor is the second fence.
void QueryRows::check_single_select(const std::string& query) const {
  struct Verdict {
    int statements = 1;
    bool selects = false, writes = false, locks = false;
    const char* command = "";
  };
  const Verdict verdict = backend_call([&] {
    Verdict seen;
    List* const statements = raw_parser(query.c_str(), RAW_PARSE_DEFAULT);
    seen.statements = list_length(statements);
    if (seen.statements != 1) return seen;
    RawStmt* const statement = linitial_node(RawStmt, statements);
    seen.command = GetCommandTagName(CreateCommandTag(statement->stmt));
    if (!IsA(statement->stmt, SelectStmt)) return seen;
    const Query* const analyzed = parse_analyze_fixedparams(statement, query.c_str(), nullptr, 0, nullptr);
    seen.selects = analyzed->commandType == CMD_SELECT;
    seen.writes = analyzed->hasModifyingCTE;
    seen.locks = analyzed->rowMarks != NIL;
    if (!seen.selects) seen.command = "SELECT INTO";
    return seen;
  });
  if (verdict.statements != 1) not_a_single_select("It has " + std::to_string(verdict.statements) + " statements.");
  if (!verdict.selects) not_a_single_select(std::string("It is of the kind ") + verdict.command + ".");
  if (verdict.writes) not_a_single_select("A WITH clause of it writes.");
  if (verdict.locks) not_a_single_select("It locks rows.");
}

void QueryRows::find_columns() {
  const TupleDesc description = static_cast<Portal>(portal_)->tupDesc;
  std::string all;
  for (int i = 0; i < description->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(description, i);
    const std::string name = NameStr(attribute->attname);
    all += (all.empty() ? "" : ", ") + name;
    bool known = false;
    for (int column = 0; column < columns; ++column)
      if (places_[column] == 0 && name == column_names[column]) {
        places_[column] = i + 1;
        types_[column] = backend_call([&] { return getBaseType(attribute->atttypid); });
        known = true;
      }
    if (!known) columns_not_read_ += (columns_not_read_.empty() ? "" : ", ") + name;
  }
  const bool no_speaker = places_[role] == 0 && places_[speaker] == 0;
  if (places_[content] != 0 && !no_speaker) return;
  throw Error(ERRCODE_UNDEFINED_COLUMN,
              places_[content] == 0 ? "query has no column \"content\"" : "query has neither a column \"role\" nor \"speaker\"",
              all.empty() ? "It has no columns." : "It has " + all + ".",
              "Needed are content and role or speaker; conversation, speaker_id, sent_at, message_id, session, reply_to and graph are "
              "read where they are there. Name columns with AS.");
}

bool QueryRows::names_graph() const { return places_[graph] != 0; }

QueryPage QueryRows::next() {
  if (at_ == fetched_) {
    const auto result = backend_call([&] {
      if (tuples_ != nullptr) SPI_freetuptable(static_cast<SPITupleTable*>(tuples_));
      SPI_cursor_fetch(static_cast<Portal>(portal_), true, rows_fetched_at_once);
      SPITupleTable* const table = SPI_tuptable;
      SPI_tuptable = nullptr;  // ours: statements that follow free what they find there
      return table;
    });
    tuples_ = result;
    fetched_ = SPI_processed;
    at_ = 0;
  }
  QueryPage page;
  std::size_t bytes = 0;
  for (; at_ < fetched_ && bytes < most_bytes_of_a_page; ++at_) {
    ++row_;
    const Cells cells = read_cells(tuples_, at_);
    std::optional<std::string> graph_name;
    if (cells.text[graph] != nullptr) graph_name = cells.text[graph];
    try {
      QueryRow row;
      row.number = row_;
      row.graph = graph_name;
      row.message = message_from(cells);
      bytes += row.message.content.size() + 200;
      page.rows.push_back(std::move(row));
    } catch (const BadMessage& bad) {
      if (!reject_rows_) refuse("row " + std::to_string(row_), bad);
      nlohmann::ordered_json body = nlohmann::ordered_json::object();
      for (int column = 0; column < columns; ++column)
        if (cells.text[column] != nullptr)
          body[column_names[column]] = openai::short_text({cells.text[column], cells.sizes[column]}, most_characters_of_body);
      page.rejected.push_back({row_, graph_name, bad.what + (bad.detail.empty() ? "" : ": " + bad.detail), body.dump()});
    }
  }
  return page;
}

void QueryRows::close() {
  backend_call([&] { SPI_cursor_close(static_cast<Portal>(portal_)); });
}

// Every value by its type's output function, which may be the caller's own.
// Times are taken as such: their text depends on settings that lose the zone.
QueryRows::Cells QueryRows::read_cells(void* tuples, std::uint64_t row) const {
  return backend_call([&] {
    Cells cells = {};
    const SPITupleTable* const table = static_cast<const SPITupleTable*>(tuples);
    const HeapTuple tuple = table->vals[row];
    for (int column = 0; column < columns; ++column) {
      if (places_[column] == 0) continue;
      bool null;
      const Datum value = SPI_getbinval(tuple, table->tupdesc, places_[column], &null);
      if (null) continue;
      if (column == sent_at && (types_[column] == TIMESTAMPTZOID || types_[column] == TIMESTAMPOID || types_[column] == DATEOID)) {
        cells.has_time = true;
        cells.time = types_[column] == TIMESTAMPTZOID ? DatumGetTimestampTz(value)
                     : types_[column] == TIMESTAMPOID ? DatumGetTimestampTz(DirectFunctionCall1(timestamp_timestamptz, value))
                                                      : DatumGetTimestampTz(DirectFunctionCall1(date_timestamptz, value));
      }
      if (column == content && types_[column] == BYTEAOID) {
        const varlena* const bytes = pg_detoast_datum_packed(reinterpret_cast<varlena*>(DatumGetPointer(value)));
        cells.text[column] = VARDATA_ANY(bytes);
        cells.sizes[column] = VARSIZE_ANY_EXHDR(bytes);
        continue;
      }
      cells.text[column] = SPI_getvalue(tuple, table->tupdesc, places_[column]);
      cells.sizes[column] = std::strlen(cells.text[column]);
    }
    return cells;
  });
}

// An empty text is as good as none in all columns but `content`.
IncomingMessage QueryRows::message_from(const Cells& cells) const {
  IncomingMessage message;
  const auto text_of = [&](Column column) -> std::optional<std::string> {
    if (cells.text[column] == nullptr || cells.sizes[column] == 0) return std::nullopt;
    return openai::sanitize_utf8({cells.text[column], cells.sizes[column]}, &message.repaired);
  };
  const auto key_of = [&](Column column) {
    auto key = text_of(column);
    if (key) check_key(*key, column_names[column]);
    return key;
  };
  set_role(message, text_of(role), text_of(speaker));
  message.conversation = one_log_;
  if (places_[conversation] != 0) {
    const auto key = key_of(conversation);
    if (!key)
      throw BadMessage{ERRCODE_NULL_VALUE_NOT_ALLOWED, "\"conversation\" is empty", "",
                       "It tells conversations apart; without the column all rows are one."};
    message.conversation = *key;
  }
  message.speaker_id = key_of(speaker_id).value_or("");
  message.id = key_of(message_id);
  message.session = text_of(session);
  message.reply_to = text_of(reply_to);
  if (cells.has_time)
    message.sent_at_us = time_from_timestamp(cells.time, "sent_at", cells.text[sent_at]);
  else if (const auto time = text_of(sent_at))
    message.sent_at_us = time_from_text(*time, "sent_at");
  set_queried_content(message, cells);
  finish_message(message);
  return message;
}

void QueryRows::set_queried_content(IncomingMessage& message, const Cells& cells) const {
  if (cells.text[content] == nullptr) return;
  const std::string_view text(cells.text[content], cells.sizes[content]);
  if (types_[content] != JSONOID && types_[content] != JSONBOID) {
    message.content = openai::sanitize_utf8(text, &message.repaired);
    return;
  }
  const auto parsed = openai::parse_untrusted(text);
  if (!parsed) throw BadMessage{ERRCODE_INVALID_PARAMETER_VALUE, "\"content\" is JSON that cannot be read", "", ""};
  message.repaired += parsed->replaced;
  if (!parsed->value.is_null()) set_content(message, nlohmann::json(parsed->value));
}

}  // namespace kg_batch::extension
