// Parts of a message that are no words: fenced code, tables, base64 and hex,
// long pastes of logs or JSON.
//
// Conservative, because what is taken for one of them is not read: a fence
// needs its end, a table its rows, a paste 1,500 characters in which every
// line looks like a machine's. Pasted chats, with a time before each line, are
// words. Linear in the length of the text.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "chunking/conversation.h"

namespace kg_batch::chunking {

struct Block {
  std::size_t start = 0;  // bytes
  std::size_t end = 0;
  Shown shown = Shown::words;
};

inline constexpr std::size_t min_encoded_run = 200;
inline constexpr std::size_t min_paste = 1500;

// In order, without overlap.
std::vector<Block> find_blocks(std::string_view text);
// Fenced code alone.
std::vector<Block> find_code(std::string_view text);

}  // namespace kg_batch::chunking
