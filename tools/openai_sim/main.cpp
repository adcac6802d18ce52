// openai_sim: a stand-in for the parts of OpenAI's HTTP API that kg_batch uses.
// README.md has the options, the control routes and the faults.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "application.h"
#include "durable_file.h"
#include "server.h"

namespace {

// Each waiting question is an open connection.
void allow_many_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App options("A stand-in for the parts of OpenAI's HTTP API that kg_batch uses", "openai_sim");
  std::string host = "127.0.0.1", port_file, state, gold;
  std::uint16_t port = 0;
  kg_sim::Settings settings;
  std::vector<std::string> enqueued;
  options.add_option("--host", host, "address to listen on")->capture_default_str();
  options.add_option("--port", port, "port to listen on; 0 takes a free one")->capture_default_str();
  options.add_option("--port-file", port_file, "written with the port once it listens");
  options.add_option("--state", state, "folder of files, batches, clock and bill; survives restarts")->required();
  options.add_option("--mode", settings.mode, "where answers come from")
      ->check(CLI::IsMember({"rules", "oracle", "replay", "fixed"}))
      ->capture_default_str();
  options.add_option("--gold", gold, "answers of the modes oracle, replay and fixed");
  options.add_option("--latency-ms", settings.latency_ms, "before a chat completion is answered")->check(CLI::NonNegativeNumber);
  options.add_option("--latency-jitter-ms", settings.latency_jitter_ms, "up to so much more, by seed")->check(CLI::NonNegativeNumber);
  options.add_option("--batch-turnaround-s", settings.batch_turnaround_s, "from a batch's creation to its end")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  options.add_option("--rpm", settings.rpm, "requests a minute a model; 0 is no limit")->check(CLI::NonNegativeNumber);
  options.add_option("--tpm", settings.tpm, "tokens a minute a model; 0 is no limit")->check(CLI::NonNegativeNumber);
  options.add_option("--enqueued-tokens", enqueued, "MODEL=N: tokens that batches of a model may hold");
  options.add_option("--seed", settings.seed, "of everything that varies");
  options.add_option("--api-key", settings.api_key, "the only key taken; any that is not empty otherwise");
  CLI11_PARSE(options, argc, argv);

  try {
    for (const std::string& limit : enqueued) {
      const auto equals = limit.find('=');
      if (equals == std::string::npos) throw std::runtime_error("--enqueued-tokens is MODEL=N, not \"" + limit + "\"");
      settings.enqueued_tokens[limit.substr(0, equals)] = std::stoll(limit.substr(equals + 1));
    }
    allow_many_connections();
    kg_sim::Application application(settings, state, gold);
    kg_sim::serve(application, host, port, [&](std::uint16_t listening) {
      if (!port_file.empty()) kg_sim::write_file_atomically(port_file, std::to_string(listening) + "\n");
      std::printf("http://%s:%u/v1\n", host.c_str(), static_cast<unsigned>(listening));
      std::fflush(stdout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "openai_sim: %s\n", error.what());
    return 1;
  }
  return 0;
}
