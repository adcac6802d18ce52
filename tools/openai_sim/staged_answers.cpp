#include "staged_answers.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "durable_file.h"
#include "rules/rules.h"
#include "rules/staged.h"
#include "sha256.h"

namespace kg_sim {

namespace {

std::string hash_of(const Json& shown) { return sha256_hex({to_text(shown)}).substr(0, 32); }

}  // namespace

// A line is the hash, a space, the answer.
StagedAnswers::StagedAnswers(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) throw std::runtime_error("could not open \"" + path + "\"");
  const std::string text = read_whole_file(path).value_or("");
  std::size_t from = 0;
  for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    const std::size_t space = text.find(' ', from);
    if (space < end)
      places_.emplace(text.substr(from, space - from),
                      Place{static_cast<std::int64_t>(space + 1), static_cast<std::int64_t>(end - space - 1)});
  }
  end_ = static_cast<std::int64_t>(from);
  // A kill may have left a part of a line.
  if (::ftruncate(descriptor_, end_) != 0) throw std::runtime_error("could not write to \"" + path + "\"");
}

StagedAnswers::~StagedAnswers() { ::close(descriptor_); }

bool StagedAnswers::is_staged(const std::string& stage) {
  return stage == "kg_parse" || stage == "kg_facts" || stage == "kg_metadata";
}

Json StagedAnswers::answer(const std::string& stage, const Json& document) {
  if (stage == "kg_parse") {
    const Json whole = rules::answer("kg_extract", document);
    if (whole.is_null()) return nullptr;
    keep(rules::shown_facts(document, whole), whole);
    return rules::facts_part(whole);
  }
  const Json shown = rules::shown_facts(document);
  if (shown.is_null()) return nullptr;
  const Json whole = find(shown);
  return stage == "kg_facts" ? rules::nodes_part(whole) : rules::metadata_part(whole, document);
}

void StagedAnswers::clear() {
  places_.clear();
  end_ = 0;
  if (::ftruncate(descriptor_, 0) != 0) throw std::runtime_error("could not empty the file of readings");
}

void StagedAnswers::keep(const Json& shown, const Json& whole) {
  const std::string hash = hash_of(shown);
  if (places_.contains(hash)) return;
  const std::string line = hash + " " + to_text(whole) + "\n";
  const auto size = static_cast<std::int64_t>(line.size());
  if (::pwrite(descriptor_, line.data(), line.size(), end_) != size)
    throw std::runtime_error("could not write to the file of readings");
  const auto before = static_cast<std::int64_t>(hash.size()) + 1;
  places_.emplace(hash, Place{end_ + before, size - before - 1});
  end_ += size;
}

Json StagedAnswers::find(const Json& shown) const {
  const auto found = places_.find(hash_of(shown));
  if (found == places_.end()) throw std::runtime_error("these facts were not read here: " + to_text(shown["facts"]).substr(0, 500));
  std::string text(static_cast<std::size_t>(found->second.size), '\0');
  if (::pread(descriptor_, text.data(), text.size(), found->second.begin) != found->second.size)
    throw std::runtime_error("could not read the file of readings");
  return Json::parse(text);
}

}  // namespace kg_sim
