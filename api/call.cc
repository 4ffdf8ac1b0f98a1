#include "api/call.h"

namespace mosd::api {

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
