#include "dataplane/port/live_device.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dataplane/port/packet_memory.h"

namespace mosd::dataplane {

absl::StatusOr<uint16_t> ChooseQueues(uint32_t asked, uint32_t automatic,
                                      uint32_t most) {
  if (asked > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has at most ", most, " receive queues, not ", asked));
  }
  const uint32_t wanted = asked != 0 ? asked : std::min(automatic, most);
  return static_cast<uint16_t>(std::max(wanted, 1U));
}

std::string PoolName(uint8_t number) {
  return absl::StrCat("mosd_port", static_cast<int>(number));
}

absl::StatusOr<BufferPool> MakeUsualPool(const LiveRequest& request,
                                         BufferWriter writer) {
  return MakeBufferPool(PoolName(request.number),
                        UsualPool(request.context, writer));
}

absl::StatusOr<std::unique_ptr<Ethdev>> MakeDevice(const LiveRequest& request,
                                                   const std::string& driver,
                                                   std::string arguments) {
  for (const auto& [key, value] : request.spec.extra) {
    absl::StrAppend(&arguments, arguments.empty() ? "" : ",", key, "=", value);
  }
  auto ethdev = Ethdev::MakeVirtual(
      absl::StrCat(driver, static_cast<int>(request.number)), arguments);
  // It has refused what we give it by ourselves in no other case.
  if (absl::IsInternal(ethdev.status()) && !request.spec.extra.empty()) {
    return absl::InvalidArgumentError(ethdev.status().message());
  }
  return ethdev;
}

}  // namespace mosd::dataplane
