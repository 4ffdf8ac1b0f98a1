#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dataplane/port/capture_port.h"
#include "dataplane/port/device_claim.h"
#include "dataplane/port/device_spec.h"
#include "dataplane/port/live_device.h"
#include "dataplane/port/live_port.h"
#include "dataplane/port/port.h"

namespace mosd::dataplane {
namespace {

using Opener = absl::StatusOr<LiveDevice> (*)(const LiveRequest&);

Opener OpenerOf(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::kAfPacket:
      return OpenAfPacket;
    case DeviceKind::kAfXdp:
      return OpenAfXdp;
    case DeviceKind::kTap:
      return OpenTap;
    case DeviceKind::kMemif:
      return OpenMemif;
    case DeviceKind::kRing:
      return OpenRing;
    case DeviceKind::kNull:
      return OpenNull;
    case DeviceKind::kPci:
      return OpenPci;
    case DeviceKind::kDpdk:
      return OpenDpdk;
    case DeviceKind::kPcap:
      break;
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<Port>> OpenLive(const PortOptions& options,
                                               const DeviceSpec& spec,
                                               uint8_t number,
                                               const PortContext& context) {
  DeviceClaim claim;
  // Of null devices there are as many as wanted.
  if (spec.kind != DeviceKind::kNull) {
    auto taken = DeviceClaim::Take(
        absl::StrCat(static_cast<int>(spec.kind), ":", spec.argument));
    if (!taken.ok()) return taken.status();
    claim = *std::move(taken);
  }
  auto device = OpenerOf(spec.kind)({spec, options.queues, number, context});
  if (!device.ok()) return device.status();
  device->claim = std::move(claim);
  return std::make_unique<LivePort>(options.device, number, *std::move(device));
}

absl::StatusOr<std::unique_ptr<Port>> Open(const PortOptions& options,
                                           uint8_t number,
                                           const PortContext& context) {
  const auto spec = ParseDeviceSpec(options.device);
  if (!spec.ok()) return spec.status();
  if (spec->kind == DeviceKind::kPcap) {
    return CapturePort::Open(options, spec->argument, number, context);
  }
  if (options.loop || options.pace != CapturePace::kFull) {
    return absl::InvalidArgumentError("loop and pace are for captures only");
  }
  return OpenLive(options, *spec, number, context);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Port>> OpenPort(const PortOptions& options,
                                               uint8_t number,
                                               const PortContext& context) {
  auto port = Open(options, number, context);
  if (port.ok()) return port;
  // Whatever the name is made of, it is printed on one line.
  const std::string name =
      options.device.empty() ? "\"\"" : absl::Utf8SafeCEscape(options.device);
  return absl::Status(port.status().code(),
                      absl::StrCat(name, ": ", port.status().message()));
}

}  // namespace mosd::dataplane
