// The time that timestamps, batches and expiry go by. It starts as the real
// time, can be advanced and can run faster or slower, never goes back, and runs
// on while the server is down, as the real service would.

#pragma once

#include <cstdint>
#include <string>

namespace kg_sim {

class VirtualClock {
 public:
  // Reads where an earlier run left it; "" keeps nothing.
  explicit VirtualClock(std::string state_path);

  std::int64_t now_ms() const;  // since 1970
  std::int64_t now_s() const { return now_ms() / 1000; }
  double scale() const { return scale_; }

  void advance_ms(std::int64_t by);  // by > 0
  void set_scale(double scale);      // virtual seconds a real second, 0 stops the clock

 private:
  void anchor();
  void save() const;

  std::string state_path_;
  std::int64_t real_ms_;
  std::int64_t virtual_ms_;
  double scale_ = 1.0;
};

// CLOCK_MONOTONIC in milliseconds: comparable between the processes of one machine.
double monotonic_ms();

}  // namespace kg_sim
