#include "virtual_clock.h"

#include <ctime>
#include <chrono>

#include "durable_file.h"
#include "json.h"

namespace kg_sim {

namespace {

std::int64_t real_now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

VirtualClock::VirtualClock(std::string state_path)
    : state_path_(std::move(state_path)), real_ms_(real_now_ms()), virtual_ms_(real_ms_) {
  if (state_path_.empty()) return;
  const auto text = read_whole_file(state_path_);
  const auto saved = text ? parse_json(*text) : std::nullopt;
  if (!saved || !saved->is_object()) return;
  real_ms_ = saved->value("real_ms", real_ms_);
  virtual_ms_ = saved->value("virtual_ms", virtual_ms_);
  scale_ = saved->value("scale", 1.0);
}

std::int64_t VirtualClock::now_ms() const {
  return virtual_ms_ + static_cast<std::int64_t>(static_cast<double>(real_now_ms() - real_ms_) * scale_);
}

void VirtualClock::advance_ms(std::int64_t by) {
  anchor();
  virtual_ms_ += by;
  save();
}

void VirtualClock::set_scale(double scale) {
  anchor();
  scale_ = scale;
  save();
}

void VirtualClock::anchor() {
  virtual_ms_ = now_ms();
  real_ms_ = real_now_ms();
}

void VirtualClock::save() const {
  if (state_path_.empty()) return;
  Json state = Json::object();
  state["real_ms"] = real_ms_;
  state["virtual_ms"] = virtual_ms_;
  state["scale"] = scale_;
  write_file_atomically(state_path_, to_text(state));
}

double monotonic_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace kg_sim
