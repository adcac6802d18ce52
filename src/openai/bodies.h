// What is read alike in a response over HTTP and in a line of a batch: error
// envelopes, chat completions, and the loosely typed members of both. Internal
// to this folder.

#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "openai/client.h"

namespace kg_batch::openai {

using Json = nlohmann::ordered_json;

// The member, or nullptr when `object` is no object, has none or has null.
const Json* member(const Json& object, const char* name);
std::string text_member(const Json& object, const char* name);          // "" when no string
std::optional<std::int64_t> integer(const Json& value);                 // whole numbers within 64 bits
std::int64_t integer_member(const Json& object, const char* name);      // 0 when there is none

// What to do about an answer with this status (0: none) and what its error says
// of itself. `should_retry` is the server's own word in x-should-retry; it does
// not outweigh money, credentials, or doubt about a request marked `once`.
Advice advice_for(long status, std::string_view code, std::string_view type, bool once,
                  std::optional<bool> should_retry);

// Fills code, type, param and message out of {"error":…}, {"detail":…} or
// {"message":…}; false when the body is none of these.
bool describe(ApiError& error, const Json& body);

// An error member that means something: not null, not {}, not "".
bool has_error(const Json& body);

// The error of a 2xx body that holds one, some gateways' way of saying no.
ApiError error_in_success(const Json& body, bool once);

// A chat completion, outcomes in the order of the contract: refused, cut off,
// filtered, empty, else `stop`.
Result<ChatAnswer> chat_answer(const Json& body, std::string request_id);

// Tokens in either naming; nothing when the answer counts none.
std::optional<Usage> usage_of(const Json& body);

// A list of embeddings (openai/embeddings.h).
Result<EmbeddingAnswer> embedding_answer(const Json& body, std::string request_id, std::optional<std::size_t> texts);

// For texts that people see: short, printable, shapes of keys masked.
std::string safe_message(std::string_view text);

}  // namespace kg_batch::openai
