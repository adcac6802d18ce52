#include <algorithm>

#include "application.h"
#include "list_parameters.h"

namespace kg_sim {

namespace {

Response no_such_file(const std::string& file_id) {
  return error_response({404, "No such File object: " + file_id, "id", std::nullopt});
}

Response list_files(Application& application, const Call& call) {
  const auto parameters = read_list_parameters(call.request, 10000, 10000);
  if (const auto* error = std::get_if<ApiError>(&parameters)) return error_response(*error);
  const auto value = [&](const char* name) {
    const auto found = call.request.query.find(name);
    return found == call.request.query.end() ? std::string() : found->second;
  };
  const std::string order = value("order");
  if (!order.empty() && order != "asc" && order != "desc")
    return error_response({400, "Invalid value: '" + order + "'. Supported values are: 'asc' and 'desc'.", "order",
                           "invalid_value"});
  const std::string purpose = value("purpose");
  std::vector<Json> all;
  for (const StoredFile* file : application.files.all())
    if (purpose.empty() || file->purpose == purpose) all.push_back(to_json(*file));
  if (order == "asc") std::reverse(all.begin(), all.end());
  auto page = page_of(std::move(all), std::get<ListParameters>(parameters));
  if (const auto* error = std::get_if<ApiError>(&page)) return error_response(*error);
  return json_response(std::get<Json>(page));
}

}  // namespace

void add_file_routes(Application& application) {
  Router& router = application.router;
  // Uploads never come here: they go to disk while they are read.
  router.add("POST", "/v1/files", [](Call&) { return Response{}; });
  router.add("GET", "/v1/files", [&](Call& call) { return list_files(application, call); });
  router.add("GET", "/v1/files/{file_id}", [&](Call& call) {
    call.entry.file_id = call.parts[0];
    const StoredFile* file = application.files.find(call.parts[0]);
    return file ? json_response(to_json(*file)) : no_such_file(call.parts[0]);
  });
  router.add("DELETE", "/v1/files/{file_id}", [&](Call& call) {
    call.entry.file_id = call.parts[0];
    if (!application.files.remove(call.parts[0])) return no_such_file(call.parts[0]);
    Json answer = Json::object();
    answer["object"] = "file";
    answer["deleted"] = true;
    answer["id"] = call.parts[0];
    return json_response(answer);
  });
  router.add("GET", "/v1/files/{file_id}/content", [&](Call& call) {
    call.entry.file_id = call.parts[0];
    const StoredFile* file = application.files.find(call.parts[0]);
    if (!file) return no_such_file(call.parts[0]);
    Response response;
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("content-disposition", "attachment; filename=\"" + file->file_id + ".jsonl\"");
    response.file_created_at = file->created_at;
    response.file = std::make_shared<OpenFile>(application.files.path_of(file->file_id));
    return response;
  });
}

}  // namespace kg_sim
