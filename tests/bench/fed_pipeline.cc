#include "tests/bench/fed_pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <string>

#include "tests/bench/report.h"

namespace mosd::bench {

double MeasureRxOnly(Traffic* traffic, uint64_t packets) {
  return Measure(traffic, packets, [](rte_mbuf** frames) {
    rte_pktmbuf_free_bulk(frames, Traffic::kBurst);
  });
}

FedPipeline::FedPipeline(const Options& options)
    : flows_(options.flows),
      last_frame_(options.last_frame),
      rig_(std::max(options.flows, options.max_flows), options.frame_bytes,
           options.last_frame),
      traffic_(options.flows, options.frame_bytes, options.tuples) {}

double FedPipeline::Feed(uint64_t packets) {
  return Measure(&traffic_, packets,
                 [this](rte_mbuf** frames) { Receive(frames); });
}

uint64_t FedPipeline::FramesKept() const {
  uint64_t frames = 0;
  for (size_t i = 0; i < dataplane::kFrameClasses; ++i) {
    frames += rig_.frame_pool().InUse(i);
  }
  return frames;
}

void FedPipeline::Check() const {
  const dataplane::FrameCounts& frames = rig_.pipeline().counts();
  const dataplane::FlowTableCounts& flows = rig_.flows().counts();
  const uint64_t established =
      flows.by_state[static_cast<size_t>(dataplane::FlowState::kEstablished)];
  const uint64_t kept = FramesKept();
  if (frames.accounted == sent_ && frames.retransmitted == 0 &&
      established == flows_ && flows.midstream == 0 &&
      (!last_frame_ || kept >= 2 * uint64_t{flows_})) {
    return;
  }
  Fail(Grouped(sent_) + " frames sent, " + Grouped(frames.accounted) +
       " accounted, " + Grouped(frames.retransmitted) + " as repeated; " +
       Grouped(established) + " of " + Grouped(flows_) +
       " flows established, " + Grouped(flows.midstream) +
       " begun in mid-stream; " + Grouped(kept) + " last frames");
}

}  // namespace mosd::bench
