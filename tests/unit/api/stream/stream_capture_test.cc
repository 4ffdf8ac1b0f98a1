// Captures that mOS itself was run over: every byte that was on the wire is
// peeked, once and in order, and in the same portions as mOS gave when its
// buffers were large enough for it. What comes back from half-closed peers,
// mOS does not give at all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/stream/stream_buffer.h"
#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_tracker.h"
#include "tests/support/shared_dir.h"
#include "tests/support/tcp_capture.h"

namespace mosd::api {
namespace {

using dataplane::Side;
using dataplane::TcpConnection;
using dataplane::TcpEnd;
using ::mosd::testing::CapturedSegment;
using ::mosd::testing::TracedPeek;

constexpr uint64_t kBufferBytes = 8192;  // rmem_size, unless said otherwise

uint32_t Fnv1a(const std::vector<uint8_t>& bytes) {
  uint32_t hash = 2166136261;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 16777619;
  return hash;
}

// Up to which offset an end's bytes are acknowledged, its FIN left out.
uint64_t AcknowledgedOffset(const TcpEnd& end) {
  const uint64_t last =
      end.next_offset - (Has(end, dataplane::kFinSent) ? 1 : 0);
  return std::min(end.next_offset - (end.next_seq - end.acked_seq), last);
}

// What one side sent, as the other receives it.
struct Stream {
  StreamBuffer buffer{};
  uint64_t position = 0;
  std::map<uint64_t, uint8_t> on_the_wire;
  std::vector<uint8_t> peeked;
};

struct Flow {
  TcpConnection tcp;
  Stream stream[dataplane::kSides];
};

class Replay {
 public:
  void Apply(const CapturedSegment& captured) {
    const Key backward(captured.destination, captured.source);
    const bool from_server = flows_.contains(backward);
    const Key key =
        from_server ? backward : Key(captured.source, captured.destination);
    const Side sender = from_server ? Side::kServer : Side::kClient;
    dataplane::TcpUpdate update;
    if (!flows_.contains(key)) {
      if (TcpClassifyOpening(captured.segment) !=
          dataplane::TcpOpening::kHandshake) {
        return;
      }
      update = TcpOpen(&flows_[key].tcp, sender, captured.segment);
    } else {
      update = TcpApply(&flows_[key].tcp, sender, captured.segment);
    }
    Flow& flow = flows_[key];
    Receive(captured, update.offset, &flow.stream[Index(sender)]);
    for (size_t side = 0; side < dataplane::kSides; ++side) {
      gap_bytes_ += flow.stream[side].buffer.AcknowledgedUpTo(
          pool_.get(), AcknowledgedOffset(flow.tcp.end[side]));
    }
    for (size_t side = 0; side < dataplane::kSides; ++side) {
      const bool half_closed = Has(flow.tcp.end[1 - side], dataplane::kFinSent);
      PeekAll(key, side == Index(Side::kClient), half_closed,
              &flow.stream[side]);
    }
  }

  // Ends all flows: what was peeked is what was on the wire.
  void Finish() {
    for (auto& [key, flow] : flows_) {
      for (Stream& stream : flow.stream) {
        std::vector<uint8_t> expected;
        for (const auto& [at, byte] : stream.on_the_wire) {
          expected.push_back(byte);
        }
        EXPECT_TRUE(stream.peeked == expected)
            << key.first << " > " << key.second << ": " << stream.peeked.size()
            << " bytes instead of " << expected.size();
        peeked_bytes_ += stream.peeked.size();
        stream.buffer.Clear(pool_.get());
      }
    }
    EXPECT_EQ(pool_->in_use(), 0u);
  }

  // All but those of sides that had sent their FIN.
  const std::vector<TracedPeek>& open_peeks() const { return open_peeks_; }
  uint64_t peeked_bytes() const { return peeked_bytes_; }
  uint64_t lost_bytes() const { return lost_bytes_; }
  uint64_t gap_bytes() const { return gap_bytes_; }

 private:
  using Key = std::pair<std::string, std::string>;

  void Receive(const CapturedSegment& captured, uint64_t offset,
               Stream* stream) {
    for (size_t i = 0; i < captured.payload.size(); ++i) {
      stream->on_the_wire.try_emplace(offset + i, captured.payload[i]);
    }
    const InsertCounts counts = stream->buffer.Insert(
        pool_.get(), offset, captured.payload, OverlapPolicy::kFirst,
        StreamBuffer::AheadBytes(kBufferBytes));
    EXPECT_EQ(counts.dropped, 0u);
  }

  void PeekAll(const Key& key, bool by_server, bool half_closed,
               Stream* stream) {
    const uint64_t before = stream->peeked.size();
    while (stream->position < stream->buffer.next_expected()) {
      uint8_t some[1000];
      const PeekCounts counts =
          stream->buffer.Peek(*pool_, &stream->position, some);
      lost_bytes_ += counts.lost;
      stream->peeked.insert(stream->peeked.end(), some, some + counts.copied);
    }
    stream->buffer.Trim(pool_.get(), kBufferBytes);
    const std::vector<uint8_t> news(
        stream->peeked.begin() + static_cast<ptrdiff_t>(before),
        stream->peeked.end());
    if (news.empty() || half_closed) return;
    open_peeks_.push_back(
        {key.first, key.second, by_server, news.size(), Fnv1a(news)});
  }

  std::unique_ptr<BlockPool> pool_ = *BlockPool::Create(16 << 20);
  std::map<Key, Flow> flows_;
  std::vector<TracedPeek> open_peeks_;
  uint64_t peeked_bytes_ = 0;
  uint64_t lost_bytes_ = 0;
  uint64_t gap_bytes_ = 0;
};

class StreamCaptureTest : public ::testing::TestWithParam<const char*> {};

TEST_P(StreamCaptureTest, AllThatWasOnTheWireIsPeeked) {
  const auto shared = ::mosd::testing::SharedDirectory();
  if (!shared) GTEST_SKIP() << "no captures in ../shared/mos-traces";
  const std::string path = *shared / "mos-traces" / GetParam();
  const auto capture = ::mosd::testing::ReadCapture(path + ".pcap");
  ASSERT_FALSE(capture.empty());
  Replay replay;
  for (const CapturedSegment& segment : capture) replay.Apply(segment);
  replay.Finish();
  EXPECT_EQ(replay.lost_bytes(), replay.gap_bytes());

  // mOS with its default buffers, and with such as hold all of it.
  uint64_t mos_bytes = 0;
  for (const auto& peek :
       ::mosd::testing::ReadTracedPeeks(path + ".dpdk.trace")) {
    mos_bytes += peek.length;
  }
  EXPECT_GE(replay.peeked_bytes(), mos_bytes);
  const auto mos =
      ::mosd::testing::ReadTracedPeeks(path + ".dpdk.rmem1m.trace");
  ASSERT_FALSE(mos.empty());
  EXPECT_TRUE(replay.open_peeks() == mos);
  RecordProperty("peeked_bytes", std::to_string(replay.peeked_bytes()));
  RecordProperty("mos_bytes", std::to_string(mos_bytes));
}

INSTANTIATE_TEST_SUITE_P(Captures, StreamCaptureTest,
                         ::testing::Values("clean_seq", "loss_before"));

}  // namespace
}  // namespace mosd::api
