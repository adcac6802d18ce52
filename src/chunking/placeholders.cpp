#include "chunking/placeholders.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>

#include "chunking/characters.h"
#include "chunking/located_sentences.h"
#include "chunking/sentences.h"

namespace kg_batch::chunking {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_base64(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

std::size_t run_length(std::string_view text, std::size_t start) {
  std::size_t end = start;
  while (end < text.size() && text[end] == text[start]) {
    ++end;
  }
  return end - start;
}

// Runs of one fence character, three or more long, one after the other.
// Remembers the longest run asked for that has no end, so that a text full of
// opening fences is not searched again for each.
class Fences {
 public:
  Fences(std::string_view text, char mark) : text_(text), mark_(mark) {}

  // The first run at or behind `position`; its start is npos when there is none.
  struct Run {
    std::size_t start = std::string_view::npos;
    std::size_t length = 0;
  };
  Run next(std::size_t position) const {
    const std::string three(3, mark_);
    const std::size_t start = text_.find(three, position);
    if (start == std::string_view::npos) {
      return {};
    }
    return {start, run_length(text_, start)};
  }

  Run closing(const Run& opening) {
    if (opening.length >= without_end_) {
      return {};
    }
    Run run = next(opening.start + opening.length);
    while (run.start != std::string_view::npos && run.length < opening.length) {
      run = next(run.start + run.length);
    }
    if (run.start == std::string_view::npos) {
      without_end_ = opening.length;
    }
    return run;
  }

 private:
  std::string_view text_;
  char mark_;
  std::size_t without_end_ = std::numeric_limits<std::size_t>::max();
};

bool begins_line(std::string_view text, std::size_t position) {
  while (position > 0 && (text[position - 1] == ' ' || text[position - 1] == '\t')) {
    --position;
  }
  return position == 0 || text[position - 1] == '\n' || text[position - 1] == '\r';
}

// Backticks may open anywhere, as chat programs write them; tildes only at the
// start of a line, because "~~~" also underlines and shrugs.
void find_fenced(std::string_view text, char mark, std::vector<Block>& found) {
  Fences fences(text, mark);
  Fences::Run opening = fences.next(0);
  while (opening.start != std::string_view::npos) {
    std::size_t behind = opening.start + opening.length;
    if (mark == '`' || begins_line(text, opening.start)) {
      const Fences::Run closing = fences.closing(opening);
      if (closing.start != std::string_view::npos) {
        const std::size_t end = closing.start + closing.length;
        const std::string_view inside = text.substr(behind, closing.start - behind);
        const bool several_lines = inside.find_first_of("\n\r") != std::string_view::npos;
        if (several_lines && (mark == '`' || begins_line(text, closing.start))) {
          found.push_back({opening.start, end, Shown::code});
          behind = end;
        } else if (!several_lines) {
          behind = end;  // code within a line is words
        }
      }
    }
    opening = fences.next(behind);
  }
}

// Blocks that begin inside an earlier one are dropped; of two that begin
// together the longer one stays.
std::vector<Block> without_overlap(std::vector<Block> blocks) {
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.start != b.start ? a.start < b.start : a.end > b.end; });
  std::vector<Block> kept;
  for (const Block& block : blocks) {
    if (kept.empty() || block.start >= kept.back().end) {
      kept.push_back(block);
    }
  }
  return kept;
}

std::string_view ascii_trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\v\f");
  if (start == std::string_view::npos) {
    return {};
  }
  return text.substr(start, text.find_last_not_of(" \t\v\f") - start + 1);
}

// Digits beside both cases, or hexadecimal with a digit: what "noooooo" and
// long paths are not.
struct EncodedShape {
  bool digit = false;
  bool lower = false;
  bool upper = false;
  bool all_hex = true;

  void add(char c) {
    digit = digit || is_digit(c);
    lower = lower || is_lower(c);
    upper = upper || is_upper(c);
    all_hex = all_hex && is_hex(c);
  }
  bool looks_encoded() const { return digit && (all_hex || (lower && upper)); }
};

// Collects neighbouring lines of one kind into blocks.

