// A NIC by its PCI address, and any port that DPDK already has by its number.
#include <rte_dev.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dataplane/port/live_device.h"

namespace mosd::dataplane {
namespace {

absl::StatusOr<LiveDevice> Bring(const LiveRequest& request, uint16_t id,
                                 Ethdev::AtClose at_close) {
  LiveDevice device;
  auto ethdev = Ethdev::TakeOver(id, at_close);
  if (!ethdev.ok()) return ethdev.status();
  auto pool = MakeUsualPool(request, BufferWriter::kDevice);
  if (!pool.ok()) return pool.status();
  device.pool = *std::move(pool);
  device.ethdev = *std::move(ethdev);
  const auto queues = ChooseQueues(request.queues, request.context.workers,
                                   device.ethdev->max_rx_queues());
  if (!queues.ok()) return queues.status();
  device.queues = *queues;
  absl::Status status = device.ethdev->Configure(
      {.rx_queues = device.queues, .pool = device.pool.get(), .spread = true});
  if (!status.ok()) return status;
  device.ethdev->ReceiveAll();
  return device;
}

}  // namespace

absl::StatusOr<LiveDevice> OpenPci(const LiveRequest& request) {
  const char* address = request.spec.argument.c_str();
  uint16_t id;
  // It is there already if EAL was brought up for it.
  if (rte_eth_dev_get_port_by_name(address, &id) != 0) {
    const int result = rte_dev_probe(address);
    if (result < 0 || rte_eth_dev_get_port_by_name(address, &id) != 0) {
      return absl::NotFoundError(absl::StrCat(
          "DPDK finds no such network device",
          result < 0 ? absl::StrCat(" (", rte_strerror(-result), ")") : "",
          "; `dpdk-devbind.py --status` lists them; bind it by "
          "`dpdk-devbind.py --bind=vfio-pci ",
          address, "`"));
    }
  }
  return Bring(request, id, Ethdev::AtClose::kRemove);
}

absl::StatusOr<LiveDevice> OpenDpdk(const LiveRequest& request) {
  uint32_t id = 0;
  if (!absl::SimpleAtoi(request.spec.argument, &id) ||
      !rte_eth_dev_is_valid_port(static_cast<uint16_t>(id))) {
    return absl::NotFoundError(absl::StrCat(
        "DPDK has ", rte_eth_dev_count_avail(),
        " ports; bind the device to vfio-pci (`dpdk-devbind.py --status` lists "
        "them)"));
  }
  return Bring(request, static_cast<uint16_t>(id), Ethdev::AtClose::kKeep);
}

}  // namespace mosd::dataplane
