#include "dataplane/flow/flow_record.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>

#include "dataplane/base/region.h"
#include "tests/support/flow_keys.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::NumberedKey;

class FlowRecordTest : public ::testing::Test {
 protected:
  FlowRecordTest()
      : region_(*Region::Map(sizeof(FlowRecord))),
        record_(reinterpret_cast<FlowRecord*>(region_.data())) {}

  void NextGeneration() { record_->NextGeneration(); }

  // Every fifth flow has counted far.
  static uint64_t CarriedFrames(uint32_t number) {
    return number % 5 == 0 ? 2 : 0;
  }
  static uint64_t FirstFrames(uint32_t number) {
    return CarriedFrames(number) << ShortCounter<uint16_t>::kBits;
  }
  static uint64_t Frames(uint32_t number) {
    return FirstFrames(number) + number % 30'000;
  }

  // A flow of which everything follows from `number`, as a table and a tracker
  // would write it: the numbers of the sides come when it already lives.
  void Live(uint32_t number) {
    // An IPv6 one in turn: both halves of a key have to be of one flow.
    FlowKey key = NumberedKey(number);
    if (number % 2 == 0) {
      key.version = IpVersion::kIpv6;
      for (auto& address : key.address) {
        std::memcpy(address.data() + 12, &number, sizeof(number));
      }
    }
    record_->StoreHead(FlowKeyHead::Of(key));
    if (number % 2 == 0) tail_.Store(FlowKeyTail::Of(key));
    cold_.start_time_ns.Set(number);
    // Where it stands in a wheel.
    cold_.place_or_end.set_place(2, 1000);
    cold_.place_or_end.set_previous(number);
    FlowStatus status;
    status.set_ip_version(key.version);
    status.set_state(FlowState::kHalfOpen);
    status.set_client_index(1);
    status.set_midstream(number % 3 == 0);
    if (CarriedFrames(number) != 0) status.set_carried();
    record_->SetStatus(status);
    for (size_t i = 0; i < kSides; ++i) {
      record_->frames[i].set_low(0);
      carried_.side[i].frames.Set(CarriedFrames(number));
    }
    NextGeneration();
    for (size_t i = 0; i < kSides; ++i) {
      record_->frames[i].Add(number % 30'000, &carried_.side[i].frames);
      record_->wire_bytes[i].set_low(number * 2);
      record_->payload_bytes[i].set_low(number * 3);
      cold_.retransmitted_frames[i].Set(number);
      record_->last_time_ns[i].Set(number * int64_t{5});
    }
    cold_.place_or_end.set_end_time_ns(number + int64_t{6});
    status.set_state(FlowState::kEnded);
    status.set_end_reason(EndReason::kFinServer);
    record_->SetStatus(status);
  }

  static bool Is(const FlowSnapshot& snapshot, uint32_t number);

  // By generation, of the only record there is.
  bool Read(uint32_t generation, FlowSnapshot* snapshot) const {
    return ReadFlowRecord({*record_, cold_, tail_, carried_},
                          FlowId::Make(0, 0, generation), snapshot);
  }

  Region region_;
  FlowRecord* record_;
  FlowColdRecord cold_{};
  SharedKeyTail tail_{};
  CarriedCounts carried_{};
};

TEST_F(FlowRecordTest, StatusKeepsEveryFieldApart) {
  FlowStatus status;
  EXPECT_EQ(status.word(), 0u);
  status.set_state(FlowState::kEnded);
  status.set_end_reason(EndReason::kShutdown);
  status.set_tcp_states(TcpState::kTimeWait, TcpState::kLastAck);
  status.set_last_speaker(Side::kServer);
  status.set_client_index(1);
  status.set_midstream(true);
  status.set_ip_version(IpVersion::kIpv6);
  status.set_carried();
  const FlowStatus copy(status.word());
  EXPECT_EQ(copy.state(), FlowState::kEnded);
  EXPECT_EQ(copy.end_reason(), EndReason::kShutdown);
  EXPECT_EQ(copy.tcp_state(0), TcpState::kTimeWait);
  EXPECT_EQ(copy.tcp_state(1), TcpState::kLastAck);
  EXPECT_EQ(copy.last_speaker(), Side::kServer);
  EXPECT_EQ(copy.client_index(), 1u);
  EXPECT_TRUE(copy.midstream());
  EXPECT_EQ(copy.ip_version(), IpVersion::kIpv6);
  EXPECT_TRUE(copy.carried());
  status.set_ip_version(IpVersion::kIpv4);
  EXPECT_EQ(status.ip_version(), IpVersion::kIpv4);
  EXPECT_TRUE(status.carried());
  status.set_tcp_states(TcpState::kClosed, TcpState::kSynSent);
  EXPECT_EQ(status.tcp_state(0), TcpState::kClosed);
  EXPECT_EQ(status.tcp_state(1), TcpState::kSynSent);
  EXPECT_EQ(status.end_reason(), EndReason::kShutdown);
  EXPECT_EQ(status.last_speaker(), Side::kServer);
}

TEST_F(FlowRecordTest, ReadOnlyByTheGenerationThatLivesThere) {
  FlowSnapshot snapshot;
  EXPECT_FALSE(Read(0, &snapshot));
  Live(9);
  EXPECT_FALSE(Read(0, &snapshot));
  EXPECT_FALSE(Read(3, &snapshot));
  ASSERT_TRUE(Read(1, &snapshot));
  EXPECT_EQ(snapshot.version, IpVersion::kIpv4);
  EXPECT_EQ(snapshot.side[0].endpoint.address[0], 20);  // the client
  EXPECT_EQ(snapshot.side[0].endpoint.port, 9);
  EXPECT_EQ(snapshot.side[1].endpoint.port, 80);
  EXPECT_TRUE(snapshot.midstream);
  EXPECT_EQ(snapshot.start_time_ns, 9);
  EXPECT_EQ(snapshot.end_time_ns, 15);
  EXPECT_EQ(snapshot.side[1].wire_bytes, 18u);
  EXPECT_FALSE(snapshot.side[0].has_last_frame);
  NextGeneration();
  EXPECT_FALSE(Read(1, &snapshot));
  EXPECT_FALSE(Read(2, &snapshot));
}

TEST_F(FlowRecordTest, GenerationWraps) {
  record_->generation = FlowId::kGenerationMask - 1;
  FlowSnapshot snapshot;
  Live(1);
  EXPECT_TRUE(Read(FlowId::kGenerationMask, &snapshot));
  EXPECT_TRUE(record_->Holds(FlowId::Make(0, 0, FlowId::kGenerationMask)));
  NextGeneration();
  EXPECT_FALSE(record_->Holds(FlowId::Make(0, 0, 0)));
  Live(2);
  EXPECT_TRUE(Read(1, &snapshot));
  EXPECT_TRUE(record_->Holds(FlowId::Make(0, 0, 1)));
}

TEST_F(FlowRecordTest, AnEndOnlyWithTheStateEnded) {
  Live(1);
  FlowStatus status = record_->Status();
  status.set_state(FlowState::kEstablished);
  record_->SetStatus(status);
  FlowSnapshot snapshot;
  ASSERT_TRUE(Read(1, &snapshot));
  EXPECT_EQ(snapshot.end_time_ns, 0);
}

bool FlowRecordTest::Is(const FlowSnapshot& snapshot, uint32_t number) {
  uint32_t end_of_address;
  std::memcpy(&end_of_address, snapshot.side[1].endpoint.address.data() + 12,
              sizeof(end_of_address));
  const bool ipv6 = number % 2 == 0;
  bool good =
      snapshot.side[0].endpoint.port == number % 65536 &&
      end_of_address == (ipv6 ? number : 0) &&
      snapshot.version == (ipv6 ? IpVersion::kIpv6 : IpVersion::kIpv4) &&
      snapshot.start_time_ns == number &&
      snapshot.midstream == (number % 3 == 0);
  if (snapshot.state == FlowState::kEnded) {
    good = good && snapshot.end_time_ns == number + int64_t{6} &&
           snapshot.end_reason == EndReason::kFinServer &&
           snapshot.side[0].frames == Frames(number) &&
           snapshot.side[1].last_time_ns == number * int64_t{5};
  } else {
    good = good && snapshot.end_time_ns == 0 &&
           snapshot.end_reason == EndReason::kNone;
  }
  for (const SideSnapshot& side : snapshot.side) {
    good = good && (side.frames == FirstFrames(number) ||
                    side.frames == Frames(number));
  }
  return good;
}

// The record is reused all the time: a snapshot is of one flow, or none.
TEST_F(FlowRecordTest, ConcurrentReuseNeverMixesFlows) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (uint32_t number = 1; !stop.load(std::memory_order_relaxed); ++number) {
      Live(number);
      NextGeneration();
    }
  });
  uint64_t mixed = 0, read = 0;
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(1000);
  do {
    for (int i = 0; i < 1000; ++i) {
      const uint32_t generation =
          record_->generation.load() & FlowId::kGenerationMask;
      FlowSnapshot snapshot;
      if (!Read(generation, &snapshot)) continue;
      ++read;
      // Generation 2n - 1 is that of number n.
      mixed += Is(snapshot, (generation + 1) / 2) ? 0 : 1;
    }
  } while (std::chrono::steady_clock::now() < end);
  stop = true;
  writer.join();
  EXPECT_GT(read, 0u);
  EXPECT_EQ(mixed, 0u);
}

}  // namespace
}  // namespace mosd::dataplane
