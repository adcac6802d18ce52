// Runs a target without libFuzzer, with the options of libFuzzer that are needed:
//
//   fuzz_TARGET [-runs=N] [-seed=N] [-max_len=BYTES] [-max_total_time=S] [-timeout=S] [-artifact_prefix=DIR/] [FILE…]
//
// Files are run once each. Without files inputs are made out of the target's
// examples; an input that takes a new way through the code is kept to be changed
// further. An input that ends the program, or takes longer than the timeout (CPU
// time), is written to DIR/crash-SEED-EXECUTION, and its name printed.

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "coverage.h"
#include "mutation.h"
#include "target.h"

// Of the sanitizers, where they are built in.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

using kg_batch::fuzz::Mutation;

// What is being run, where a signal handler finds it.
std::string current;
char artifact[4096];
std::uint64_t seed = 0;
std::uint64_t execution = 0;
std::string artifact_prefix = "./";
bool saved = false;

// Only what may be called from a signal handler.
void save() {
  if (saved || artifact[0] == '\0') {
    return;
  }
  saved = true;
  const int file = open(artifact, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    std::size_t at = 0;
    while (at < current.size()) {
      const ssize_t written = write(file, current.data() + at, current.size() - at);
      if (written <= 0) {
        break;
      }
      at += static_cast<std::size_t>(written);
    }
    close(file);
  }
  constexpr std::string_view words = "the input is in ";
  (void)!write(STDERR_FILENO, words.data(), words.size());
  (void)!write(STDERR_FILENO, artifact, std::char_traits<char>::length(artifact));
  (void)!write(STDERR_FILENO, "\n", 1);
}

void on_signal(int signal_number) {
  if (signal_number == SIGPROF) {
    constexpr std::string_view words = "PROPERTY BROKEN: ends in time\n";
    (void)!write(STDERR_FILENO, words.data(), words.size());
  }
  save();
  _exit(1);
}

void limit_time(long seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = seconds;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

void run(std::string input) {
  current = std::move(input);
  if (!artifact_prefix.empty()) {
    std::snprintf(artifact, sizeof artifact, "%scrash-%llu-%llu", artifact_prefix.c_str(), static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(execution));
  }
  // Memory of its exact size, so that a read past the end is one.
  const std::vector<std::uint8_t> bytes(current.begin(), current.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t runs = 10'000;
  std::size_t most = 8192;
  long timeout = 20;
  long total_seconds = 0;
  std::vector<std::string> files;
  seed = std::random_device{}();
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    const std::string name(argument.substr(0, equals));
    const std::string value(equals == std::string_view::npos ? "" : argument.substr(equals + 1));
    if (name == "-runs") {
      runs = std::stoull(value);
    } else if (name == "-seed") {
      seed = std::stoull(value);
    } else if (name == "-max_len") {
      most = std::stoull(value);
    } else if (name == "-timeout") {
      timeout = std::stol(value);
    } else if (name == "-max_total_time") {
      total_seconds = std::stol(value);
    } else if (name == "-artifact_prefix") {
      artifact_prefix = value;
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    } else {
      files.emplace_back(argument);
    }
  }
  std::vector<int> signals = {SIGABRT, SIGPROF};
  if (&__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(&save);
  } else {
    signals.insert(signals.end(), {SIGSEGV, SIGBUS, SIGFPE, SIGILL});
  }
  for (const int signal_number : signals) {
    struct sigaction action {};
    action.sa_handler = &on_signal;
    sigaction(signal_number, &action, nullptr);
  }

  if (!files.empty()) {
    artifact_prefix.clear();  // it is in a file already
    for (const std::string& path : files) {
      std::ifstream file(path, std::ios::binary);
      if (!file) {
        std::fprintf(stderr, "could not open %s\n", path.c_str());
        return 2;
      }
      limit_time(timeout);
      run({std::istreambuf_iterator<char>(file), {}});
    }
    std::printf("%zu files, no finding\n", files.size());
    return 0;
  }

  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  std::mt19937_64 random(seed);
  Mutation mutation(random, most);
  std::vector<std::string> kept = kg_batch::fuzz::examples();
  std::size_t ways = 0;
  for (const std::string& example : kept) {
    ++execution;
    limit_time(timeout);
    run(example);
    ways += kg_batch::fuzz::new_ways();
  }
  for (; execution < runs && (total_seconds == 0 || seconds() < static_cast<double>(total_seconds));) {
    ++execution;
    // What was found late leads further than what was found early.
    const std::size_t old = random() % kept.size();
    const std::size_t chosen = random() % 2 == 0 ? old : old + random() % (kept.size() - old);
    if (execution % 64 == 0) {
      limit_time(timeout);
    }
    run(mutation.of(kept[chosen], kept));
    if (const std::size_t found = kg_batch::fuzz::new_ways(); found > 0) {
      ways += found;
      kept.push_back(current);
    }
  }
  std::printf("%llu executions, seed %llu, %zu inputs kept, %zu ways, %.0f s, no finding\n", static_cast<unsigned long long>(execution),
              static_cast<unsigned long long>(seed), kept.size(), ways, seconds());
  return 0;
}
