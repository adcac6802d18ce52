// Where the topic shifts inside a run of messages, by the words alone: no
// model, no cost.
//
// Guarantees: a function of the messages and nothing else, in whole numbers, so
// it is the same on every machine; in time linear in the text. A topic has at
// least two messages, neither the first nor the last message begins one, and an
// assistant's never does.
//
// Lexical cohesion in the manner of TextTiling, cut to the size of chat turns:
// a window of two messages on either side instead of hundreds of words, and
// beside the words that both sides share, what the turns do. A message gets
// points for each sign, and begins a topic from `topic_threshold` on:
//
//   a question of its own    a question to the other person, with something to
//                            ask about ("do you have any pets?", not "and you?")
//                            of which the two messages before said nothing
//   an answer                the message before ended in a question
//   new terms                words that the four messages before do not have
//   shared terms             words that are on both sides of the gap
//   terms taken up           new ones that the next message has as well
//   a pointing word          "it", "that", "they": what is meant stands before
//
// Terms are words that are no function words (function_words.h), by their first
// five letters; for scripts without spaces, pairs of characters. What stands in
// more than a third of the messages, and in five or more, is none. Which language's function
// words count is decided by the message; in a language that has no list every
// question counts as put to the other person, and the rule by frequency is all
// there is.
//
// The points are ten times the weights of a logistic regression, rounded, fitted
// on every second of the 300 dialogues of TIAGE (Xie et al., 2021), and the
// threshold is the one of the best F1 there. doc/boundaries.md has what came of it. That is English small talk between two
// people: for other languages, groups and chats with an assistant the points are
// a guess.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kg_batch::chunking {

// What a message is to topic_shifts.
struct Turn {
  using Terms = std::vector<std::uint32_t>;  // hashes, ascending, each once; that two are equal by chance is rare and harmless

  bool by_assistant = false;
  bool ends_asking = false;  // its last sentence is a question
  bool asks_other = false;   // it has a question to the other person, with something to ask about
  bool points_back = false;
  Terms terms;
  Terms question_terms;  // of all its questions
};

// The words of one message, in order, in as many parts as one likes; the end of
// a part ends a sentence. The first 400 words are read, so that a pasted book
// costs no more than a page.
Turn turn_of(const std::vector<std::string_view>& parts, bool by_assistant);

inline constexpr int topic_threshold = 17;

// The places of the turns that begin another topic, ascending.
std::vector<std::size_t> topic_shifts(const std::vector<Turn>& turns);

}  // namespace kg_batch::chunking
