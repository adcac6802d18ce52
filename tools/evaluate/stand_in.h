// A stand-in for the API of one's own, for as long as the object lives: what a
// run asks when no endpoint was named.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace kg_batch::evaluate {

class StandIn {
 public:
  // `program` is openai_sim, `options` besides port and state are the caller's.
  // Throws std::runtime_error when it does not come to listen.
  StandIn(const std::filesystem::path& program, const std::vector<std::string>& options);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  const std::string& base_url() const { return base_url_; }

 private:
  pid_t process_ = -1;
  std::filesystem::path state_;
  std::string base_url_;
};

}  // namespace kg_batch::evaluate
