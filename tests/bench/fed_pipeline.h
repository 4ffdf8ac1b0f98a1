// A worker's pipeline and the traffic that it is fed, of which nothing may get
// lost: a benchmark of frames that were dropped would say nothing.
//
// One thread. Times are CPU time of the thread.
#pragma once

#include <cstdint>
#include <span>

#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::bench {

// Bursts that hold at least so many packets.
constexpr uint64_t Bursts(uint64_t packets) {
  return (packets + Traffic::kBurst - 1) / Traffic::kBurst;
}

// Nanoseconds a packet that `take(rte_mbuf**)` needs for bursts of `traffic`,
// and the making of them.
template <typename Take>
double Measure(Traffic* traffic, uint64_t packets, Take take) {
  rte_mbuf* frames[Traffic::kBurst];
  const uint64_t bursts = Bursts(packets);
  const double start = ThreadCpuNs();
  for (uint64_t i = 0; i < bursts; ++i) {
    traffic->Next(frames);
    take(frames);
  }
  return (ThreadCpuNs() - start) /
         static_cast<double>(bursts * Traffic::kBurst);
}

// The baseline: frames that are made, received and freed, ns a packet.
double MeasureRxOnly(Traffic* traffic, uint64_t packets);

class FedPipeline {
 public:
  struct Options {
    uint32_t flows;
    uint32_t frame_bytes;
    bool last_frame = true;
    // Room for more than the flows that are fed; 0: for just these.
    uint32_t max_flows = 0;
    std::span<const Tuple> tuples = {};  // as Traffic has them
  };

  explicit FedPipeline(const Options& options);

  // All handshakes, and a segment of data from either side.
  void Open() { Feed(traffic_.handshake_frames() + 2 * uint64_t{flows_}); }

  // What Measure() says of as many packets of its traffic.
  double Feed(uint64_t packets);

  // Frames from elsewhere.
  void Receive(rte_mbuf** frames) {
    sent_ += Traffic::kBurst;
    rig_.pipeline().Receive(frames, Traffic::kBurst);
    rig_.pipeline().PassTime(0);
  }

  // Ends the program unless all frames were accounted, as new and in order,
  // all connections are open, none was taken up in mid-stream, and, where last
  // frames are kept, there are both of each.
  void Check() const;

  Traffic& traffic() { return traffic_; }
  const testing::PipelineRig& rig() const { return rig_; }

 private:
  uint64_t FramesKept() const;

  const uint32_t flows_;
  const bool last_frame_;
  testing::PipelineRig rig_;
  Traffic traffic_;
  uint64_t sent_ = 0;
};

}  // namespace mosd::bench
