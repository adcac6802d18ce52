#include "stand_in.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace kg_batch::evaluate {
namespace {

// The first line that comes, which is its address; empty when it ends before.
std::string first_line(int descriptor) {
  std::string line;
  char byte = 0;
  while (::read(descriptor, &byte, 1) == 1 && byte != '\n') {
    line += byte;
  }
  return line;
}

}  // namespace

StandIn::StandIn(const std::filesystem::path& program, const std::vector<std::string>& options) {
  std::string folder = (std::filesystem::temp_directory_path() / "kg_batch-evaluate.XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    throw std::runtime_error("could not make a folder for the stand-in");
  }
  state_ = folder;
  std::vector<std::string> words = {program.string(), "--port", "0", "--state", folder};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) {
    throw std::runtime_error("could not make a pipe for the stand-in");
  }
  const pid_t self = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    // Else it would outlive a run that crashes. The signal is not sent for what
    // died before it was asked for.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != self) {
      ::_exit(127);
    }
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  base_url_ = process_ < 0 ? "" : first_line(ends[0]);
  ::close(ends[0]);
  if (base_url_.empty()) {
    if (process_ > 0) {
      ::waitpid(process_, nullptr, 0);
    }
    std::filesystem::remove_all(state_);
    throw std::runtime_error("the stand-in \"" + program.string() + "\" did not start");
  }
}

StandIn::~StandIn() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(state_, ignored);
}

}  // namespace kg_batch::evaluate
