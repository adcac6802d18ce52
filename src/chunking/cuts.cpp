#include "chunking/cuts.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "chunking/boundaries.h"
#include "chunking/cast.h"
#include "chunking/located_sentences.h"
#include "chunking/sentences.h"
#include "chunking/topics.h"
#include "chunking/windows.h"

namespace kg_batch::chunking {

namespace {

// A sentence while a conversation is cut: small, because there may be millions.
struct Piece {
  std::uint32_t message = 0;     // index into `before` and `messages`, one after the other
  std::uint32_t byte_start = 0;  // in that message
  std::uint32_t byte_end = 0;
  int start = 0;
  int end = 0;
  int tokens = 0;
  int segment = -1;  // index into Cuts::segments; -1 in `before`
  Shown shown = Shown::words;
  bool countable = false;
};

struct Range {
  std::size_t first = 0;
  std::size_t end = 0;
};

struct ClosedStretch {
  Range pieces;
  std::int64_t countable = 0;
  std::int64_t tokens = 0;
};

// Of an assistant's long message only the first and the last part is shown.
constexpr std::size_t assistant_whole = 12;
constexpr std::size_t assistant_first = 6;
constexpr std::size_t assistant_last = 4;

CutOptions within_reason(CutOptions options) {
  options.chunk_max = std::max(options.chunk_max, 1);
  options.chunk_min = std::clamp(options.chunk_min, 1, options.chunk_max);
  options.chunk_max_tokens = std::max(options.chunk_max_tokens, 1);
  options.context_sentences = std::max(options.context_sentences, 0);
  options.segment_max_sentences = std::max(options.segment_max_sentences, 1);
  return options;
}

class Cutter {
 public:
  Cutter(const CutInput& input, const CutOptions& options)
      : input_(input), options_(within_reason(options)), open_(options_), cast_(input.cast) {
    for (const ReadSegment& segment : input.read) {
      read_.emplace(segment.first_message_id, segment);
    }
  }

  // Replays the deliveries up to `stop_before`.
  Cuts run(std::optional<int> stop_before = std::nullopt) {
    read_before();
    open_first_piece_ = pieces_.size();
    number_speakers();
    std::size_t next = 0;
    auto closing = input_.closing.begin();
    while (next < input_.messages.size() || closing != input_.closing.end()) {
      const bool has_messages = next < input_.messages.size();
      const bool closes_first = closing != input_.closing.end() && (!has_messages || *closing < input_.messages[next].delivery);
      const int delivery = closes_first ? *closing : input_.messages[next].delivery;
      if (stop_before && delivery >= *stop_before) {
        break;
      }
      delivery_ = delivery;
      while (next < input_.messages.size() && input_.messages[next].delivery <= delivery) {
        take_message(next);
        ++next;
      }
      if (closing != input_.closing.end() && *closing == delivery) {
        close_stretch(next);
        while (closing != input_.closing.end() && *closing <= delivery) {
          ++closing;
        }
      }
      cut_what_closed(delivery);
    }
    cuts_.cast = cast_.names();
    // What was skipped in the open stretch comes again.
    std::erase_if(skipped_at_, [this](const auto& skipped) { return skipped.first >= cuts_.taken; });
    for (auto& skipped : skipped_at_) {
      cuts_.skipped.push_back(std::move(skipped.second));
    }
    return std::move(cuts_);
  }

  // The first delivery that cannot be cut before a model was asked.
  std::optional<int> waiting_delivery() const { return waiting_delivery_; }

 private:
  const Message& message_at(std::uint32_t index) const {
    const std::size_t before = input_.before.size();
    return index < before ? input_.before[index] : input_.messages[index - before];
  }

  std::string_view words_of(const Piece& piece) const {
    return std::string_view(message_at(piece.message).text).substr(piece.byte_start, piece.byte_end - piece.byte_start);
  }

  // Only as much of what was cut before as a context can hold.
  void read_before() {
    const auto wanted = static_cast<std::size_t>(options_.context_sentences);
    std::size_t first = input_.before.size();
    std::size_t found = 0;
    while (first > 0 && found < wanted) {
      --first;
      if (!skip_reason(input_.before[first].text)) {
        append_sentences(static_cast<std::uint32_t>(first));
        found += pieces_.size();
        pieces_.clear();
      }
    }
    for (std::size_t i = first; i < input_.before.size(); ++i) {
      if (!skip_reason(input_.before[i].text)) {
        append_sentences(static_cast<std::uint32_t>(i));
      }
    }
    if (pieces_.size() > wanted) {
      pieces_.erase(pieces_.begin(), pieces_.end() - static_cast<std::ptrdiff_t>(wanted));
    }
  }

