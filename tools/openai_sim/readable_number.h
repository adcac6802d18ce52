#pragma once

#include <cstdint>
#include <string>

namespace kg_sim {

// 2000000 as "2,000,000".
std::string grouped(std::int64_t number);

// As Go writes durations: 20ms, 1s, 1.5s, 6m0s.
std::string go_duration(double milliseconds);

}  // namespace kg_sim
