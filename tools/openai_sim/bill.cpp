#include "bill.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "durable_file.h"

namespace kg_sim {

namespace {

// Raw digest bytes: half the memory of the hex text for each of millions of questions.
std::string packed(const std::string& hex) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size() && i < 32; i += 2)
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

double dollars(Picodollars money) { return static_cast<double>(money) / 1e12; }

}  // namespace

Bill::Bill(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  if (const auto text = read_whole_file(path_)) {
    std::size_t from = 0;
    while (from < text->size()) {
      const std::size_t end = text->find('\n', from);
      if (end == std::string::npos) break;
      if (const auto line = parse_json(std::string_view(*text).substr(from, end - from))) {
        if (const std::string question = text_member(*line, "delivered"); !question.empty()) {
          questions_[packed(question)].delivered = true;
        } else {
          PaidAnswer answer{text_member(*line, "question"), text_member(*line, "stage"), text_member(*line, "model"),
                            text_member(*line, "batch_id"), {}};
          answer.use.input = line->value("input", std::int64_t{0});
          answer.use.cached = line->value("cached", std::int64_t{0});
          answer.use.cache_write = line->value("cache_write", std::int64_t{0});
          answer.use.output = line->value("output", std::int64_t{0});
          answer.use.reasoning = line->value("reasoning", std::int64_t{0});
          count(answer);
        }
      }
      from = end + 1;
    }
  }
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) throw std::runtime_error("could not open \"" + path_ + "\"");
}

Bill::~Bill() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

namespace {

void append(int descriptor, const Json& line) {
  if (descriptor < 0) return;
  const std::string text = to_text(line) + "\n";
  if (::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("could not write the bill");
}

}  // namespace

void Bill::add(const PaidAnswer& answer) {
  Json line = Json::object();
  line["question"] = answer.question;
  line["stage"] = answer.stage;
  line["model"] = answer.model;
  if (!answer.batch_id.empty()) line["batch_id"] = answer.batch_id;
  line["input"] = answer.use.input;
  line["cached"] = answer.use.cached;
  line["cache_write"] = answer.use.cache_write;
  line["output"] = answer.use.output;
  line["reasoning"] = answer.use.reasoning;
  append(descriptor_, line);
  count(answer);
}

void Bill::delivered(const std::string& question) {
  bool& known = questions_[packed(question)].delivered;
  if (known) return;
  known = true;
  Json line = Json::object();
  line["delivered"] = question;
  append(descriptor_, line);
}

void Bill::count(const PaidAnswer& answer) {
  const bool batch = !answer.batch_id.empty();
  const Picodollars at_list = price(answer.model, answer.use, false);
  const Picodollars money = batch ? price(answer.model, answer.use, true) : at_list;
  for (Sum* sum : {batch ? &batch_ : &direct_, &stages_[answer.stage], &models_[answer.model]}) {
    ++sum->answers;
    sum->use += answer.use;
    sum->money += money;
    sum->at_list += at_list;
  }
  Question& question = questions_[packed(answer.question)];
  if (question.answers++ > 0) {
    ++repeated_answers_;
    ++repeated_by_stage_[answer.stage];
    // Of a question of a batch also the one that went directly beside it.
    ++(batch || question.in_batch ? batch_ : direct_).repeated;
  }
  if (question.delivered) ++repeated_after_delivery_;
  // A batch's answers wait in its result file for whoever asks.
  if (batch) question.delivered = question.in_batch = true;
}

void Bill::count_request(const std::string& route) { ++routes_[route].requests; }
void Bill::count_asked(const std::string& stage) { ++stage_requests_[stage]; }

void Bill::count_status(const std::string& route, int status) { ++routes_[route].statuses[status]; }

void Bill::chat_began() { most_in_flight_ = std::max(most_in_flight_, ++in_flight_); }
void Bill::chat_ended() { --in_flight_; }

Json Bill::describe(const Sum& sum) {
  Json json = Json::object();
  json["answers"] = sum.answers;
  json["input_tokens"] = sum.use.input;
  json["cached_tokens"] = sum.use.cached;
  json["cache_write_tokens"] = sum.use.cache_write;
  json["output_tokens"] = sum.use.output;
  json["reasoning_tokens"] = sum.use.reasoning;
  json["usd"] = dollars(sum.money);
  json["usd_at_list"] = dollars(sum.at_list);
  return json;
}

Json Bill::describe() const {
  Json json = Json::object();
  std::int64_t requests = 0;
  Json routes = Json::object();
  for (const auto& [name, route] : routes_) {
    requests += route.requests;
    Json statuses = Json::object();
    for (const auto& [status, times] : route.statuses) statuses[std::to_string(status)] = times;
    routes[name] = Json{{"requests", route.requests}, {"statuses", std::move(statuses)}};
  }
  json["requests"] = requests;
  json["routes"] = std::move(routes);
  Json stages = Json::object();
  for (const auto& [stage, sum] : stages_) {
    Json one = describe(sum);
    const auto asked = stage_requests_.find(stage);
    one["direct_requests"] = asked == stage_requests_.end() ? 0 : asked->second;
    const auto repeated = repeated_by_stage_.find(stage);
    one["repeated_answers"] = repeated == repeated_by_stage_.end() ? 0 : repeated->second;
    stages[stage] = std::move(one);
  }
  for (const auto& [stage, times] : stage_requests_)
    if (!stages.contains(stage)) stages[stage] = Json{{"answers", 0}, {"direct_requests", times}};
  json["stages"] = std::move(stages);
  Json models = Json::object();
  for (const auto& [model, sum] : models_) models[model] = describe(sum);
  json["models"] = std::move(models);
  json["direct"] = describe(direct_);
  json["direct"]["repeated_answers"] = direct_.repeated;
  json["batch"] = describe(batch_);
  json["batch"]["repeated_answers"] = batch_.repeated;
  Sum all = direct_;
  all.answers += batch_.answers;
  all.use += batch_.use;
  all.money += batch_.money;
  all.at_list += batch_.at_list;
  json["all"] = describe(all);
  std::int64_t questions = 0;
  for (const auto& [hash, question] : questions_) questions += question.answers > 0;
  json["questions"] = questions;
  json["repeated_answers"] = repeated_answers_;
  json["repeated_after_delivery"] = repeated_after_delivery_;
  json["in_flight"] = in_flight_;
  json["max_in_flight"] = most_in_flight_;
  return json;
}

void Bill::clear() {
  direct_ = batch_ = {};
  stages_.clear();
  models_.clear();
  routes_.clear();
  stage_requests_.clear();
  questions_.clear();
  repeated_by_stage_.clear();
  repeated_answers_ = repeated_after_delivery_ = 0;
  most_in_flight_ = in_flight_;
  if (descriptor_ >= 0 && ::ftruncate(descriptor_, 0) != 0) throw std::runtime_error("could not empty the bill");
}

}  // namespace kg_sim