  void append_sentences(std::uint32_t index) {
    const Message& message = message_at(index);
    const std::size_t first = pieces_.size();
    each_sentence(message, max_sentence_chars, [&](const Sentence& sentence, std::string_view words) {
      Piece piece;
      piece.message = index;
      piece.byte_start = static_cast<std::uint32_t>(words.data() - message.text.data());
      piece.byte_end = piece.byte_start + static_cast<std::uint32_t>(words.size());
      piece.start = sentence.start;
      piece.end = sentence.end;
      piece.shown = sentence.shown;
      piece.tokens = sentence.shown == Shown::words ? estimate_tokens(words) : estimate_tokens(shown_words(words, sentence.shown));
      piece.countable = !message.by_assistant && sentence.shown == Shown::words && is_countable(words);
      pieces_.push_back(piece);
    });
    if (message.by_assistant && pieces_.size() - first > assistant_whole) {
      const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(first + assistant_first);
      pieces_.erase(begin, pieces_.end() - static_cast<std::ptrdiff_t>(assistant_last));
    }
  }

  void take_message(std::size_t index) {
    const Message& message = input_.messages[index];
    if (open_.begins_another(message)) {
      close_stretch(index);
    }
    const std::size_t first = pieces_.size();
    if (std::optional<std::string> reason = skip_reason(message.text)) {
      skipped_at_.emplace_back(index, Skipped{message.message_id, std::move(*reason)});
    } else {
      append_sentences(static_cast<std::uint32_t>(input_.before.size() + index));
    }
    open_.add(message, static_cast<int>(pieces_.size() - first));
    if (open_.full()) {
      close_stretch(index + 1);
    }
  }

  // Everything up to `end`, a place in `messages`, is closed.
  void close_stretch(std::size_t end) {
    if (open_.empty()) {
      return;
    }
    const std::size_t first = cuts_.taken;
    const Message* previous = nullptr;
    if (first > 0) {
      previous = &input_.messages[first - 1];
    } else if (!input_.before.empty()) {
      previous = &input_.before.back();
    }
    skip_unprocessed({first, end});
    std::string_view reason = began_by(previous, input_.messages[first], input_.closing, options_);
    ClosedStretch closed;
    closed.pieces = {open_first_piece_, pieces_.size()};
    std::size_t piece = closed.pieces.first;
    for (const Range& messages : segments_of({first, end}, closed.pieces)) {
      for (; piece < closed.pieces.end && pieces_[piece].message < input_.before.size() + messages.end; ++piece) {
        pieces_[piece].segment = static_cast<int>(cuts_.segments.size());
        closed.countable += pieces_[piece].countable ? 1 : 0;
        closed.tokens += pieces_[piece].tokens;
      }
      cuts_.segments.push_back({input_.messages[messages.first].message_id, input_.messages[messages.end - 1].message_id, std::string(reason)});
      reason = "topic";
    }
    closed_.push_back(closed);
    cuts_.taken = end;
    open_first_piece_ = pieces_.size();
    open_.begin_again();
  }

  // The messages of a stretch, by topic. What was skipped, and what is shown as
  // a placeholder alone, goes with what is before it.
  std::vector<Range> segments_of(Range messages, Range pieces) {
    switch (options_.boundaries) {
      case Boundaries::none:
        return {messages};
      case Boundaries::rules:
        return segments_by_topic(messages, pieces);
      case Boundaries::model:
        return segments_as_read(messages);
    }
    return {messages};
  }

  std::vector<Range> segments_by_topic(Range messages, Range pieces) const {
    std::vector<Turn> turns;
    std::vector<std::size_t> places;  // of the turns, in `messages`
    std::vector<std::string_view> parts;
    for (std::size_t i = pieces.first; i < pieces.end; ++i) {
      if (pieces_[i].shown == Shown::words) {
        parts.push_back(words_of(pieces_[i]));
      }
      const std::uint32_t message = pieces_[i].message;
      if (!parts.empty() && (i + 1 == pieces.end || pieces_[i + 1].message != message)) {
        turns.push_back(turn_of(parts, message_at(message).by_assistant));
        places.push_back(message - input_.before.size());
        parts.clear();
      }
    }
    std::vector<Range> segments;
    for (const std::size_t shift : topic_shifts(turns)) {
      segments.push_back({messages.first, places[shift]});
      messages.first = places[shift];
    }
    segments.push_back(messages);
    return segments;
  }

