#include "controlplane/grpc/page_token.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

// The cursor in the clear, then the tag. Read back only by the process that
// wrote it, so the machine's byte order serves.
struct TokenBytes {
  uint32_t worker;
  uint32_t record;
  uint64_t tag;
};
static_assert(sizeof(TokenBytes) == 16);

uint64_t TagOf(const BootIdentity& boot, absl::string_view filter,
               mos::v1::FlowView view, const dataplane::ScanCursor& cursor) {
  // The filter stands last, so that no two different lists read alike.
  return boot.Authenticate(absl::StrCat("page ", cursor.worker, " ",
                                        cursor.record, " ",
                                        static_cast<int>(view), " ", filter));
}

}  // namespace

std::string SealPageToken(const BootIdentity& boot, absl::string_view filter,
                          mos::v1::FlowView view,
                          const dataplane::ScanCursor& cursor) {
  const TokenBytes bytes{cursor.worker, cursor.record,
                         TagOf(boot, filter, view, cursor)};
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(&bytes), sizeof(bytes)));
}

bool OpenPageToken(const BootIdentity& boot, absl::string_view filter,
                   mos::v1::FlowView view, absl::string_view token,
                   dataplane::ScanCursor* cursor) {
  std::string raw;
  TokenBytes bytes;
  if (!absl::WebSafeBase64Unescape(token, &raw) ||
      raw.size() != sizeof(bytes)) {
    return false;
  }
  std::memcpy(&bytes, raw.data(), sizeof(bytes));
  const dataplane::ScanCursor claimed{bytes.worker, bytes.record};
  // Base64 has several spellings of the same bytes; only ours is a token.
  if (bytes.tag != TagOf(boot, filter, view, claimed) ||
      token != absl::WebSafeBase64Escape(raw)) {
    return false;
  }
  *cursor = claimed;
  return true;
}

}  // namespace mosd::controlplane
