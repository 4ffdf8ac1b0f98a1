// af_packet:IFACE: an interface of the kernel by way of packet sockets, which
// the kernel's drivers keep for themselves otherwise. The kernel spreads flows
// over the queues by its fanout.
#include <linux/capability.h>
#include <rte_log.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "dataplane/port/capabilities.h"
#include "dataplane/port/live_device.h"
#include "dataplane/port/packet_memory.h"
#include "dataplane/port/packet_ring_shape.h"

namespace mosd::dataplane {
namespace {

// DPDK's driver adds up the counters of no more queues.
constexpr uint32_t kMaxQueues = RTE_ETHDEV_QUEUE_STAT_CNTRS;

// The driver sets flags of the interface when it is started.
absl::Status CheckMayConfigure() {
  const std::string missing = MissingCapabilities({CAP_NET_ADMIN});
  if (missing.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("DPDK's driver needs ", missing,
                   ", too; run as root, or give the program that capability"));
}

// Tries what the driver is going to do, since it does not tell why it failed.
absl::Status CheckMayLock(uint64_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
  if (memory != MAP_FAILED) {
    munmap(memory, bytes);
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat(
      "its rings need ", bytes >> 20, " MiB of locked memory (",
      std::strerror(errno),
      "); give the program CAP_IPC_LOCK, raise RLIMIT_MEMLOCK, or make the "
      "rings smaller by framecnt="));
}

absl::Status Bring(const LiveRequest& request, const PacketRingShape& shape,
                   LiveDevice* device) {
  auto pool =
      MakeBufferPool(PoolName(request.number),
                     WholeFramePool(request.context, shape.buffer_bytes()));
  if (!pool.ok()) return pool.status();
  device->pool = *std::move(pool);
  rte_log_set_level_pattern("pmd.net.af_packet", RTE_LOG_ERR);
  const auto before = SocketsOfFamily(AF_PACKET);
  // An argument given twice: the last counts, and the shape has regarded it.
  auto ethdev = MakeDevice(
      request, "net_af_packet",
      absl::StrCat("iface=", request.spec.argument, ",qpairs=", device->queues,
                   ",framesz=", shape.frame_bytes,
                   ",blocksz=", shape.block_bytes, ",framecnt=", shape.frames));
  if (!ethdev.ok()) return ethdev.status();
  device->ethdev = *std::move(ethdev);
  // All that it complains of from here on is that it may not set the address
  // of the interface, which nobody asked for.
  rte_log_set_level_pattern("pmd.net.af_packet", RTE_LOG_CRIT);
  device->packet_sockets = std::make_unique<PacketSockets>(
      Since(before, SocketsOfFamily(AF_PACKET)), device->interface->index());
  device->cut_at_bytes = shape.longest_frame();
  return device->ethdev->Configure(
      {.rx_queues = device->queues, .pool = device->pool.get()});
}

}  // namespace

absl::StatusOr<LiveDevice> OpenAfPacket(const LiveRequest& request) {
  LiveDevice device;
  auto interface = NetInterface::Open(request.spec.argument);
  if (!interface.ok()) return interface.status();
  device.interface = *std::move(interface);
  const auto queues =
      ChooseQueues(request.queues, request.context.workers, kMaxQueues);
  if (!queues.ok()) return queues.status();
  device.queues = *queues;
  const auto shape = ShapePacketRing(device.interface->longest_frame(),
                                     device.queues, request.spec);
  if (!shape.ok()) return shape.status();
  absl::Status status = CheckMayConfigure();
  if (status.ok()) {
    status = CheckMayLock(shape->locked_bytes(device.queues));
  }
  if (status.ok()) status = device.interface->ReceiveAll();
  if (status.ok()) status = Bring(request, *shape, &device);
  if (!status.ok()) return status;
  return device;
}

}  // namespace mosd::dataplane
