#include "dataplane/port/eal_needs.h"

#include <algorithm>

#include "dataplane/port/device_spec.h"
#include "dataplane/port/packet_memory.h"

namespace mosd::dataplane {
namespace {

// Without huge pages EAL's memory cannot grow. It is mapped at once but backed
// only as it is touched, so that more than is needed costs little (12 MiB of
// bookkeeping a GiB), and leaves room for another start with other options.
constexpr uint64_t kMinMemoryMiB = 1024;

}  // namespace

EalNeeds EalNeeds::Of(const DataplaneOptions& options) {
  EalNeeds needs;
  needs.memory_mib =
      (PacketMemoryBytes(options.packet_buffers,
                         static_cast<uint32_t>(options.ports.size())) >>
       20) +
      1;
  for (const PortOptions& port : options.ports) {
    const auto spec = ParseDeviceSpec(port.device);
    if (!spec.ok()) continue;  // OpenPort says what is wrong
    if (spec->kind == DeviceKind::kDpdk) needs.all_pci = true;
    if (spec->kind == DeviceKind::kPci) needs.pci.push_back(spec->argument);
  }
  return needs;
}

// There, on pages of 4 KiB, each buffer that a device writes into takes a whole
// page.
uint64_t EalNeeds::own_memory_mib() const {
  return std::max(any_pci() ? 2 * memory_mib : memory_mib, kMinMemoryMiB);
}

}  // namespace mosd::dataplane
