#include "endpoint.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <stdexcept>
#include <utility>

#include "openai/http.h"
#include "openai/retry.h"

namespace kg_batch::evaluate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int most_attempts = 5;

class Asking {
 public:
  Asking(const EndpointOptions& options, const std::vector<Asked>& asked) : options_(options), asked_(asked) {
    answers_.resize(asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      waiting_.push_back({Clock::now(), i, 1});
    }
  }

  std::vector<Answered> run() {
    while (!waiting_.empty() || http_.in_flight() > 0) {
      start_what_is_due();
      wait();
    }
    return std::move(answers_);
  }

 private:
  struct Attempt {
    Clock::time_point due;
    std::size_t which = 0;
    int number = 1;
  };

  void start_what_is_due() {
    const Clock::time_point now = Clock::now();
    for (auto attempt = waiting_.begin();
         attempt != waiting_.end() && http_.in_flight() < static_cast<std::size_t>(options_.parallel);) {
      if (attempt->due > now) {
        ++attempt;
        continue;
      }
      const Attempt starting = *attempt;
      attempt = waiting_.erase(attempt);
      const Asked& question = asked_[starting.which];
      const std::string body = stages::chat_body(*question.stage, options_.model, question.prompt->text,
                                                 options_.reasoning_effort, question.stage->max_output_tokens(),
                                                 question.question);
      http_.start(openai::chat_request(options_.endpoint, body),
                  [this, starting](openai::HttpResponse&& response) { take(starting, response); });
    }
  }

  void wait() {
    if (http_.in_flight() == 0 && waiting_.empty()) {
      return;
    }
    std::int64_t milliseconds = http_.timeout_ms() < 0 ? 60'000 : http_.timeout_ms();
    if (http_.in_flight() < static_cast<std::size_t>(options_.parallel)) {
      for (const Attempt& attempt : waiting_) {
        const auto until = std::chrono::ceil<std::chrono::milliseconds>(attempt.due - Clock::now()).count();
        milliseconds = std::clamp<std::int64_t>(until, 0, milliseconds);
      }
    }
    pollfd descriptor{http_.poll_fd(), POLLIN, 0};
    if (::poll(&descriptor, 1, static_cast<int>(milliseconds)) > 0) {
      http_.ready();
    } else {
      http_.timed_out();
    }
  }

  void take(const Attempt& attempt, const openai::HttpResponse& response) {
    Answered& answer = answers_[attempt.which];
    const openai::Result<openai::ChatAnswer> result = openai::read_chat(response);
    if (const auto* error = std::get_if<openai::ApiError>(&result)) {
      const bool again = error->advice == openai::Advice::retry && attempt.number < most_attempts;
      if (again) {
        // Spread without chance, so that runs are alike.
        const double spread = static_cast<double>(attempt.which % 10) / 10;
        const auto pause = std::chrono::milliseconds(openai::backoff_ms(attempt.number, error->retry_after_ms, spread));
        waiting_.push_back({Clock::now() + pause, attempt.which, attempt.number + 1});
      } else {
        answer.failure = error->message.empty() ? "status " + std::to_string(error->status) : error->message;
      }
      return;
    }
    const auto& said = std::get<openai::ChatAnswer>(result);
    answer.source = options_.said_by.empty() ? said.model + " at " + options_.endpoint.base_url : options_.said_by;
    answer.content = said.content;
    answer.usage = said.usage.value_or(openai::Usage{});
    switch (said.finish) {
      case openai::Finish::stop:
        break;
      case openai::Finish::length:
        answer.failure = "cut off";
        break;
      case openai::Finish::refusal:
        answer.failure = "refused: " + said.content;
        break;
      case openai::Finish::content_filter:
        answer.failure = "filtered";
        break;
      case openai::Finish::empty:
        answer.failure = "empty";
        break;
    }
  }

  const EndpointOptions& options_;
  const std::vector<Asked>& asked_;
  openai::Http http_;
  std::deque<Attempt> waiting_;
  std::vector<Answered> answers_;
};

}  // namespace

Answering answering_by(EndpointOptions options) {
  return [options = std::move(options)](const std::vector<Asked>& asked) { return Asking(options, asked).run(); };
}

}  // namespace kg_batch::evaluate
