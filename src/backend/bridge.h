// Where C++ and ereport meet: two primitives, and nowhere else in the project is
// there a sigsetjmp, a PG_TRY or an ereport(ERROR).
//
//   backend_call(lambda)  the only way to call the backend. Inside it nothing
//                         has a destructor, and its result is trivially
//                         destructible. A longjmp becomes an `Error`.
//   entry_point(lambda)   the whole body of every extern "C" entry point. It
//                         catches everything, leaves the catch block, and only
//                         then calls ereport.
//
// Destructors never call the backend: after an `Error` the transaction is
// aborted explicitly (workers) or by the backend (SQL functions), and what the
// backend allocated goes with its memory contexts.

#pragma once

#include "backend/pg.h"

namespace kg_batch::backend {

// An error with all that PostgreSQL shows of one. Thrown by backend_call for
// errors of the backend, and by our own code for what a user did wrong.
class Error : public std::exception {
 public:
  Error(int sqlstate, std::string message, std::string detail = "", std::string hint = "", std::string context = "")
      : sqlstate_(sqlstate),
        message_(std::move(message)),
        detail_(std::move(detail)),
        hint_(std::move(hint)),
        context_(std::move(context)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  int sqlstate() const { return sqlstate_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }
  const std::string& context() const { return context_; }

 private:
  int sqlstate_;
  std::string message_, detail_, hint_, context_;
};

namespace bridge {
[[noreturn]] void throw_current_error(MemoryContext context);

struct Raised {  // plain memory of the backend: outlives the C++ exception
  int sqlstate = 0;
  char* message = nullptr;
  char* detail = nullptr;
  char* hint = nullptr;
  char* context = nullptr;
};
Raised keep(int sqlstate, const char* message, const char* detail, const char* hint, const char* context) noexcept;
Raised keep_current_exception() noexcept;
[[noreturn]] void raise(const Raised& raised);
}  // namespace bridge

template <typename Call>
auto backend_call(Call&& call) -> std::invoke_result_t<Call&> {
  using Result = std::invoke_result_t<Call&>;
  static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>,
                "the result of a backend call must survive a longjmp");
  sigjmp_buf* const exception_stack = PG_exception_stack;
  ErrorContextCallback* const context_stack = error_context_stack;
  MemoryContext const memory_context = CurrentMemoryContext;
  sigjmp_buf here;
  if (sigsetjmp(here, 0) == 0) {
    PG_exception_stack = &here;
    if constexpr (std::is_void_v<Result>) {
      call();
      PG_exception_stack = exception_stack;
      error_context_stack = context_stack;
      return;
    } else {
      Result result = call();
      PG_exception_stack = exception_stack;
      error_context_stack = context_stack;
      return result;
    }
  }
  PG_exception_stack = exception_stack;
  error_context_stack = context_stack;
  bridge::throw_current_error(memory_context);
}

template <typename Body>
auto entry_point(Body&& body) -> std::invoke_result_t<Body&> {
  bridge::Raised raised;
  try {
    return body();
  } catch (...) {
    raised = bridge::keep_current_exception();
  }
  bridge::raise(raised);
}

}  // namespace kg_batch::backend
