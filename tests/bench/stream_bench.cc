// What it costs to put a full segment into a receive buffer, in order, over
// copying its bytes into a ring of the same size.
//
//   stream_bench [SEGMENTS [ROUNDS]]
//
// CPU time of a segment, in turn with the copies.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "api/copy_bytes.h"
#include "api/stream/block_pool.h"
#include "api/stream/stream_buffer.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {
namespace {

constexpr size_t kSegmentBytes = 1460;
constexpr uint64_t kBufferBytes = 8192;
constexpr uint32_t kBurst = 32;

// Segments as they come from a port: out of buffers that are used in turn.
class Segments {
 public:
  Segments() : bytes_(kCount * kStride, 0x5a) {}
  std::span<const uint8_t> Next() {
    next_ = (next_ + 1) % kCount;
    return {bytes_.data() + next_ * kStride + kHeaders, kSegmentBytes};
  }

 private:
  static constexpr size_t kCount = 256;
  static constexpr size_t kStride = 2048 + 128;
  static constexpr size_t kHeaders = 54 + 128;
  std::vector<uint8_t> bytes_;
  size_t next_ = 0;
};

// The burst's segments go to flows in turn: `per_flow` of them to each.
class Buffers {
 public:
  explicit Buffers(uint32_t flows)
      : flows_(flows),
        pool_(*api::BlockPool::Create(flows * uint64_t{128} << 10)) {}

  uint64_t Feed(Segments* segments, uint64_t count, uint32_t per_flow) {
    uint64_t in_order = 0;
    for (uint64_t done = 0; done < count; done += kBurst) {
      const size_t first = at_;
      for (uint32_t i = 0; i < kBurst; ++i) {
        api::StreamBuffer& flow = flows_[at_];
        in_order += flow.Insert(pool_.get(), flow.next_expected(),
                                segments->Next(), api::OverlapPolicy::kFirst,
                                api::StreamBuffer::AheadBytes(kBufferBytes))
                        .in_order;
        if (i % per_flow == per_flow - 1) at_ = (at_ + 1) % flows_.size();
      }
      for (size_t i = first; i != at_; i = (i + 1) % flows_.size()) {
        flows_[i].Trim(pool_.get(), kBufferBytes);
      }
      if (first == at_) flows_[first].Trim(pool_.get(), kBufferBytes);
    }
    return in_order;
  }

 private:
  std::vector<api::StreamBuffer> flows_;
  std::unique_ptr<api::BlockPool> pool_;
  size_t at_ = 0;
};

// A ring of memory for each flow, kept for it alone; segments are not split.
class Rings {
 public:
  explicit Rings(uint32_t flows) : flows_(flows), bytes_(flows * kRingBytes) {}

  void Feed(Segments* segments, uint64_t count, uint32_t per_flow) {
    for (uint64_t i = 0; i < count; ++i) {
      uint32_t& next = flows_[at_];
      api::CopyBytes(bytes_.data() + at_ * kRingBytes + next,
                     segments->Next().data(), kSegmentBytes);
      next += kSegmentBytes;
      if (next + kSegmentBytes > kRingBytes) next = 0;
      if (i % per_flow == per_flow - 1) at_ = (at_ + 1) % flows_.size();
    }
  }

 private:
  static constexpr size_t kRingBytes = kBufferBytes;
  std::vector<uint32_t> flows_;  // where the next segment goes
  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
};

void Compare(uint32_t flows, uint32_t per_flow, uint64_t count,
             uint64_t rounds) {
  count = (count + kBurst - 1) / kBurst * kBurst;
  Segments segments;
  Buffers buffers(flows);
  Rings rings(flows);
  buffers.Feed(&segments, 32 * flows, per_flow);
  rings.Feed(&segments, 32 * flows, per_flow);
  std::vector<double> inserts;
  std::vector<double> copies;
  for (uint64_t i = 0; i < rounds; ++i) {
    const double start = ThreadCpuNs();
    rings.Feed(&segments, count, per_flow);
    const double middle = ThreadCpuNs();
    if (buffers.Feed(&segments, count, per_flow) != count * kSegmentBytes) {
      Fail("bytes were lost");
    }
    const double end = ThreadCpuNs();
    copies.push_back((middle - start) / static_cast<double>(count));
    inserts.push_back((end - middle) / static_cast<double>(count));
  }
  Print({"a segment of 1,460 bytes into a receive buffer, " + Grouped(flows) +
             " flows, " + Grouped(per_flow) + " in a row",
         "", Format(SpreadOf(inserts), 1, "ns"),
         "copying it " + Format(SpreadOf(copies), 1, "ns"),
         Format(SpreadOf(Ratios(inserts, copies)), 2), std::nullopt});
}

int Main(int argc, char** argv) {
  const uint64_t segments = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 20);
  if (segments == 0 || rounds == 0 || argc > 3) {
    std::fprintf(stderr, "stream_bench [SEGMENTS [ROUNDS]]\n");
    return 2;
  }
  Compare(1, 32, segments, rounds);
  Compare(100, 1, segments, rounds);
  Compare(100, 4, segments, rounds);
  Compare(10'000, 1, segments, rounds);
  Compare(10'000, 4, segments, rounds);
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