class EncodedLines {
 public:
  void add(const Line& line, std::string_view words, std::vector<Block>& found) {
    const bool all = !words.empty() && std::all_of(words.begin(), words.end(), is_base64);
    const bool whole = all && words.size() >= 40;
    const bool last = all && lines_ > 0 && words.size() < 40 && (words.back() == '=' || words.size() >= 16);
    if (!whole && !last) {
      finish(found);
      return;
    }
    if (lines_ == 0) {
      start_ = line.start;
      shape_ = {};
      total_ = 0;
    }
    for (const char c : words) {
      shape_.add(c);
    }
    ++lines_;
    total_ += words.size();
    end_ = line.end;
    if (last) {
      finish(found);
    }
  }

  void finish(std::vector<Block>& found) {
    if (lines_ > 0 && total_ >= min_encoded_run && shape_.looks_encoded()) {
      found.push_back({start_, end_, Shown::base64});
    }
    lines_ = 0;
  }

 private:
  int lines_ = 0;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
  std::size_t total_ = 0;
  EncodedShape shape_;
};

// Runs inside a line, with "data:image/png;base64," before them.
void find_encoded_runs(std::string_view text, const Line& line, std::vector<Block>& found) {
  if (line.end - line.start < min_encoded_run) {
    return;
  }
  for (std::size_t position = line.start; position < line.end;) {
    if (!is_base64(text[position])) {
      ++position;
      continue;
    }
    EncodedShape shape;
    std::size_t end = position;
    while (end < line.end && is_base64(text[end])) {
      shape.add(text[end]);
      ++end;
    }
    if (end - position >= min_encoded_run && shape.looks_encoded()) {
      std::size_t start = position;
      if (text.substr(line.start, position - line.start).ends_with(";base64,")) {
        const std::size_t nearest = position - std::min<std::size_t>(position - line.start, 100);
        const std::size_t scheme = text.substr(nearest, position - nearest).rfind("data:");
        start = scheme == std::string_view::npos ? position : nearest + scheme;
      }
      found.push_back({start, end, Shown::base64});
    }
    position = end;
  }
}

class TableLines {
 public:
  void add(const Line& line, std::string_view words, std::vector<Block>& found) {
    const Row row = row_of(words);
    if (row.kind == Kind::none || !goes_on(row)) {
      finish(found);
      if (row.kind == Kind::none) {
        return;
      }
      start_ = line.start;
    }
    if (row.kind == Kind::rule) {
      ++rules_;
    } else {
      ++rows_;
      kind_ = row.kind;
      marks_ = row.marks;
    }
    end_ = line.end;
  }

  void finish(std::vector<Block>& found) {
    const bool ruled = rules_ > 0 && rows_ >= 2;
    const bool alike = rows_ >= 3 && (kind_ == Kind::framed || marks_ >= 2);
    if (ruled || alike) {
      found.push_back({start_, end_, Shown::table});
    }
    rows_ = 0;
    rules_ = 0;
  }

 private:
  // | a | b |, |---|---| or ---+---, a | b, and tabs.
  enum class Kind { none, framed, rule, pipes, tabs };
  struct Row {
    Kind kind = Kind::none;
    std::ptrdiff_t marks = 0;
  };

  bool goes_on(const Row& row) const {
    if (rows_ == 0) {
      return rules_ > 0;
    }
    if (row.kind == Kind::rule) {
      return kind_ != Kind::tabs;
    }
    return row.kind == kind_ && (kind_ == Kind::framed || row.marks == marks_);
  }

  static Row row_of(std::string_view words) {
    if (words.size() < 3) {
      return {};
    }
    const std::ptrdiff_t pipes = std::count(words.begin(), words.end(), '|');
    const std::ptrdiff_t pluses = std::count(words.begin(), words.end(), '+');
    if ((pipes > 0 || pluses > 0) && words.find_first_not_of("|-:+= \t") == std::string_view::npos &&
        words.find("---") != std::string_view::npos) {
      return {Kind::rule, 0};
    }
    if (words.front() == '|' && words.back() == '|' && pipes >= 3) {
      return {Kind::framed, pipes};
    }
    if (pipes > 0 && words.find(" | ") != std::string_view::npos) {
      return {Kind::pipes, pipes};
    }
    const std::ptrdiff_t tabs = std::count(words.begin(), words.end(), '\t');
    if (tabs >= 2) {
      return {Kind::tabs, tabs};
    }
    return {};
  }

