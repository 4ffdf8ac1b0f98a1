// af_xdp:IFACE: one queue of an interface of the kernel by way of an XDP
// socket. The kernel's own stack does not see the frames that mosd gets.
#include <linux/capability.h>
#include <rte_log.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "dataplane/port/capabilities.h"
#include "dataplane/port/live_device.h"
#include "dataplane/port/packet_memory.h"

namespace mosd::dataplane {
namespace {

constexpr uint16_t kDescriptors = 2048;

absl::Status CheckQueues(const LiveRequest& request,
                         const NetInterface& interface) {
  if (request.queues > 1) {
    return absl::InvalidArgumentError("af_xdp has one receive queue");
  }
  // What arrives in the other queues would be missed, silently.
  if (interface.rx_queues() > 1 && !request.spec.Extra("start_queue")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the interface has ", interface.rx_queues(),
        " receive queues, of which one would be watched; run `ethtool -L ",
        interface.name(), " combined 1`, or choose one by start_queue="));
  }
  return absl::OkStatus();
}

// The kernel frees a queue some time after the last who had it closed it, so
// that the first attempts may fail; the driver does not tell why.
absl::Status Bind(LiveDevice* device) {
  constexpr int kAttempts = 10;
  constexpr std::chrono::milliseconds kPause{20};
  const auto before = SocketsOfFamily(AF_XDP);
  absl::Status status;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    rte_log_set_level_pattern("pmd.net.af_xdp",
                              attempt < kAttempts ? RTE_LOG_CRIT : RTE_LOG_ERR);
    status = device->ethdev->Configure(
        {.rx_descriptors = kDescriptors, .pool = device->pool.get()});
    if (status.ok()) break;
    std::this_thread::sleep_for(kPause);
  }
  device->xdp_sockets =
      std::make_unique<XdpSockets>(Since(before, SocketsOfFamily(AF_XDP)));
  return status;
}

absl::Status Bring(const LiveRequest& request, LiveDevice* device) {
  auto pool =
      MakeBufferPool(PoolName(request.number), XdpPool(request.context));
  if (!pool.ok()) return pool.status();
  device->pool = *std::move(pool);
  auto ethdev = MakeDevice(request, "net_af_xdp",
                           absl::StrCat("iface=", request.spec.argument));
  if (!ethdev.ok()) return ethdev.status();
  device->ethdev = *std::move(ethdev);
  return Bind(device);
}

// The driver does not tell why the kernel refused.
absl::Status Explain(const absl::Status& status) {
  if (status.ok()) return status;
  const std::string missing = MissingCapabilities(
      {CAP_NET_ADMIN, CAP_BPF, CAP_SYS_ADMIN, CAP_IPC_LOCK});
  if (missing.empty()) return status;
  return absl::PermissionDeniedError(absl::StrCat(
      status.message(), "; the program lacks ", missing, " (or run as root)"));
}

}  // namespace

absl::StatusOr<LiveDevice> OpenAfXdp(const LiveRequest& request) {
  LiveDevice device;
  auto interface = NetInterface::Open(request.spec.argument);
  if (!interface.ok()) return interface.status();
  device.interface = *std::move(interface);
  absl::Status status = CheckQueues(request, *device.interface);
  if (status.ok()) status = device.interface->ReceiveAll();
  if (status.ok()) status = Explain(Bring(request, &device));
  if (!status.ok()) return status;
  return device;
}

}  // namespace mosd::dataplane
