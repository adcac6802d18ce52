#include "application.h"
#include "list_parameters.h"

namespace kg_sim {

namespace {

using Result = std::variant<const BatchRecord*, ApiError>;

// Long enough for what is due of small batches, so that they are seen as they
// should be at this moment.
constexpr std::chrono::milliseconds catch_up{3};

Response answer(Application& application, const Result& result, Call& call) {
  if (const auto* error = std::get_if<ApiError>(&result)) return error_response(*error);
  const BatchRecord& batch = *std::get<const BatchRecord*>(result);
  call.entry.batch_id = batch.batch_id;
  return json_response(to_api_json(batch, application.settings));
}

}  // namespace

void add_batch_routes(Application& application) {
  Router& router = application.router;
  router.add("POST", "/v1/batches", [&](Call& call) {
    if (!call.body || !call.body->is_object())
      return error_response({400, "We could not parse the JSON body of your request. The OpenAI API expects a JSON "
                                  "payload, but what was sent was not valid JSON.",
                             std::nullopt, std::nullopt});
    Response response =
        answer(application, application.batches.create(*call.body, call.request.header("idempotency-key")), call);
    application.wake();
    return response;
  });
  router.add("GET", "/v1/batches", [&](Call& call) {
    application.step(catch_up);
    const auto parameters = read_list_parameters(call.request, 20, 100);
    if (const auto* error = std::get_if<ApiError>(&parameters)) return error_response(*error);
    std::vector<Json> all;
    for (const BatchRecord* batch : application.batches.newest_first())
      all.push_back(to_api_json(*batch, application.settings));
    auto page = page_of(std::move(all), std::get<ListParameters>(parameters));
    if (const auto* error = std::get_if<ApiError>(&page)) return error_response(*error);
    return json_response(std::get<Json>(page));
  });
  router.add("GET", "/v1/batches/{batch_id}", [&](Call& call) {
    application.step(catch_up);
    const BatchRecord* batch = application.batches.find(call.parts[0]);
    if (!batch)
      return error_response({404, "No batch found with id '" + call.parts[0] + "'.", std::nullopt, std::nullopt});
    return answer(application, batch, call);
  });
  router.add("POST", "/v1/batches/{batch_id}/cancel", [&](Call& call) {
    application.step(catch_up);
    Response response = answer(application, application.batches.cancel(call.parts[0]), call);
    application.wake();
    return response;
  });
}

}  // namespace kg_sim
