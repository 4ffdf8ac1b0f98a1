#include "controlplane/mosctl/frame_capture.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "controlplane/mosctl/flow_reference.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/pcapng_writer.h"
#include "controlplane/mosctl/printable.h"
#include "controlplane/version/version.h"

namespace mosd::mosctl {
namespace {

// Nanoseconds since 1970; a time before that, which no capture has, is 0.
uint64_t TimeNs(const mos::v1::LastPkt& packet) {
  const absl::Duration since =
      TimeOf(packet.capture_time()) - absl::UnixEpoch();
  return static_cast<uint64_t>(
      std::max<int64_t>(absl::ToInt64Nanoseconds(since), 0));
}

std::string DeviceOf(uint32_t index, const mos::v1::ListPortsResponse& ports) {
  for (const mos::v1::Port& port : ports.ports()) {
    if (port.index() == index) return Printable(port.device());
  }
  return absl::StrCat("port ", index);
}

}  // namespace

std::string FrameCapture(const std::vector<mos::v1::LastPkt>& packets,
                         const mos::v1::ListPortsResponse& ports) {
  std::string file;
  AppendSectionHeader(absl::StrCat("mosctl ", controlplane::Version()), &file);

  std::vector<uint32_t> interfaces;  // port index by interface number
  std::vector<const mos::v1::LastPkt*> in_order;
  for (const mos::v1::LastPkt& packet : packets) {
    in_order.push_back(&packet);
    if (std::find(interfaces.begin(), interfaces.end(), packet.in_ifidx()) ==
        interfaces.end()) {
      interfaces.push_back(packet.in_ifidx());
      AppendInterface(DeviceOf(packet.in_ifidx(), ports), &file);
    }
  }
  std::stable_sort(
      in_order.begin(), in_order.end(),
      [](const auto* a, const auto* b) { return TimeNs(*a) < TimeNs(*b); });
  for (const mos::v1::LastPkt* packet : in_order) {
    const auto interface =
        std::find(interfaces.begin(), interfaces.end(), packet->in_ifidx());
    const std::string comment = absl::StrCat(
        "last frame of the ", Name(packet->side()), " of flow ",
        Printable(packet->flow_id()), " ", FormatTuple(packet->tuple()));
    AppendFrame(
        {.interface = static_cast<uint32_t>(interface - interfaces.begin()),
         .time_ns = TimeNs(*packet),
         .wire_length = packet->wire_length(),
         .bytes = packet->frame(),
         .comment = comment},
        &file);
  }
  return file;
}

}  // namespace mosd::mosctl
