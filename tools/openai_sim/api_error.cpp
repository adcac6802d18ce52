#include "api_error.h"

namespace kg_sim {

Json error_body(const ApiError& error) {
  Json inner = Json::object();
  inner["message"] = error.message;
  inner["type"] = error.type;
  inner["param"] = error.param ? Json(*error.param) : Json(nullptr);
  inner["code"] = error.code ? Json(*error.code) : Json(nullptr);
  Json body = Json::object();
  body["error"] = std::move(inner);
  return body;
}

Response error_response(const ApiError& error) {
  Response response;
  response.status = error.status;
  response.body = to_readable_text(error_body(error)) + "\n";
  return response;
}

Response json_response(const Json& body) {
  Response response;
  response.body = to_readable_text(body) + "\n";
  return response;
}

}  // namespace kg_sim
