// A DPDK port that this object configures, starts and takes down again. Not
// thread-safe but for what rte_ethdev.h says of polling.
#pragma once

#include <rte_ethdev.h>
#include <rte_ring.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mosd::dataplane {

struct EthdevSetup {
  uint16_t rx_queues = 1;
  uint16_t rx_descriptors = 1024;  // adjusted to what the driver allows
  rte_mempool* pool = nullptr;     // outlives the Ethdev
  bool spread = false;             // over the queues, by TCP flow (RSS)
};

class Ethdev {
 public:
  // What Close does with the device.
  enum class AtClose { kRemove, kKeep };

  // Makes a virtual device, as DPDK's --vdev does. FAILED_PRECONDITION (there
  // is one of that name), INTERNAL (the driver refuses).
  static absl::StatusOr<std::unique_ptr<Ethdev>> MakeVirtual(
      const std::string& name, const std::string& arguments);

  // A device whose one receive queue is `ring`, which outlives it.
  static absl::StatusOr<std::unique_ptr<Ethdev>> MakeOfRing(
      const std::string& name, rte_ring* ring);

  // A device that DPDK has. FAILED_PRECONDITION if it belongs to another
  // Ethdev.
  static absl::StatusOr<std::unique_ptr<Ethdev>> TakeOver(uint16_t id,
                                                          AtClose at_close);

  ~Ethdev() { Close(); }
  Ethdev(const Ethdev&) = delete;
  Ethdev& operator=(const Ethdev&) = delete;

  uint16_t id() const { return id_; }
  std::string driver() const;
  uint16_t max_rx_queues() const;
  // Whether it tells when it received a frame (device_time.h).
  bool tells_time() const;
  // As the driver sees it.
  bool link_up() const;
  rte_eth_stats stats() const;

  absl::Status Configure(const EthdevSetup& setup);
  absl::Status Start();
  // Sees frames that are not addressed to it, if the driver can.
  void ReceiveAll();
  // Idempotent.
  void Close();

 private:
  Ethdev(uint16_t id, AtClose at_close, const rte_eth_dev_owner& owner)
      : id_(id), at_close_(at_close), owner_(owner) {}

  absl::Status SetUpQueues(const EthdevSetup& setup,
                           const rte_eth_dev_info& info);

  const uint16_t id_;
  const AtClose at_close_;
  const rte_eth_dev_owner owner_;
  bool open_ = true;
};

// INTERNAL or PERMISSION_DENIED: "<what>: <text of the error>".
absl::Status DpdkError(const std::string& what, int error);

}  // namespace mosd::dataplane
