#include "application.h"

namespace kg_sim {

namespace {

Json model_json(const std::string& name) {
  Json json = Json::object();
  json["id"] = name;
  json["object"] = "model";
  json["created"] = 1735689600;
  json["owned_by"] = "openai";
  return json;
}

}  // namespace

void add_model_routes(Application& application) {
  application.router.add("GET", "/v1/models", [&](Call&) {
    Json list = Json::object();
    list["object"] = "list";
    list["data"] = Json::array();
    for (const std::string& name : known_models(application.settings)) list["data"].push_back(model_json(name));
    return json_response(list);
  });
  application.router.add("GET", "/v1/models/{model}", [&](Call& call) {
    if (!is_known_model(call.parts[0], application.settings))
      return error_response({404, "The model '" + call.parts[0] + "' does not exist", "model", "model_not_found"});
    return json_response(model_json(call.parts[0]));
  });
}

}  // namespace kg_sim
