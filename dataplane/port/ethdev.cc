#include "dataplane/port/ethdev.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {
namespace {

constexpr unsigned kAnySocket = static_cast<unsigned>(SOCKET_ID_ANY);

// Microsoft's key repeats no bits; one of a repeated 16-bit pattern gives both
// directions of a flow the same hash (Woo and Park, "Scalable TCP session
// monitoring with symmetric receive-side scaling", 2012). 52 bytes: the longest
// that a driver asks for.
std::array<uint8_t, 52> SymmetricKey() {
  std::array<uint8_t, 52> key;
  for (size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

rte_eth_dev_info InfoOf(uint16_t id) {
  rte_eth_dev_info info = {};
  rte_eth_dev_info_get(id, &info);
  return info;
}

absl::Status Require(const std::string& what, int result) {
  return result < 0 ? DpdkError(what, result) : absl::OkStatus();
}

}  // namespace

absl::Status DpdkError(const std::string& what, int error) {
  const std::string text =
      absl::StrCat(what, ": ", rte_strerror(std::abs(error)));
  if (std::abs(error) == EPERM || std::abs(error) == EACCES) {
    return absl::PermissionDeniedError(absl::StrCat(text, "; run as root"));
  }
  return absl::InternalError(text);
}

absl::StatusOr<std::unique_ptr<Ethdev>> Ethdev::MakeVirtual(
    const std::string& name, const std::string& arguments) {
  const int result =
      rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str());
  if (result == -EEXIST) {
    return absl::FailedPreconditionError(
        absl::StrCat("DPDK has a device ", name, " already"));
  }
  if (result == -ENOENT) {
    return absl::FailedPreconditionError(absl::StrCat(
        "DPDK has no driver for ", name, "; install its librte-net package"));
  }
  if (result < 0) {
    // Drivers say -1 when they mean any error, and the rest in their log.
    return absl::InternalError(absl::StrCat(
        "DPDK's driver refuses to make ", name, " of \"", arguments, "\"",
        result == -1 ? "" : absl::StrCat(" (", rte_strerror(-result), ")")));
  }
  uint16_t id;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) {
    rte_eal_hotplug_remove("vdev", name.c_str());
    return absl::InternalError(absl::StrCat("DPDK made no port of ", name));
  }
  return TakeOver(id, AtClose::kRemove);
}

absl::StatusOr<std::unique_ptr<Ethdev>> Ethdev::MakeOfRing(
    const std::string& name, rte_ring* ring) {
  // Nothing is sent, but the driver insists on a ring for that, too.
  const int id =
      rte_eth_from_rings(name.c_str(), &ring, 1, &ring, 1, kAnySocket);
  if (id < 0) {
    return DpdkError(absl::StrCat("DPDK cannot make net_ring_", name),
                     rte_errno);
  }
  return TakeOver(static_cast<uint16_t>(id), AtClose::kRemove);
}

absl::StatusOr<std::unique_ptr<Ethdev>> Ethdev::TakeOver(uint16_t id,
                                                         AtClose at_close) {
  rte_eth_dev_owner owner = {};
  if (int result = rte_eth_dev_owner_get(id, &owner); result < 0) {
    return DpdkError("looking for the owner of the device", result);
  }
  if (owner.id != RTE_ETH_DEV_NO_OWNER) {
    return absl::FailedPreconditionError(
        absl::StrCat("the device is in use (by ", owner.name, ")"));
  }
  std::strcpy(owner.name, "mosd");
  int result = rte_eth_dev_owner_new(&owner.id);
  if (result == 0) result = rte_eth_dev_owner_set(id, &owner);
  if (result < 0) return DpdkError("taking over the device", result);
  return std::unique_ptr<Ethdev>(new Ethdev(id, at_close, owner));
}

std::string Ethdev::driver() const {
  const rte_eth_dev_info info = InfoOf(id_);
  return info.driver_name != nullptr ? info.driver_name : "";
}

uint16_t Ethdev::max_rx_queues() const { return InfoOf(id_).max_rx_queues; }

bool Ethdev::tells_time() const {
  return (InfoOf(id_).rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0;
}

bool Ethdev::link_up() const {
  rte_eth_link link = {};
  return rte_eth_link_get_nowait(id_, &link) == 0 &&
         link.link_status == RTE_ETH_LINK_UP;
}

rte_eth_stats Ethdev::stats() const {
  rte_eth_stats stats = {};
  rte_eth_stats_get(id_, &stats);
  return stats;
}

absl::Status Ethdev::Configure(const EthdevSetup& setup) {
  const rte_eth_dev_info info = InfoOf(id_);
  rte_eth_conf conf = {};
  std::array<uint8_t, 52> key = SymmetricKey();
  const uint64_t tcp = info.flow_type_rss_offloads &
                       (RTE_ETH_RSS_IP | RTE_ETH_RSS_NONFRAG_IPV4_TCP |
                        RTE_ETH_RSS_NONFRAG_IPV6_TCP);
  if (setup.spread && setup.rx_queues > 1 && tcp != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = tcp;
    if (info.hash_key_size > 0 && info.hash_key_size <= key.size()) {
      conf.rx_adv_conf.rss_conf.rss_key = key.data();
      conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
    }
  }
  // Jumbo frames arrive in several buffers.
  constexpr uint64_t kOffloads =
      RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_TIMESTAMP;
  conf.rxmode.offloads = info.rx_offload_capa & kOffloads;
  // Nothing is sent, but some drivers insist on a queue for it, or on as many
  // as there are for receiving.
  const uint16_t tx_queues =
      std::min<uint16_t>(setup.rx_queues, info.max_tx_queues);
  absl::Status status =
      Require("configuring the device",
              rte_eth_dev_configure(id_, setup.rx_queues, tx_queues, &conf));
  for (uint16_t queue = 0; status.ok() && queue < tx_queues; ++queue) {
    status =
        Require("setting up a transmit queue",
                rte_eth_tx_queue_setup(id_, queue, 0, kAnySocket, nullptr));
  }
  return status.ok() ? SetUpQueues(setup, info) : status;
}

absl::Status Ethdev::SetUpQueues(const EthdevSetup& setup,
                                 const rte_eth_dev_info& info) {
  uint16_t rx_descriptors = setup.rx_descriptors;
  uint16_t tx_descriptors = 0;
  absl::Status status = Require(
      "choosing the length of a receive queue",
      rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors));
  for (uint16_t queue = 0; status.ok() && queue < setup.rx_queues; ++queue) {
    rte_eth_rxconf conf = info.default_rxconf;
    status = Require("setting up a receive queue",
                     rte_eth_rx_queue_setup(id_, queue, rx_descriptors,
                                            kAnySocket, &conf, setup.pool));
  }
  return status;
}

absl::Status Ethdev::Start() {
  return Require("starting the device", rte_eth_dev_start(id_));
}

void Ethdev::ReceiveAll() {
  rte_eth_promiscuous_enable(id_);
  rte_eth_allmulticast_enable(id_);
}

void Ethdev::Close() {
  if (!open_) return;
  open_ = false;
  rte_device* device = InfoOf(id_).device;
  rte_eth_dev_stop(id_);
  if (at_close_ == AtClose::kKeep) {
    // Configuring it for sending alone releases its receive queues, which hold
    // buffers of a pool that is about to go.
    const rte_eth_conf conf = {};
    rte_eth_dev_configure(id_, 0, 1, &conf);
    rte_eth_dev_owner_unset(id_, owner_.id);
    return;
  }
  rte_eth_dev_close(id_);
  if (device != nullptr) rte_dev_remove(device);
}

}  // namespace mosd::dataplane
