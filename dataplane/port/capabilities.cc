#include "dataplane/port/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_join.h"

namespace mosd::dataplane {
namespace {

std::string NameOf(int capability) {
  switch (capability) {
    case CAP_NET_ADMIN:
      return "CAP_NET_ADMIN";
    case CAP_NET_RAW:
      return "CAP_NET_RAW";
    case CAP_IPC_LOCK:
      return "CAP_IPC_LOCK";
    case CAP_SYS_ADMIN:
      return "CAP_SYS_ADMIN";
    case CAP_BPF:
      return "CAP_BPF";
    default:
      return "capability " + std::to_string(capability);
  }
}

}  // namespace

std::string MissingCapabilities(const std::vector<int>& wanted) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  syscall(SYS_capget, &header, data);
  std::vector<std::string> missing;
  for (const int capability : wanted) {
    const uint32_t word = data[CAP_TO_INDEX(capability)].effective;
    if ((word & CAP_TO_MASK(capability)) == 0) {
      missing.push_back(NameOf(capability));
    }
  }
  return absl::StrJoin(missing, ", ");
}

}  // namespace mosd::dataplane