  // The places of those that a model is shown.
  std::vector<std::size_t> readable(Range messages) const {
    std::vector<std::size_t> places;
    for (std::size_t i = messages.first; i < messages.end; ++i) {
      if (!skip_reason(input_.messages[i].text)) {
        places.push_back(i);
      }
    }
    return places;
  }

  // Follows what was read from the first message on; where that ends before the
  // stretch does, the next window is wanted.
  std::vector<Range> segments_as_read(Range messages) {
    const std::vector<std::size_t> places = readable(messages);
    std::vector<Range> segments;
    Range segment = messages;
    std::size_t next = 0;
    while (next < places.size() && places.size() > 1) {
      const auto found = read_.find(input_.messages[places[next]].message_id);
      if (found == read_.end()) {
        want(places, next);
        return {messages};
      }
      if (next > 0) {
        segments.push_back({segment.first, places[next]});
        segment.first = places[next];
      }
      do {
        ++next;
      } while (next < places.size() && input_.messages[places[next - 1]].message_id != found->second.last_message_id);
    }
    segments.push_back(segment);
    return segments;
  }

  void want(const std::vector<std::size_t>& places, std::size_t first) {
    Window window;
    const std::size_t end = std::min(first + window_messages, places.size());
    window.messages.assign(places.begin() + static_cast<std::ptrdiff_t>(first), places.begin() + static_cast<std::ptrdiff_t>(end));
    window.reaches_end = end == places.size();
    window.begins = first == 0;
    cuts_.windows.push_back(std::move(window));
    if (!waiting_delivery_) {
      waiting_delivery_ = delivery_;
    }
  }

  // Takes the sentences of segments out that a model found nothing in.
  void skip_unprocessed(Range messages) {
    if (options_.boundaries != Boundaries::model) {
      return;
    }
    const ReadSegment* segment = nullptr;
    std::vector<std::size_t> places;
    for (const std::size_t place : readable(messages)) {
      const std::int64_t message_id = input_.messages[place].message_id;
      if (segment == nullptr) {
        const auto found = read_.find(message_id);
        segment = found == read_.end() ? nullptr : &found->second;
      }
      if (segment != nullptr && !segment->process) {
        skipped_at_.emplace_back(place, Skipped{message_id, "model"});
        places.push_back(place);
      }
      if (segment != nullptr && segment->last_message_id == message_id) {
        segment = nullptr;
      }
    }
    const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(open_first_piece_);
    pieces_.erase(std::remove_if(begin, pieces_.end(), [&](const Piece& piece) {
                    return std::binary_search(places.begin(), places.end(), piece.message - input_.before.size());
                  }), pieces_.end());
  }

  // Short neighbours together, long stretches alone, each cut into chunks.
  void cut_what_closed(int delivery) {
    introduce_speakers(delivery);
    if (closed_.empty()) {
      return;
    }
    const Range all = {closed_.front().pieces.first, closed_.back().pieces.end};
    std::vector<Range> chunks;
    ClosedStretch group;
    bool grouped = false;
    const auto finish_group = [&] {
      if (grouped) {
        cut_equally(group, chunks);
      }
      grouped = false;
    };
    for (const ClosedStretch& stretch : closed_) {
      if (stretch.countable >= options_.chunk_min) {
        finish_group();
        cut_equally(stretch, chunks);
        continue;
      }
      if (grouped && (group.countable + stretch.countable > options_.chunk_max || group.tokens + stretch.tokens > sentence_budget())) {
        finish_group();
      }
      if (grouped) {
        group.pieces.end = stretch.pieces.end;
        group.countable += stretch.countable;
        group.tokens += stretch.tokens;
      } else {
        group = stretch;
        grouped = true;
      }
      if (group.countable >= options_.chunk_min) {
        finish_group();
      }
    }
    finish_group();
    closed_.clear();
    make_chunks(all, chunks);
  }

