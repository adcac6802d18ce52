// A caller's query as messages.
//
// The query is parsed, run, and turned into plain strings as the caller; nothing
// of the caller's (functions, domains, casts, output functions, views) is
// evaluated after that. Whoever uses this becomes the owner between two pages
// and never within one. It is a single SELECT that only reads, opened through a
// cursor, so a result of any size is taken in pages. A page's rows live in
// memory of their own that goes with the page.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/ingest.h"

namespace kg_batch::extension {

struct QueryRow {
  std::int64_t number = 0;  // from 1
  std::optional<std::string> graph;
  store::IncomingMessage message;
};

struct RejectedRow {
  std::int64_t number = 0;
  std::optional<std::string> graph;
  std::string reason, body;
};

struct QueryPage {
  std::vector<QueryRow> rows;
  std::vector<RejectedRow> rejected;
  bool empty() const { return rows.empty() && rejected.empty(); }
};

// Memory of a page, given back when the next one comes.
class PageMemory {
 public:
  PageMemory();
  void enter();
  void leave();

 private:
  void* context_ = nullptr;
  void* previous_ = nullptr;
};

class QueryRows {
 public:
  // SPI must be connected. Rows that are wrong are an error of the whole, or
  // rejected one by one. Errors name what the query lacks.
  QueryRows(const std::string& query, bool reject_rows);

  // As the caller. An empty page is the end.
  QueryPage next();
  void close();

  bool names_graph() const;
  const std::string& columns_not_read() const { return columns_not_read_; }

 private:
  enum Column { content, role, speaker, conversation, speaker_id, sent_at, message_id, session, reply_to, graph, columns };
  struct Cells;

  void check_single_select(const std::string& query) const;
  void find_columns();
  Cells read_cells(void* tuples, std::uint64_t row) const;
  store::IncomingMessage message_from(const Cells& cells) const;
  void set_queried_content(store::IncomingMessage& message, const Cells& cells) const;

  std::string one_log_;  // key of all rows where there is no column `conversation`
  bool reject_rows_;
  void* portal_ = nullptr;
  int places_[columns] = {};           // attribute numbers, 0 where there is none
  unsigned int types_[columns] = {};   // base types
  std::string columns_not_read_;
  std::int64_t row_ = 0;
  void* tuples_ = nullptr;             // fetched and not handed out yet
  std::uint64_t fetched_ = 0, at_ = 0;
};

}  // namespace kg_batch::extension
