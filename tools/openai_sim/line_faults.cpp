#include "line_faults.h"

#include "identifiers.h"
#include "json_changes.h"

namespace kg_sim {

std::vector<LineToWrite> faulty_lines(const Fault& fault, bool success, const Json& line,
                                      const std::function<std::string(const Json&)>& serialize) {
  const Json& parameters = fault.parameters;
  const std::string as_ever = serialize(line) + "\n";
  if (fault.name == "missing_line") return {};
  if (fault.name == "duplicated_line") return {{success, as_ever}, {success, as_ever}};
  if (fault.name == "line_in_both_files") return {{success, as_ever}, {!success, as_ever}};
  if (fault.name == "unknown_line") {
    Json unknown = line;
    unknown["custom_id"] = parameters.value("custom_id", "unknown-" + new_request_id());
    return {{success, as_ever}, {success, serialize(unknown) + "\n"}};
  }
  if (fault.name == "conflicting_line") {
    Json other = line;
    const Json::json_pointer content("/response/body/choices/0/message/content");
    if (other.contains(content)) other[content] = parameters.value("text", "{\"something\":\"else\"}");
    const LineToWrite conflicting{success, serialize(other) + "\n"};
    if (parameters.value("first", false)) return {conflicting, {success, as_ever}};
    return {{success, as_ever}, conflicting};
  }
  if (fault.name == "body_as_text") {
    Json odd = line;
    const Json::json_pointer body("/response/body");
    if (odd.contains(body)) odd[body] = to_text(odd[body]);
    return {{success, serialize(odd) + "\n"}};
  }
  if (fault.name == "changed_line") return {{success, serialize(changed(line, parameters)) + "\n"}};
  if (fault.name == "raw_line")
    return {{success, parameters.value("before", "") + parameters.value("text", serialize(line)) +
                          parameters.value("after", "\n")}};
  return {{success, as_ever}};
}

}  // namespace kg_sim