  // A quarter is kept for the context, so that a chunk's estimate as a whole
  // stays within the limit wherever it is cut.
  std::int64_t context_budget() const { return options_.context_sentences > 0 ? options_.chunk_max_tokens / 4 : 0; }
  std::int64_t sentence_budget() const { return std::max<std::int64_t>(1, options_.chunk_max_tokens - context_budget()); }

  // By countable sentences into parts that are equal but for shifts of topic,
  // and what has too many tokens still, by tokens. Sentences that do not count
  // stay with the one before them. A part without a countable sentence is not
  // asked about.
  void cut_equally(const ClosedStretch& group, std::vector<Range>& chunks) const {
    if (group.countable == 0) {
      return;
    }
    const std::int64_t parts = (group.countable + options_.chunk_max - 1) / options_.chunk_max;
    std::vector<Range> ranges = parts_of(group, parts, true);
    if (std::any_of(ranges.begin(), ranges.end(), [this](const Range& range) { return tokens_of(range) > sentence_budget(); })) {
      ranges = parts_of(group, parts, false);  // a larger part may be one request more
    }
    for (const Range& range : ranges) {
      cut_by_tokens(range, chunks);
    }
  }

  // Each part ends before the countable sentence that makes it equal; with
  // `by_topic` at a shift of topic instead, if one is within a quarter of a part
  // and leaves no part with more than `chunk_max`.
  std::vector<Range> parts_of(const ClosedStretch& group, std::int64_t parts, bool by_topic) const {
    struct Place {
      std::size_t piece = 0;
      std::int64_t counted = 0;  // countable sentences before it
    };
    std::vector<Place> countable;
    std::vector<Place> shifts;
    for (std::size_t i = group.pieces.first; i < group.pieces.end; ++i) {
      const auto counted = static_cast<std::int64_t>(countable.size());
      if (by_topic && i > group.pieces.first && pieces_[i].segment != pieces_[i - 1].segment) {
        shifts.push_back({i, counted});
      }
      if (pieces_[i].countable) {
        countable.push_back({i, counted});
      }
    }
    const std::int64_t reach = group.countable / parts / 4;
    std::vector<Range> ranges;
    Place last = {group.pieces.first, 0};
    for (std::int64_t part = 1; part < parts; ++part) {
      const std::int64_t equal = group.countable * part / parts;
      const std::int64_t least = std::max(last.counted + 1, group.countable - (parts - part) * options_.chunk_max);
      const std::int64_t most = std::min(last.counted + options_.chunk_max, group.countable - 1);
      Place place = countable[static_cast<std::size_t>(std::clamp(equal, least, most))];
      std::int64_t best = reach + 1;
      for (const Place& shift : shifts) {
        const std::int64_t off = std::max(shift.counted - equal, equal - shift.counted);
        if (off < best && shift.counted >= least && shift.counted <= most) {
          place = shift;
          best = off;
        }
      }
      ranges.push_back({last.piece, place.piece});
      last = place;
    }
    ranges.push_back({last.piece, group.pieces.end});
    return ranges;
  }

  std::int64_t tokens_of(Range range) const {
    std::int64_t tokens = 0;
    for (std::size_t i = range.first; i < range.end; ++i) {
      tokens += pieces_[i].tokens;
    }
    return tokens;
  }

  void cut_by_tokens(Range range, std::vector<Range>& chunks) const {
    std::int64_t left = tokens_of(range);
    std::int64_t parts_left = (left + sentence_budget() - 1) / sentence_budget();
    std::size_t first = range.first;
    std::int64_t tokens = 0;
    for (std::size_t i = range.first; i < range.end; ++i) {
      const std::int64_t more = pieces_[i].tokens;
      const std::int64_t fair = left / std::max<std::int64_t>(parts_left, 1);
      const bool enough = parts_left > 1 && tokens + more / 2 >= fair;
      if (i > first && (enough || tokens + more > sentence_budget())) {
        keep_countable({first, i}, chunks);
        first = i;
        left -= tokens;
        tokens = 0;
        --parts_left;
      }
      tokens += more;
    }
    keep_countable({first, range.end}, chunks);
  }

  void keep_countable(Range range, std::vector<Range>& chunks) const {
    for (std::size_t i = range.first; i < range.end; ++i) {
      if (pieces_[i].countable) {
        chunks.push_back(range);
        return;
      }
    }
  }