  int rows_ = 0;
  int rules_ = 0;
  std::ptrdiff_t marks_ = 0;
  Kind kind_ = Kind::none;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
};

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) { return text.starts_with(word); });
}

// A level as logs write it, as a word of its own near the beginning.
bool has_level(std::string_view words) {
  static constexpr std::array<std::string_view, 12> levels = {"TRACE", "DEBUG",   "INFO",  "WARN",  "WARNING",  "ERROR",
                                                              "FATAL", "NOTICE", "LOG", "CRITICAL", "STATEMENT", "DETAIL"};
  const std::string_view beginning = words.substr(0, 80);
  for (std::size_t position = 0; position < beginning.size();) {
    if (!is_upper(beginning[position])) {
      ++position;
      continue;
    }
    std::size_t end = position;
    while (end < beginning.size() && is_upper(beginning[end])) {
      ++end;
    }
    const std::string_view word = beginning.substr(position, end - position);
    if (std::find(levels.begin(), levels.end(), word) != levels.end()) {
      return true;
    }
    position = end;
  }
  return false;
}

// Begins with a date or a clock time. Not enough for a log: chats that people
// paste have them too.
bool begins_with_time(std::string_view words) {
  std::size_t position = words.find_first_not_of("[(<");
  if (position == std::string_view::npos || !is_digit(words[position])) {
    return false;
  }
  const std::string_view beginning = words.substr(position, 12);
  const auto digits = std::count_if(beginning.begin(), beginning.end(), is_digit);
  return digits >= 4 && beginning.find_first_of(":-/.") != std::string_view::npos;
}

bool is_log_line(std::string_view words) {
  if (begins_with_time(words)) {
    if (has_level(words)) {
      return true;
    }
    // 10.0.0.1 - - [03/May/2024:18:20:11 +0000] "GET / HTTP/1.1" 200
    return words.find("] \"") != std::string_view::npos && words.find(" HTTP/") != std::string_view::npos;
  }
  if (begins_with_any(words, {"[TRACE]", "[DEBUG]", "[INFO]", "[WARN]", "[WARNING]", "[ERROR]", "[FATAL]", "TRACE:",
                              "DEBUG:", "INFO:", "WARN:", "WARNING:", "ERROR:", "FATAL:", "CRITICAL:"})) {
    return true;
  }
  // Frames of a stack trace: Java and JavaScript, Python, gdb.
  if (words.starts_with("at ") && words.back() == ')' && words.find('(') != std::string_view::npos) {
    return true;
  }
  if (words.starts_with("File \"") && words.find("\", line ") != std::string_view::npos) {
    return true;
  }
  return words.size() > 3 && words[0] == '#' && is_digit(words[1]) && words.find(" 0x") != std::string_view::npos;
}

bool opens_json(std::string_view words) {
  if (words.front() != '{' && words.front() != '[') {
    return false;
  }
  const std::string_view inside = ascii_trimmed(words.substr(1));
  if (inside.empty()) {
    return true;
  }
  const std::string_view may_follow = words.front() == '{' ? "\"}" : "\"{[]";
  return may_follow.find(inside.front()) != std::string_view::npos &&
         std::string_view("{}[],\"").find(inside.back()) != std::string_view::npos;
}

bool goes_on_as_json(std::string_view words) {
  if (words.find_first_not_of("{}[],; \t") == std::string_view::npos || opens_json(words)) {
    return true;
  }
  if (words.front() == '"') {
    return words.find("\":") != std::string_view::npos || words.ends_with("\",") || words.back() == '"';
  }
  if (words.front() == '}' || words.front() == ']') {
    return std::string_view("{}[],").find(words.back()) != std::string_view::npos;
  }
  return words.find_first_not_of("0123456789+-.eE, \t") == std::string_view::npos ||
         begins_with_any(words, {"true", "false", "null"});
}

