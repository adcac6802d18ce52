#include "file_store.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "durable_file.h"
#include "identifiers.h"

namespace kg_sim {

FileStore::FileStore(std::string folder, const VirtualClock& clock) : folder_(std::move(folder)), clock_(clock) {
  std::filesystem::create_directories(folder_);
  std::vector<std::filesystem::path> left_over;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("file-", 0) != 0 || entry.path().extension() == ".new") left_over.push_back(entry.path());
    if (name.rfind("file-", 0) != 0 || entry.path().extension() != ".json") continue;
    const auto text = read_whole_file(entry.path().string());
    const auto json = text ? parse_json(*text) : std::nullopt;
    if (!json) continue;
    StoredFile file;
    file.file_id = text_member(*json, "id");
    file.filename = text_member(*json, "filename");
    file.purpose = text_member(*json, "purpose");
    file.bytes = json->value("bytes", std::int64_t{0});
    file.created_at = json->value("created_at", std::int64_t{0});
    if (const Json* expires = member(*json, "expires_at")) file.expires_at = expires->get<std::int64_t>();
    file.order = json->value("order", std::int64_t{0});
    last_order_ = std::max(last_order_, file.order);
    files_[file.file_id] = file;
  }
  for (const auto& path : left_over) std::filesystem::remove(path);
}

std::string FileStore::new_temporary() {
  return folder_ + "/incoming-" + std::to_string(::getpid()) + "-" + std::to_string(++temporaries_);
}

StoredFile FileStore::add(const std::string& temporary, StoredFile file, std::optional<std::int64_t> lifetime_s) {
  file.file_id = new_file_id();
  file.created_at = clock_.now_s();
  if (lifetime_s) file.expires_at = file.created_at + *lifetime_s;
  file.order = ++last_order_;
  if (std::rename(temporary.c_str(), path_of(file.file_id).c_str()) != 0)
    throw std::runtime_error("could not rename \"" + temporary + "\"");
  Json json = to_json(file);
  json["order"] = file.order;
  write_file_atomically(path_of(file.file_id) + ".json", to_text(json));
  files_[file.file_id] = file;
  return file;
}

const StoredFile* FileStore::find(const std::string& file_id) {
  const auto found = files_.find(file_id);
  if (found == files_.end()) return nullptr;
  if (found->second.expires_at && *found->second.expires_at <= clock_.now_s()) {
    drop(file_id);
    return nullptr;
  }
  return &found->second;
}

bool FileStore::remove(const std::string& file_id) {
  if (!find(file_id)) return false;
  drop(file_id);
  return true;
}

void FileStore::drop(const std::string& file_id) {
  std::remove((path_of(file_id) + ".json").c_str());
  std::remove(path_of(file_id).c_str());
  files_.erase(file_id);
}

std::string FileStore::path_of(const std::string& file_id) const { return folder_ + "/" + file_id; }

std::vector<const StoredFile*> FileStore::all() {
  std::vector<std::string> ids;
  for (const auto& [file_id, file] : files_) ids.push_back(file_id);
  for (const std::string& file_id : ids) find(file_id);
  std::vector<const StoredFile*> list;
  for (const auto& [file_id, file] : files_) list.push_back(&file);
  std::sort(list.begin(), list.end(), [](const auto* a, const auto* b) { return a->order > b->order; });
  return list;
}

void FileStore::clear() {
  while (!files_.empty()) drop(files_.begin()->first);
}

Json to_json(const StoredFile& file) {
  Json json = Json::object();
  json["object"] = "file";
  json["id"] = file.file_id;
  json["purpose"] = file.purpose;
  json["filename"] = file.filename;
  json["bytes"] = file.bytes;
  json["created_at"] = file.created_at;
  json["expires_at"] = file.expires_at ? Json(*file.expires_at) : Json(nullptr);
  json["status"] = "processed";
  json["status_details"] = nullptr;
  return json;
}

}  // namespace kg_sim
