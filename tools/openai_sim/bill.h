// What was answered and what it cost: the other side's ledger, against which
// "never paid twice" and "never more than it was told" are checked.
//
// Every answer of a model is one line of a file that is appended to before the
// answer is sent, so that a kill loses none. Requests by route are counted in
// memory only.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "json.h"
#include "models.h"

namespace kg_sim {

struct PaidAnswer {
  std::string question;  // SHA-256 of model, messages and response_format
  std::string stage, model;
  std::string batch_id;  // "" for a direct one
  TokenUse use;
};

class Bill {
 public:
  explicit Bill(std::string path);  // reads what is there; "" keeps nothing
  ~Bill();
  Bill(const Bill&) = delete;
  Bill& operator=(const Bill&) = delete;

  void add(const PaidAnswer& answer);
  // From now on another answer to the same question is one too many.
  void delivered(const std::string& question);

  void count_request(const std::string& route);
  void count_asked(const std::string& stage);  // a direct question, answered or not
  void count_status(const std::string& route, int status);
  void chat_began();
  void chat_ended();
  std::int64_t in_flight() const { return in_flight_; }

  Json describe() const;
  void clear();

 private:
  struct Sum {
    std::int64_t answers = 0;
    TokenUse use;
    Picodollars money = 0, at_list = 0;
    std::int64_t repeated = 0;
  };
  struct Route {
    std::int64_t requests = 0;
    std::map<int, std::int64_t> statuses;
  };
  struct Question {
    std::uint32_t answers = 0;
    bool delivered = false, in_batch = false;
  };
  void count(const PaidAnswer& answer);
  static Json describe(const Sum& sum);

  std::string path_;
  int descriptor_ = -1;
  Sum direct_, batch_;
  std::map<std::string, Sum> stages_, models_;
  std::map<std::string, Route> routes_;
  std::map<std::string, std::int64_t> stage_requests_;
  std::unordered_map<std::string, Question> questions_;
  std::map<std::string, std::int64_t> repeated_by_stage_;
  std::int64_t repeated_answers_ = 0, repeated_after_delivery_ = 0;
  std::int64_t in_flight_ = 0, most_in_flight_ = 0;
};

}  // namespace kg_sim