  // Goes through all closed sentences once, so that each chunk gets the cast as
  // it was before its first sentence.
  void make_chunks(Range all, const std::vector<Range>& chunks) {
    auto next = chunks.begin();
    for (std::size_t i = all.first; i < all.end; ++i) {
      if (next != chunks.end() && next->first == i) {
        cuts_.chunks.push_back(chunk_of(*next));
        ++next;
      }
      if (pieces_[i].shown == Shown::words) {
        cast_.add_sentence(words_of(pieces_[i]));
      }
    }
  }

  Chunk chunk_of(Range range) const {
    Chunk chunk;
    std::int64_t tokens = 0;
    const auto wanted = static_cast<std::size_t>(options_.context_sentences);
    std::size_t context = range.first;
    while (context > 0 && range.first - context < wanted && tokens + pieces_[context - 1].tokens <= context_budget()) {
      --context;
      tokens += pieces_[context].tokens;
    }
    for (std::size_t i = context; i < range.first; ++i) {
      chunk.context.push_back(sentence_of(pieces_[i]));
    }
    chunk.sentences.reserve(range.end - range.first);
    for (std::size_t i = range.first; i < range.end; ++i) {
      const Piece& piece = pieces_[i];
      if (chunk.segments.empty() || chunk.segments.back() != piece.segment) {
        chunk.segments.push_back(piece.segment);
      }
      chunk.sentences.push_back(sentence_of(piece));
      chunk.countable += piece.countable ? 1 : 0;
      tokens += piece.tokens;
    }
    chunk.tokens = static_cast<int>(tokens);
    chunk.cast = cast_.names();
    return chunk;
  }

  Sentence sentence_of(const Piece& piece) const {
    return {message_at(piece.message).message_id, piece.start, piece.end, piece.shown};
  }

  // A speaker is known from the delivery of his first message on: what comes
  // later must not change what is cut before. Numbers go by first appearance,
  // so everybody below a known one is known, and who is in no message here
  // spoke before.
  void number_speakers() {
    const std::size_t count = input_.speakers.size();
    std::vector<bool> here(count, false);
    const auto note = [&](const Message& message) {
      if (message.speaker >= 0 && static_cast<std::size_t>(message.speaker) < count) {
        here[static_cast<std::size_t>(message.speaker)] = true;
      }
    };
    auto known = static_cast<std::size_t>(std::max(input_.speakers_before, 0));
    for (const Message& message : input_.before) {
      known = std::max(known, static_cast<std::size_t>(std::max(message.speaker + 1, 0)));
    }
    std::for_each(input_.messages.begin(), input_.messages.end(), note);
    for (std::size_t i = 0; i < count; ++i) {
      if (!here[i]) {
        known = std::max(known, i + 1);
      }
    }
    meet_speakers(known);
  }

  void introduce_speakers(int delivery) {
    std::size_t known = speakers_known_;
    while (speakers_read_ < input_.messages.size() && input_.messages[speakers_read_].delivery <= delivery) {
      known = std::max(known, static_cast<std::size_t>(std::max(input_.messages[speakers_read_].speaker + 1, 0)));
      ++speakers_read_;
    }
    meet_speakers(known);
  }

  void meet_speakers(std::size_t known) {
    for (; speakers_known_ < std::min(known, input_.speakers.size()); ++speakers_known_) {
      cast_.add_speaker(input_.speakers[speakers_known_]);
    }
  }

