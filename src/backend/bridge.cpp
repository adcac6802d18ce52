#include "backend/bridge.h"

#include "formats/printable.h"

namespace kg_batch::backend::bridge {

namespace {

// Copies into memory that neither an abort nor the end of the exception frees.
// ErrorContext is reset by the ereport that follows; allocation must not raise,
// because a longjmp out of a catch block would leave the exception behind.
char* keep_text(const char* text) noexcept {
  if (text == nullptr || text[0] == '\0') return nullptr;
  const std::size_t size = std::strlen(text) + 1;
  char* const copy = static_cast<char*>(MemoryContextAllocExtended(ErrorContext, size, MCXT_ALLOC_NO_OOM));
  if (copy != nullptr) std::memcpy(copy, text, size);
  return copy;
}

// As a terminal may show it; as it is where there is no memory left for that.
char* keep_printable(const char* text, bool has_lines) noexcept {
  if (text == nullptr) return nullptr;
  try {
    return keep_text(formats::printable(text, has_lines).c_str());
  } catch (...) {
    return keep_text(text);
  }
}

}  // namespace

void throw_current_error(MemoryContext context) {
  MemoryContextSwitchTo(context);
  ErrorData* const error = CopyErrorData();
  FlushErrorState();
  auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  Error copy(error->sqlerrcode, text(error->message), text(error->detail), text(error->hint), text(error->context));
  FreeErrorData(error);
  throw copy;
}

Raised keep(int sqlstate, const char* message, const char* detail, const char* hint, const char* context) noexcept {
  Raised raised;
  raised.sqlstate = sqlstate;
  raised.message = keep_printable(message, true);
  raised.detail = keep_printable(detail, true);
  raised.hint = keep_printable(hint, false);
  raised.context = keep_printable(context, true);
  return raised;
}

Raised keep_current_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return keep(error.sqlstate(), error.what(), error.detail().c_str(), error.hint().c_str(), error.context().c_str());
  } catch (const std::bad_alloc&) {
    return keep(ERRCODE_OUT_OF_MEMORY, "out of memory", nullptr, nullptr, nullptr);
  } catch (const std::exception& error) {
    return keep(ERRCODE_INTERNAL_ERROR, error.what(), nullptr, nullptr, nullptr);
  } catch (...) {
    return keep(ERRCODE_INTERNAL_ERROR, "unknown C++ exception", nullptr, nullptr, nullptr);
  }
}

void raise(const Raised& raised) {
  ereport(ERROR, (errcode(raised.sqlstate), errmsg_internal("%s", raised.message == nullptr ? "error" : raised.message),
                  raised.detail == nullptr ? 0 : errdetail_internal("%s", raised.detail),
                  raised.hint == nullptr ? 0 : errhint("%s", raised.hint),
                  raised.context == nullptr ? 0 : (errcontext("%s", raised.context))));
  pg_unreachable();
}

}  // namespace kg_batch::backend::bridge
