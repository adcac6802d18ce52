// Faults to order: rules that say which requests, answers or lines go wrong, how
// and how often. The places that can go wrong ask `take` and do what the fault
// they get says; a fault's name decides at which point it acts (`known_faults`
// in faults.cpp is the list, README.md says what each does).
//
// A rule with a probability decides by its seed, the question and how often
// this question came: the same run goes wrong in the same places whatever the
// order in which requests arrive.

#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json.h"

namespace kg_sim {

enum class FaultPoint {
  request,     // a whole request was read and nothing done; with "accepted": after it was done
  answer,      // what a model says, direct or in a batch line
  batch_line,  // what stands of a line in the result files
  batch,       // what becomes of a batch, decided when it is created
};

struct Occasion {
  FaultPoint point;
  std::string_view method, path;
  std::string_view stage;    // name of the schema, where there is one
  std::string_view text;     // what `contains` looks into: body of the request, custom_id and body of a line
  std::string_view key;      // what the question is known by; equal keys are repetitions
  bool batch = false;
};

struct Fault {
  std::string name;
  Json parameters;
  bool accepted = false;
};

class Faults {
 public:
  // {"fault":NAME, "method":REGEX, "path":REGEX, "stage":NAME, "contains":TEXT, "where":"direct"|"batch",
  //  "count":N, "skip":N, "probability":P, "seed":N, …parameters}. An error text for what is not one.
  std::optional<std::string> add(const Json& rule);
  void clear() { rules_.clear(); }
  bool empty() const { return rules_.empty(); }
  std::optional<Fault> take(const Occasion& occasion);
  Json describe() const;

 private:
  struct Rule {
    std::string name;
    FaultPoint point;
    std::string method_text, path_text;
    std::optional<std::regex> method, path;
    std::string stage, contains, where;
    std::optional<std::int64_t> count;
    std::int64_t skip = 0;
    double probability = 1.0;
    std::uint64_t seed = 0;
    bool accepted = false;
    Json parameters;
    std::int64_t matched = 0, taken = 0;
    std::unordered_map<std::uint64_t, std::uint64_t> seen;
  };
  std::vector<Rule> rules_;
};

}  // namespace kg_sim
