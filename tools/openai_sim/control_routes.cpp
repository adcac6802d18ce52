// What a test sees and sets: /_sim/….

#include "application.h"

namespace kg_sim {

namespace {

Response bad_control(const std::string& message) {
  return error_response({400, message, std::nullopt, std::nullopt, "stand_in_control"});
}

Json clock_json(const VirtualClock& clock) {
  Json json = Json::object();
  json["now_s"] = clock.now_s();
  json["now_ms"] = clock.now_ms();
  json["scale"] = clock.scale();
  return json;
}

Response set_clock(Application& application, const Call& call) {
  if (!call.body || !call.body->is_object()) return bad_control("a clock is set with {\"advance_s\":…,\"scale\":…}");
  for (const auto& [name, value] : call.body->items()) {
    if (name != "advance_s" && name != "scale") return bad_control("unknown \"" + name + "\"; there are advance_s, scale");
    if (!value.is_number() || value.get<double>() < 0) return bad_control("\"" + name + "\" is a number from 0");
  }
  if (const Json* scale = member(*call.body, "scale")) application.clock.set_scale(scale->get<double>());
  if (const Json* advance = member(*call.body, "advance_s"))
    application.clock.advance_ms(static_cast<std::int64_t>(advance->get<double>() * 1000));
  application.wake();
  return json_response(clock_json(application.clock));
}

Response set_faults(Application& application, const Call& call) {
  if (!call.body) return bad_control("a fault is JSON");
  // All or none: what is wrong in the middle must not leave half of them.
  Faults tried = application.faults;
  for (const Json& rule : call.body->is_array() ? *call.body : Json::array({*call.body}))
    if (const auto error = tried.add(rule)) return bad_control(*error);
  application.faults = std::move(tried);
  return json_response(application.faults.describe());
}

Response read_journal(Application& application, const Call& call) {
  std::int64_t after = 0;
  std::size_t limit = 1000;
  std::string path;
  try {
    for (const auto& [name, value] : call.request.query) {
      if (name == "after") after = std::stoll(value);
      else if (name == "limit") limit = static_cast<std::size_t>(std::stoll(value));
      else if (name == "path") path = value;
      else return bad_control("unknown \"" + name + "\"; there are after, limit, path");
    }
    return json_response(application.journal.read(after, limit, path));
  } catch (const std::exception& error) {
    return bad_control(std::string("not a journal query: ") + error.what());
  }
}

}  // namespace

void add_control_routes(Application& application) {
  Router& router = application.router;
  router.add("GET", "/_sim/config", [&](Call&) { return json_response(to_json(application.settings)); });
  router.add("POST", "/_sim/config", [&](Call& call) {
    if (!call.body) return bad_control("settings are a JSON object");
    if (const auto error = change(application.settings, *call.body)) return bad_control(*error);
    return json_response(to_json(application.settings));
  });
  router.add("GET", "/_sim/clock", [&](Call&) { return json_response(clock_json(application.clock)); });
  router.add("POST", "/_sim/clock", [&](Call& call) { return set_clock(application, call); });
  router.add("GET", "/_sim/faults", [&](Call&) { return json_response(application.faults.describe()); });
  router.add("POST", "/_sim/faults", [&](Call& call) { return set_faults(application, call); });
  router.add("DELETE", "/_sim/faults", [&](Call&) {
    application.faults.clear();
    return json_response(application.faults.describe());
  });
  router.add("GET", "/_sim/stats", [&](Call&) { return json_response(application.bill.describe()); });
  router.add("GET", "/_sim/journal", [&](Call& call) { return read_journal(application, call); });
  router.add("POST", "/_sim/reset", [&](Call&) {
    application.batches.clear();
    application.files.clear();
    application.faults.clear();
    application.bill.clear();
    application.rate_limits.clear();
    application.chat.forget_prompts();
    application.answers.forget_readings();
    application.journal.clear();
    return json_response(Json{{"reset", true}});
  });
}

}  // namespace kg_sim
