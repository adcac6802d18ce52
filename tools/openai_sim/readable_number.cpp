#include "readable_number.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace kg_sim {

std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string go_duration(double milliseconds) {
  const auto whole = static_cast<long long>(std::ceil(std::max(0.0, milliseconds)));
  char text[64];
  if (whole > 0 && whole < 1000) {
    std::snprintf(text, sizeof text, "%lldms", whole);
    return text;
  }
  const long long hours = whole / 3'600'000, minutes = whole / 60'000 % 60, seconds = whole / 1000 % 60;
  std::string duration;
  if (hours > 0) duration.append(std::to_string(hours)).push_back('h');
  if (hours > 0 || minutes > 0) duration.append(std::to_string(minutes)).push_back('m');
  duration.append(std::to_string(seconds));
  if (whole % 1000) {
    std::snprintf(text, sizeof text, ".%03lld", whole % 1000);
    duration.append(text);
    while (duration.back() == '0') duration.pop_back();
  }
  duration.push_back('s');
  return duration;
}

}  // namespace kg_sim
