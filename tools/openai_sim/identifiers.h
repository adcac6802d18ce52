// Ids in the shapes that the real service gives. They are unique over restarts
// and not reproducible; nothing else of an answer depends on them.

#pragma once

#include <cstdint>
#include <string>

namespace kg_sim {

std::string new_file_id();                             // file- and 22 base62 characters
std::string new_batch_id(std::int64_t created_at);     // batch_ and 32 hex digits, 8 of them the time
std::string new_batch_request_id(std::int64_t at);     // batch_req_ and 32 hex digits, 8 of them the time
std::string new_chat_id();                             // chatcmpl- and 29 base62 characters
std::string new_request_id();                          // 32 hex digits

}  // namespace kg_sim
