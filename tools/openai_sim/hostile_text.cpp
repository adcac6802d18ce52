#include "hostile_text.h"

namespace kg_sim {

namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view name;
  std::string_view bytes;
  bool quoted;
};

constexpr Kind kinds[] = {
    {"escaped_nul", R"(K\u0000f2rsou)"sv, true},  // what a model says that means K\u00f2rsou
    {"raw_nul", "a\0b"sv, true},
    {"control_character", "a\x01\x1b[2Jb"sv, true},
    {"invalid_utf8", "a\xc3(b\xff"sv, true},
    {"overlong_utf8", "a\xc0\xaf"sv, true},
    {"lone_surrogate", R"(a\ud800b)"sv, true},
    {"line_separator", "a\xe2\x80\xa8" "b"sv, true},
    {"huge_number", "1e400"sv, false},
    {"huge_integer", "18446744073709551616"sv, false},
    {"nan", "NaN"sv, false},
};

std::string* first_text(Json& value) {
  if (value.is_string()) return value.get_ptr<std::string*>();
  if (value.is_structured())
    for (Json& inner : value)
      if (std::string* found = first_text(inner)) return found;
  return nullptr;
}

}  // namespace

const std::string hostile_placeholder = "kg_sim_hostile_text";

std::string hostile_kinds() {
  std::string names;
  for (const Kind& kind : kinds) names += std::string(names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

std::optional<HostileText> hostile_text(std::string_view name, bool inside_answer) {
  for (const Kind& kind : kinds) {
    if (kind.name != name) continue;
    HostileText hostile{"", kind.quoted};
    for (const char c : kind.bytes) hostile.bytes += c == '\\' && inside_answer ? std::string("\\\\") : std::string(1, c);
    return hostile;
  }
  return std::nullopt;
}

std::string nested_arrays(std::int64_t depth) {
  const auto size = static_cast<std::size_t>(depth);
  return std::string(size, '[') + std::string(size, ']');
}

bool put_before_text(Json& answer, const std::string& pointer, const std::string& text, bool replace) {
  std::string* place = nullptr;
  if (pointer.empty()) {
    place = first_text(answer);
  } else {
    const Json::json_pointer to(pointer);
    if (answer.contains(to) && answer[to].is_string()) place = answer[to].get_ptr<std::string*>();
  }
  if (!place) return false;
  *place = replace ? text : text + *place;
  return true;
}

std::string with_hostile_text(std::string serialized, const HostileText& hostile) {
  std::size_t size = hostile_placeholder.size();
  std::size_t at = serialized.find(hostile_placeholder);
  if (at == std::string::npos) return serialized;
  if (!hostile.quoted) {
    // With its quotes, which are escaped where the text is JSON within JSON.
    const bool escaped = at >= 2 && serialized[at - 2] == '\\';
    const std::size_t quote = escaped ? 2 : 1;
    at -= quote;
    size += 2 * quote;
  }
  serialized.replace(at, size, hostile.bytes);
  return serialized;
}

}  // namespace kg_sim
