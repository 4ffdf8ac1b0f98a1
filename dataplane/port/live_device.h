// A DPDK device other than a capture, opened: what a LivePort is made of, and
// the functions that make it, one for each kind of device. Their errors do not
// name the device; OpenPort does that.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "dataplane/options.h"
#include "dataplane/port/buffer_pool.h"
#include "dataplane/port/device_claim.h"
#include "dataplane/port/device_spec.h"
#include "dataplane/port/ethdev.h"
#include "dataplane/port/net_interface.h"
#include "dataplane/port/packet_sockets.h"
#include "dataplane/port/port.h"
#include "dataplane/port/rx_queue.h"
#include "dataplane/port/xdp_sockets.h"

namespace mosd::dataplane {

struct LiveRequest {
  DeviceSpec spec;
  uint32_t queues;  // 0: as many as are useful
  uint8_t number;   // of the port
  PortContext context;
};

// Members are in the order in which they depend on each other.
struct LiveDevice {
  DeviceClaim claim;
  std::unique_ptr<NetInterface> interface;  // of the kernel, if it is one
  BufferPool pool;
  std::unique_ptr<XdpSockets> xdp_sockets;  // af_xdp only
  std::unique_ptr<Ethdev> ethdev;
  std::unique_ptr<PacketSockets> packet_sockets;  // af_packet only
  uint16_t queues = 1;
  uint32_t cut_at_bytes = kUncut;
};

absl::StatusOr<LiveDevice> OpenAfPacket(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenAfXdp(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenTap(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenMemif(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenRing(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenNull(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenPci(const LiveRequest& request);
absl::StatusOr<LiveDevice> OpenDpdk(const LiveRequest& request);

// Helpers of these.

// How many queues to set up of `most`, if `automatic` is what 0 stands for.
// INVALID_ARGUMENT when more are asked for.
absl::StatusOr<uint16_t> ChooseQueues(uint32_t asked, uint32_t automatic,
                                      uint32_t most);
// "mosd_port3".
std::string PoolName(uint8_t number);
// A pool of usual buffers.
absl::StatusOr<BufferPool> MakeUsualPool(
    const LiveRequest& request, BufferWriter writer = BufferWriter::kProcessor);
// The virtual device of `driver` for this port, with `arguments` and those that
// the user gave. INVALID_ARGUMENT if the driver takes none of the latter.
absl::StatusOr<std::unique_ptr<Ethdev>> MakeDevice(const LiveRequest& request,
                                                   const std::string& driver,
                                                   std::string arguments);

}  // namespace mosd::dataplane
