// How a C function gets at the context it was given, and fails.
#pragma once

#include <cerrno>

#include "absl/status/status.h"
#include "api/context/context.h"
#include "api/context_directory.h"
#include "mos_api.h"

namespace mosd::api {

// Sets errno; -1.
inline int Fail(int error) {
  errno = error;
  return -1;
}

// Of a status that starting or ending came to; 0 of OK.
int ErrnoOf(const absl::Status& status);

// Sets errno to why `mctx` is not the context of the caller's thread; null.
Context* FailOwnContext(mctx_t mctx);

// For calls that only the context's own thread may make. Null, with errno set:
// EACCES, there is no such context, or it has ended; EPERM, another's thread.
inline Context* OwnContext(mctx_t mctx) {
  Context* const own = Context::OfThisThread();
  if (own != nullptr && own->mctx() == mctx &&
      own->phase() != Context::Phase::kEnded) [[likely]] {
    return own;
  }
  return FailOwnContext(mctx);
}

// For calls that any thread may make: runs `function(Context*)`, which returns
// an errno or 0, on the context's thread. Returns 0, or -1 with errno set:
// EACCES besides those of `function`.
template <typename Function>
int OnContext(mctx_t mctx, Function function) {
  Context* const context = ContextDirectory::Get().Find(mctx);
  if (context == nullptr) return Fail(EACCES);
  ContextDirectory::Get().NoteCall();
  int error = EACCES;
  if (!context->Call([&] { error = function(context); })) return Fail(EACCES);
  return error == 0 ? 0 : Fail(error);
}

}  // namespace mosd::api
