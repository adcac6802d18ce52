// Members of JSON objects that somebody else's program wrote: what is not there
// or of another type is nothing.

#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace kg_batch::transcripts {

using Json = nlohmann::ordered_json;

const Json* member(const Json& object, const char* name);               // nothing for null, too
const Json* object_member(const Json& object, const char* name);
const Json* array_member(const Json& object, const char* name);
std::string text_member(const Json& object, const char* name);          // empty when it is none
std::optional<std::string> id_member(const Json& object, const char* name);  // text or a whole number

// Seconds since 1970, with what follows a point, as timestamptz reads it; `text`
// as "1735680903" or "1735680903.000200". Nothing when it is no moment between
// the years 1970 and 9999.
std::optional<std::string> moment_of(const std::string& text);

}  // namespace kg_batch::transcripts
