// From messages to segments and chunks: a function of what was handed in.
//
// Deliveries are replayed one by one, so the same hand-ins give the same cuts
// whenever, and however often, they are cut. A stretch is closed when a later
// session began or a silence passed, when it is full, or when a delivery closed
// everything (final, flush, or settled). Only closed stretches are cut; messages
// of an open one come back untouched with the next delivery. A shift of topic
// divides a closed stretch into segments and closes nothing.
//
// A closed stretch becomes equal chunks of at most `chunk_max` countable
// sentences and `chunk_max_tokens` estimated tokens; neighbouring short
// stretches that closed with the same delivery share a chunk up to `chunk_min`.
// A chunk never holds part of a sentence. Segments decide where a long stretch
// is cut, not how often: a cut moves to the nearest shift of topic within a
// quarter of a chunk, so that shifts of topic cost no request.
//
// An assistant's sentences, placeholders, greetings and answers of one word do
// not count. They are in the chunk of what stands around them; what has no
// countable sentence at all is asked about in no chunk and serves as context
// alone. Of an assistant's message of more than twelve sentences the first six
// and the last four are taken. Context keeps to a quarter of the tokens.
//
// With Boundaries::model a closed stretch is divided by what a model said instead,
// which has to be asked first, window by window (windows.h): `cut` says what is to
// be asked and cuts up to the first delivery with a closed stretch that was not
// read to its end. Called again with what was read, it goes on, and what comes out
// in the end does not depend on how often it was called. A stretch with one
// message to read is not asked about.
//
// What closes a stretch without a message (a flush, the end of settling) is a
// delivery of its own: closing one that was cut already would cut differently
// when replayed at once.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chunking/conversation.h"
#include "chunking/windows.h"

namespace kg_batch::chunking {

enum class Boundaries { none, rules, model };

struct CutOptions {
  Boundaries boundaries = Boundaries::rules;
  int chunk_min = 20;  // countable sentences
  int chunk_max = 50;
  int chunk_max_tokens = 6000;
  int context_sentences = 8;
  int segment_max_sentences = 400;         // a stretch is full then
  std::chrono::seconds silence{6 * 3600};  // a longer one between two messages ends a stretch
};

struct Segment {
  std::int64_t first_message_id = 0;
  std::int64_t last_message_id = 0;
  std::string began_by;  // start, session, silence, size, topic
};

struct Chunk {
  std::vector<int> segments;        // indices into Cuts::segments, in order
  std::vector<Sentence> context;    // before it, oldest first; may lie in `before`
  std::vector<Sentence> sentences;  // never empty
  std::vector<std::string> cast;    // names seen earlier in the conversation and not speaking
  int countable = 0;
  int tokens = 0;  // estimate of `sentences` and `context` as shown
};

struct Skipped {
  std::int64_t message_id = 0;
  std::string reason;  // html, empty; model: in a segment that is not to be processed
};

struct Cuts {
  std::vector<Segment> segments;
  std::vector<Chunk> chunks;
  std::vector<Skipped> skipped;
  std::vector<std::string> cast;  // after the last closed stretch: hand it to the next cut
  std::size_t taken = 0;          // messages in closed stretches; the rest is still open
  std::vector<Window> windows;    // what the model is to be asked about, one a stretch, before the rest can be cut
  std::optional<int> waiting;     // with windows: the first delivery that was not cut
};

struct CutInput {
  std::vector<Message> before;       // the tail of what is already cut, for context: enough for context_sentences;
                                     // what was skipped comes with an empty text
  std::vector<Message> messages;     // not cut yet, in order
  std::vector<int> closing;          // deliveries after which nothing stays open, ascending; past ones too
  std::vector<std::string> cast;     // from the cut before
  std::vector<std::string> speakers; // names by index, of all who spoke up to here; never in `cast`
  int speakers_before = 0;           // so many of them spoke before `messages`
  std::vector<ReadSegment> read;     // with Boundaries::model: segments of `messages` that a model told of
};

Cuts cut(const CutInput& input, const CutOptions& options);

// Of a window that no model would answer to: how `rules` divides its messages, as if a model
// had told so. All of them can be read.
std::vector<ToldSegment> told_by_rules(std::vector<Message> messages);

// A chunk that asked for too long an answer, in two halves at a sentence
// border near the middle; empty when it has one sentence. Works from the places
// alone: the halves' `countable` and `tokens` are shares of the whole's by
// length, and both keep all its segments and its cast.
std::optional<std::pair<Chunk, Chunk>> split(const Chunk& chunk, int context_sentences);

// Tokens of a text as a model would count them, within about a tenth for
// English and never less than a third too few for other scripts.
int estimate_tokens(std::string_view text);

}  // namespace kg_batch::chunking
