// For tests of ports: EAL is up, and frames are taken as a worker takes them.
#pragma once

#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/port/eal.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/port/port.h"

namespace mosd::dataplane {

struct TakenFrame {
  std::string bytes;
  FrameStamp stamp;
  uint16_t segments;
};

class PortTest : public ::testing::Test {
 protected:
  using Clock = std::chrono::steady_clock;

  static void SetUpTestSuite() {
    const absl::Status status = StartEal(DataplaneOptions());
    ASSERT_TRUE(status.ok()) << status;
  }

  static absl::StatusOr<std::unique_ptr<Port>> Open(
      const PortOptions& options, uint8_t number = 0,
      const PortContext& context = {}) {
    return OpenPort(options, number, context);
  }

  // Opened and started; nullptr after a failure of the test.
  static std::unique_ptr<Port> Started(const PortOptions& options,
                                       uint8_t number = 0,
                                       const PortContext& context = {}) {
    auto port = Open(options, number, context);
    if (!port.ok()) {
      ADD_FAILURE() << port.status();
      return nullptr;
    }
    if (absl::Status status = (*port)->Start(); !status.ok()) {
      ADD_FAILURE() << status;
      return nullptr;
    }
    return *std::move(port);
  }

  // Takes what is queued now, at most a burst of each queue.
  static size_t Poll(const Port& port,
                     const std::function<void(rte_mbuf*)>& taken) {
    size_t total = 0;
    for (const RxQueue& queue : port.queues()) {
      rte_mbuf* frames[32];
      const uint16_t count =
          rte_eth_rx_burst(queue.ethdev, queue.queue, frames, 32);
      TakeUp(frames, count);
      for (uint16_t i = 0; i < count; ++i) taken(frames[i]);
      FreeFrames(frames, count);
      total += count;
    }
    return total;
  }

  // Takes frames until `done` or out of time. False: out of time.
  static bool PollUntil(
      const Port& port, const std::function<void(rte_mbuf*)>& taken,
      const std::function<bool()>& done,
      std::chrono::milliseconds patience = std::chrono::milliseconds(10'000)) {
    const auto deadline = Clock::now() + patience;
    while (!done()) {
      if (Clock::now() > deadline) return false;
      Poll(port, taken);
    }
    return true;
  }

  // All frames of a capture that does not loop.
  static std::vector<TakenFrame> TakeAll(const Port& port) {
    std::vector<TakenFrame> all;
    uint64_t frames = 0;
    EXPECT_TRUE(PollUntil(
        port, [&](rte_mbuf* frame) { all.push_back(Taken(frame)); },
        [&] { return port.exhausted(&frames) && all.size() >= frames; }));
    return all;
  }

  static TakenFrame Taken(rte_mbuf* frame) {
    TakenFrame taken;
    taken.stamp = *StampOf(frame);
    taken.segments = frame->nb_segs;
    for (const rte_mbuf* part = frame; part != nullptr; part = part->next) {
      taken.bytes.append(rte_pktmbuf_mtod(part, const char*), part->data_len);
    }
    EXPECT_EQ(taken.bytes.size(), frame->pkt_len);
    return taken;
  }
};

}  // namespace mosd::dataplane