class PastedLines {
 public:
  void add(const Line& line, std::string_view words, std::vector<Block>& found) {
    if (words.empty()) {
      return;
    }
    const bool json = opens_json(words) || (json_ && goes_on_as_json(words));
    if (!json && !is_log_line(words)) {
      finish(found);
      return;
    }
    if (!open_) {
      open_ = true;
      start_ = line.start;
    }
    json_ = json_ || json;
    end_ = line.end;
  }

  void finish(std::vector<Block>& found) {
    if (open_ && end_ - start_ >= min_paste) {
      found.push_back({start_, end_, Shown::paste});
    }
    open_ = false;
    json_ = false;
  }

 private:
  bool open_ = false;
  bool json_ = false;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
};

void find_in_lines(std::string_view text, std::size_t start, std::size_t end, std::vector<Block>& found) {
  const std::string_view part = text.substr(0, end);
  EncodedLines encoded;
  TableLines table;
  PastedLines pasted;
  while (start < end) {
    const Line line = line_at(part, start);
    const std::string_view words = ascii_trimmed(part.substr(line.start, line.end - line.start));
    encoded.add(line, words, found);
    table.add(line, words, found);
    pasted.add(line, words, found);
    find_encoded_runs(part, line, found);
    start = line.next;
  }
  encoded.finish(found);
  table.finish(found);
  pasted.finish(found);
}

std::string counted(std::string_view what, std::ptrdiff_t count, std::string_view of) {
  std::string shown = "[";
  shown += what;
  shown += ", ";
  shown += std::to_string(count);
  shown += ' ';
  shown += of;
  if (count != 1) {
    shown += 's';
  }
  return shown + "]";
}

// Lines that are neither blank nor all fence and rule.
std::ptrdiff_t lines_with_content(std::string_view text, std::string_view marks_alone) {
  std::ptrdiff_t count = 0;
  for (std::size_t start = 0; start < text.size();) {
    const Line line = line_at(text, start);
    const std::string_view words = ascii_trimmed(text.substr(line.start, line.end - line.start));
    if (words.find_first_not_of(marks_alone) != std::string_view::npos) {
      ++count;
    }
    start = line.next;
  }
  return count;
}

// ```python is a fence with the language behind it, no line of code.
std::string_view without_opening_fence(std::string_view code) {
  const Line first = line_at(code, 0);
  const std::string_view words = ascii_trimmed(code.substr(0, first.end));
  const std::size_t language = words.find_first_not_of("`~");
  if (language != std::string_view::npos && words.substr(language).find_first_of(" \t(){};=.\"'") != std::string_view::npos) {
    return code;
  }
  return code.substr(first.next);
}

}  // namespace

std::vector<Block> find_code(std::string_view text) {
  std::vector<Block> found;
  find_fenced(text, '`', found);
  find_fenced(text, '~', found);
  return without_overlap(std::move(found));
}

std::vector<Block> find_blocks(std::string_view text) {
  std::vector<Block> found = find_code(text);
  const std::size_t codes = found.size();
  std::size_t start = 0;
  for (std::size_t i = 0; i < codes; ++i) {
    const Block code = found[i];
    find_in_lines(text, start, code.start, found);
    start = code.end;
  }
  find_in_lines(text, start, text.size(), found);
  return without_overlap(std::move(found));
}

std::string shown_words(std::string_view words, Shown shown) {
  switch (shown) {
    case Shown::words:
      break;
    case Shown::code:
      return counted("code", std::max<std::ptrdiff_t>(1, lines_with_content(without_opening_fence(words), "`~ \t")), "line");
    case Shown::table:
      return counted("table", lines_with_content(words, "|-:+= \t"), "row");
    case Shown::base64:
      return counted("base64", char_length(words), "character");
    case Shown::paste:
      return counted("pasted text", lines_with_content(words, ""), "line");
  }
  return std::string(words);
}

std::string shown_text(std::string_view text, const Sentence& sentence) {
  return shown_words(char_slice(text, sentence.start, sentence.end), sentence.shown);
}

}  // namespace kg_batch::chunking