  const CutInput& input_;
  CutOptions options_;
  std::vector<Piece> pieces_;  // the end of `before`, then all of `messages` up to here
  OpenStretch open_;
  std::size_t open_first_piece_ = 0;
  std::vector<ClosedStretch> closed_;  // with the delivery that is replayed
  std::vector<std::pair<std::size_t, Skipped>> skipped_at_;  // place in `messages`
  std::unordered_map<std::int64_t, ReadSegment> read_;  // by the first message
  int delivery_ = 0;  // that is replayed
  std::optional<int> waiting_delivery_;
  Cast cast_;
  std::size_t speakers_known_ = 0;
  std::size_t speakers_read_ = 0;  // messages whose speakers are known
  Cuts cuts_;
};

// How much of an answer a sentence asks for, as far as its place tells: a
// greeting is short, a placeholder yields nothing.
std::int64_t weight_of(const Sentence& sentence) {
  constexpr int counts_fully = 60;
  return sentence.shown == Shown::words ? std::clamp(sentence.end - sentence.start, 1, counts_fully) : 1;
}

// Characters of sentences and context as far as they are shown.
std::int64_t shown_length(const Chunk& chunk) {
  std::int64_t length = 0;
  for (const std::vector<Sentence>* part : {&chunk.context, &chunk.sentences}) {
    for (const Sentence& sentence : *part) {
      length += sentence.shown == Shown::words ? sentence.end - sentence.start : 1;
    }
  }
  return length;
}

std::int64_t share(std::int64_t whole, std::int64_t part, std::int64_t of) { return of > 0 ? whole * part / of : 0; }

}  // namespace

Cuts cut(const CutInput& input, const CutOptions& options) {
  Cutter cutter(input, options);
  Cuts cuts = cutter.run();
  const std::optional<int> waiting = cutter.waiting_delivery();
  if (!waiting) {
    return cuts;
  }
  // What came with the delivery that waits, or later, stays: short stretches that
  // closed together are cut together.
  Cuts before = Cutter(input, options).run(*waiting);
  before.windows = std::move(cuts.windows);
  before.waiting = waiting;
  return before;
}

std::vector<ToldSegment> told_by_rules(std::vector<Message> messages) {
  // One stretch, whatever the messages say of sessions and times.
  CutInput input;
  input.messages = std::move(messages);
  input.closing = {1};
  for (Message& message : input.messages) {
    message.delivery = 1;
    message.session.reset();
    message.sent_at_us.reset();
  }
  CutOptions options;
  options.segment_max_sentences = std::numeric_limits<int>::max();
  std::vector<ToldSegment> told;
  const Cuts cuts = cut(input, options);
  auto segment = cuts.segments.begin();
  int first = 1;
  for (std::size_t i = 0; i < input.messages.size() && segment != cuts.segments.end(); ++i) {
    if (input.messages[i].message_id == segment->last_message_id) {
      const int last = static_cast<int>(i) + 1;
      told.push_back({first, last, true, ""});
      first = last + 1;
      ++segment;
    }
  }
  return told;
}

std::optional<std::pair<Chunk, Chunk>> split(const Chunk& chunk, int context_sentences) {
  const std::size_t count = chunk.sentences.size();
  if (count < 2) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  for (const Sentence& sentence : chunk.sentences) {
    total += weight_of(sentence);
  }
  // The border nearest the middle; one between two messages may lie an eighth
  // of the whole further off.
  std::size_t middle = 1;
  std::int64_t best = -1;
  std::int64_t before = 0;
  std::int64_t first_weight = 0;
  for (std::size_t i = 1; i < count; ++i) {
    before += weight_of(chunk.sentences[i - 1]);
    const bool within = chunk.sentences[i - 1].message_id == chunk.sentences[i].message_id;
    const std::int64_t off = std::max(2 * before - total, total - 2 * before) + (within ? total / 4 : 0);
    if (best < 0 || off < best) {
      best = off;
      middle = i;
      first_weight = before;
    }
  }
  const auto border = chunk.sentences.begin() + static_cast<std::ptrdiff_t>(middle);
  Chunk first = chunk;
  first.sentences.assign(chunk.sentences.begin(), border);
  Chunk second = chunk;
  second.sentences.assign(border, chunk.sentences.end());
  std::vector<Sentence> context = chunk.context;
  context.insert(context.end(), chunk.sentences.begin(), border);
  const auto wanted = static_cast<std::size_t>(std::max(context_sentences, 0));
  if (context.size() > wanted) {
    context.erase(context.begin(), context.end() - static_cast<std::ptrdiff_t>(wanted));
  }
  second.context = std::move(context);

  const std::int64_t length = shown_length(chunk);
  first.tokens = static_cast<int>(share(chunk.tokens, shown_length(first), length));
  second.tokens = static_cast<int>(share(chunk.tokens, shown_length(second), length));
  first.countable = static_cast<int>(share(chunk.countable, first_weight, total));
  if (chunk.countable > 1) {
    first.countable = std::clamp(first.countable, 1, chunk.countable - 1);
  }
  second.countable = chunk.countable - first.countable;
  return std::make_pair(std::move(first), std::move(second));
}

}  // namespace kg_batch::chunking
