#include "tests/bench/traffic.h"

namespace mosd::bench {

Traffic::Traffic(uint32_t flows, uint32_t frame_bytes,
                 std::span<const Tuple> tuples)
    : flows_(flows), tuples_(tuples), source_(frame_bytes) {}

// Round 3 is the server's first.
Segment Traffic::DataSegment() const {
  const bool from_client = round_ % 2 == 0;
  // Data rounds of each side before this one.
  const uint32_t sent = (round_ - 3) / 2;
  const uint32_t bytes = source_.payload_bytes();
  const uint32_t mine = sent * bytes;
  const uint32_t theirs = (from_client ? sent + 1 : sent) * bytes;
  return {from_client, RTE_TCP_ACK_FLAG,
          (from_client ? kClientIsn : kServerIsn) + 1 + mine,
          (from_client ? kServerIsn : kClientIsn) + 1 + theirs, bytes};
}

void Traffic::Next(rte_mbuf** frames) {
  source_.Take(frames);
  Write(frames);
}

bool Traffic::TryNext(rte_mbuf** frames) {
  if (!source_.TryTake(frames)) return false;
  Write(frames);
  return true;
}

void Traffic::Write(rte_mbuf** frames) {
  for (uint32_t i = 0; i < kBurst; ++i) {
    source_.Write(frames[i],
                  tuples_.empty() ? UsualTuple(flow_) : tuples_[flow_],
                  round_ < 3 ? HandshakeSegment(round_) : DataSegment());
    if (++flow_ == flows_) {
      flow_ = 0;
      ++round_;
    }
  }
}

}  // namespace mosd::bench
