#include "models.h"

#include <algorithm>
#include <array>

namespace kg_sim {

namespace {

struct Model {
  std::string_view name;
  // Microdollars a million tokens are picodollars a token.
  std::int64_t input, cached_input, cache_write, output;
  std::string_view snapshot;
  bool tiered;
};

constexpr std::array models = {
    Model{"gpt-6-luna", 100000, 10000, 125000, 500000, "", true},
    Model{"gpt-5.6-sol", 4000000, 400000, 5000000, 20000000, "", true},
    Model{"gpt-5.6-terra", 2000000, 200000, 2500000, 12000000, "", true},
    Model{"gpt-5.6-luna", 200000, 20000, 250000, 1200000, "", true},
    Model{"gpt-5.5", 5000000, 500000, 0, 30000000, "", true},
    Model{"gpt-5.4", 2500000, 250000, 0, 15000000, "", true},
    Model{"gpt-5.4-mini", 750000, 75000, 0, 4500000, "", false},
    Model{"gpt-5.4-nano", 200000, 20000, 0, 1250000, "", false},
    Model{"gpt-5.2", 1750000, 175000, 0, 14000000, "", false},
    Model{"gpt-5.1", 1250000, 125000, 0, 10000000, "", false},
    Model{"gpt-5", 1250000, 125000, 0, 10000000, "gpt-5-2025-08-07", false},
    Model{"gpt-5-mini", 250000, 25000, 0, 2000000, "gpt-5-mini-2025-08-07", false},
    Model{"gpt-5-nano", 50000, 5000, 0, 400000, "gpt-5-nano-2025-08-07", false},
    Model{"gpt-4.1", 2000000, 500000, 0, 8000000, "gpt-4.1-2025-04-14", false},
    Model{"gpt-4.1-mini", 400000, 100000, 0, 1600000, "gpt-4.1-mini-2025-04-14", false},
    Model{"gpt-4.1-nano", 100000, 25000, 0, 400000, "gpt-4.1-nano-2025-04-14", false},
    Model{"gpt-4o", 2500000, 1250000, 0, 10000000, "gpt-4o-2024-08-06", false},
    Model{"gpt-4o-mini", 150000, 75000, 0, 600000, "gpt-4o-mini-2024-07-18", false},
    Model{"o3", 2000000, 500000, 0, 8000000, "o3-2025-04-16", false},
    Model{"o4-mini", 1100000, 275000, 0, 4400000, "o4-mini-2025-04-16", false},
    Model{"o3-mini", 1100000, 550000, 0, 4400000, "o3-mini-2025-01-31", false},
    Model{"text-embedding-3-small", 20000, 20000, 0, 0, "", false},
    Model{"text-embedding-3-large", 130000, 130000, 0, 0, "", false},
    Model{"text-embedding-ada-002", 100000, 100000, 0, 0, "", false},
};

// A whole part of the name: "gpt-5" begins "gpt-5-mini" and not "gpt-5.4".
bool begins(std::string_view name, std::string_view prefix) {
  return name.substr(0, prefix.size()) == prefix && (name.size() == prefix.size() || name[prefix.size()] == '-');
}

const Model* find(std::string_view name) {
  const Model* best = nullptr;
  for (const Model& model : models)
    if (begins(name, model.name) && (!best || model.name.size() > best->name.size())) best = &model;
  return best;
}

}  // namespace

TokenUse& TokenUse::operator+=(const TokenUse& other) {
  input += other.input;
  cached += other.cached;
  cache_write += other.cache_write;
  output += other.output;
  reasoning += other.reasoning;
  return *this;
}

Picodollars price(std::string_view name, const TokenUse& use, bool batch) {
  const Model* model = find(name);
  if (!model) return 0;
  const bool upper_tier = model->tiered && use.input > 272000;
  const std::int64_t written = model->cache_write ? use.cache_write : 0;
  const std::int64_t cached_price = batch ? model->input : model->cached_input;
  Picodollars input = (use.input - use.cached - written) * model->input + use.cached * cached_price +
                      written * model->cache_write;
  Picodollars output = use.output * model->output;
  if (upper_tier) {
    input *= 2;
    output += output / 2;
  }
  return batch ? (input + output) / 2 : input + output;
}

bool is_known_model(std::string_view name, const Settings& settings) {
  return find(name) || std::find(settings.models.begin(), settings.models.end(), name) != settings.models.end();
}

std::vector<std::string> known_models(const Settings& settings) {
  std::vector<std::string> names(settings.models);
  for (const Model& model : models) names.emplace_back(model.name);
  return names;
}

std::string returned_model(std::string_view name) {
  const Model* model = find(name);
  return std::string(model && model->name == name && !model->snapshot.empty() ? model->snapshot : name);
}

bool is_reasoning_model(std::string_view name, const Settings& settings) {
  return std::any_of(settings.reasoning_models.begin(), settings.reasoning_models.end(),
                     [&](const std::string& prefix) { return name.substr(0, prefix.size()) == prefix; });
}

bool has_priced_cache_writes(std::string_view name) {
  const Model* model = find(name);
  return model && model->cache_write > 0;
}

std::optional<std::string> refused_effort(std::string_view name, std::string_view effort) {
  // Only gpt-5 itself and its small ones ever took `minimal`; `none` came with gpt-5.1.
  const Model* model = find(name);
  const bool first_gpt_5 =
      model && (model->name == "gpt-5" || model->name == "gpt-5-mini" || model->name == "gpt-5-nano");
  const bool o_series = !name.empty() && name[0] == 'o';
  if (o_series && (effort == "none" || effort == "minimal" || effort == "xhigh" || effort == "max"))
    return "'low', 'medium', and 'high'";
  if (first_gpt_5 && (effort == "none" || effort == "xhigh" || effort == "max"))
    return "'minimal', 'low', 'medium', and 'high'";
  if (!first_gpt_5 && !o_series && effort == "minimal") return "'none', 'low', 'medium', 'high', and 'xhigh'";
  return std::nullopt;
}

}  // namespace kg_sim
