#include "api/call.h"

namespace mosd::api {

int ErrnoOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
      return EINVAL;
    case absl::StatusCode::kNotFound:
      return ENOENT;
    case absl::StatusCode::kPermissionDenied:
      return EACCES;
    case absl::StatusCode::kAlreadyExists:
      return EADDRINUSE;
    case absl::StatusCode::kFailedPrecondition:
      return EBUSY;
    case absl::StatusCode::kResourceExhausted:
      return ENOMEM;
    case absl::StatusCode::kAborted:
      return EDEADLK;
    default:
      return EIO;
  }
}

Context* FailOwnContext(mctx_t mctx) {
  const Context* const other = ContextDirectory::Get().Find(mctx);
  const bool runs =
      other != nullptr && other->phase() != Context::Phase::kEnded;
  errno = runs && other != Context::OfThisThread() ? EPERM : EACCES;
  return nullptr;
}

}  // namespace mosd::api
