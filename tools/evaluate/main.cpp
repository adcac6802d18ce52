// How well the shipped prompts do, on any endpoint: see README.md.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include "answers.h"
#include "conversation.h"
#include "endpoint.h"
#include "plan.h"
#include "report.h"
#include "shipped.h"
#include "stand_in.h"

namespace {

using namespace kg_batch::evaluate;  // NOLINT: this is the folder's program

struct Options {
  std::string base_url, model = "gpt-5-mini", effort, plan = "combined", answers, replay, store, only;
  std::vector<std::string> prompts, price;
  int parallel = 8;
  bool verbose = false;
};

std::string text_of(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) {
    throw std::runtime_error("could not read \"" + file + "\"");
  }
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The steps of one plan, with other texts where the caller has some.
std::vector<Prompt> steps_of(const std::vector<Prompt>& shipped, const std::string& plan, const Options& options) {
  std::vector<Prompt> steps;
  std::copy_if(shipped.begin(), shipped.end(), std::back_inserter(steps),
               [&](const Prompt& prompt) { return prompt.plan == plan; });
  for (const std::string& other : options.prompts) {
    const std::size_t equals = other.find('=');
    if (equals == std::string::npos) {
      throw std::runtime_error("--prompt is STAGE=FILE, not \"" + other + "\"");
    }
    for (Prompt& prompt : steps) {
      if (prompt.stage == other.substr(0, equals)) {
        prompt.text = text_of(other.substr(equals + 1));
      }
    }
  }
  return steps;
}

std::optional<Price> price_for(const Options& options, const std::filesystem::path& schema) {
  if (options.price.size() == 2) {
    const double input = std::stod(options.price[0]);
    return Price{"", input, input, std::stod(options.price[1])};
  }
  return price_of(shipped_prices(schema), options.model);
}

int run(const Options& options) {
  const std::filesystem::path source = KG_BATCH_SOURCE_DIR;
  std::vector<Conversation> conversations = read_conversations(source / "tools/evaluate/conversations");
  std::erase_if(conversations,
                [&](const Conversation& conversation) { return !conversation.id.starts_with(options.only); });
  std::optional<StandIn> stand_in;
  Answering answering;
  if (!options.answers.empty()) {
    answering = answering_from(read_answers(options.answers));
  } else {
    EndpointOptions endpoint;
    endpoint.model = options.model;
    endpoint.reasoning_effort = options.effort;
    endpoint.parallel = options.parallel;
    const char* key = std::getenv("OPENAI_API_KEY");
    endpoint.endpoint = {options.base_url, key == nullptr ? "none" : key, "", ""};
    if (options.base_url.empty()) {
      std::vector<std::string> words;
      if (!options.replay.empty()) {
        words = {"--mode", "replay", "--gold", options.replay};
      }
      stand_in.emplace(KG_BATCH_STAND_IN, words);
      endpoint.endpoint = {stand_in->base_url(), "none", "", ""};
      endpoint.said_by = options.replay.empty() ? "the stand-in, by rules" : "the stand-in, out of " + options.replay;
    }
    answering = answering_by(endpoint);
  }

  const std::vector<Prompt> shipped = shipped_prompts(source / "src/schema");
  std::vector<StoredAnswer> stored;
  bool failed = false;
  for (const std::string plan : {"combined", "staged"}) {
    if (options.plan != plan && options.plan != "both") {
      continue;
    }
    const PlanRun done = run_plan(conversations, steps_of(shipped, plan, options), answering);
    std::cout << plan << " plan, " << conversations.size() << " conversations\n";
    report(std::cout, done, options.answers.empty() ? price_for(options, source / "src/schema") : std::nullopt,
           options.verbose);
    std::cout << '\n';
    stored.insert(stored.end(), done.answers.begin(), done.answers.end());
    for (const ReadConversation& read : done.conversations) {
      failed = failed || !read.failures.empty();
    }
  }
  if (!options.store.empty()) {
    write_answers(options.store, stored);
  }
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("How well kg_batch's prompts do, by rule. The key is in OPENAI_API_KEY.", "evaluate");
  app.add_option("--base-url", options.base_url,
                 "of the endpoint, with /v1; without it a stand-in is started, which reads by rules");
  app.add_option("--model", options.model, "to ask")->capture_default_str();
  app.add_option("--reasoning-effort", options.effort, "of a reasoning model; its own without it");
  app.add_option("--plan", options.plan, "stages to ask")
      ->check(CLI::IsMember({"combined", "staged", "both"}))
      ->capture_default_str();
  app.add_option("--prompt", options.prompts, "STAGE=FILE: another text than the shipped one");
  app.add_option("--only", options.only, "conversations whose id begins so: en-, de-two-annas");
  app.add_option("--parallel", options.parallel, "questions at once")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--price", options.price,
                 "dollars a million tokens of input and of output, for a model without a listed price")
      ->expected(2);
  app.add_option("--answers", options.answers, "judge the answers in this file, ask nobody");
  app.add_option("--replay", options.replay, "let the stand-in serve the answers in this file");
  app.add_option("--store", options.store, "write the answers to this file");
  app.add_flag("--verbose", options.verbose, "every expectation that was not met, every item rejected");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::cerr << "evaluate: " << error.what() << '\n';
    return 2;
  }
}
