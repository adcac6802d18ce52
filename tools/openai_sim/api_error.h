// An error in OpenAI's envelope: {"error":{message,type,param,code}}, all four
// keys always there.

#pragma once

#include <optional>
#include <string>

#include "http_message.h"
#include "json.h"

namespace kg_sim {

struct ApiError {
  int status = 400;
  std::string message;
  std::optional<std::string> param;
  std::optional<std::string> code;
  std::string type = "invalid_request_error";
};

Json error_body(const ApiError& error);
Response error_response(const ApiError& error);
Response json_response(const Json& body);

}  // namespace kg_sim
