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

Context* OwnContext(mctx_t mctx) {
  Context* const own = Context::OfThisThread();
  if (own != nullptr && own->mctx() == mctx &&
      own->phase() != Context::Phase::kEnded) [[likely]] {
    return own;
  }
  const Context* const other = Runtime::Get().Find(mctx);
  const bool runs =
      other != nullptr && other->phase() != Context::Phase::kEnded;
  errno = runs && other != own ? EPERM : EACCES;
  return nullptr;
}

}  // namespace mosd::api
