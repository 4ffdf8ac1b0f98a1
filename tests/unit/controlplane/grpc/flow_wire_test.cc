// Flows and pages in wire format against what protobuf makes of the messages
// that FillFlow() fills: the same bytes, for every field and by chance.
#include "controlplane/grpc/flow_wire.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "controlplane/grpc/convert.h"
#include "controlplane/grpc/flow_page.h"
#include "gtest/gtest.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using dataplane::SideSnapshot;

// Numbers of any length, with those at the edges of a varint's more often.
class Chance {
 public:
  bool Bool() { return Below(2) == 0; }
  uint64_t Below(uint64_t end) { return random_() % end; }
  template <typename Enum>
  Enum EnumUpTo(Enum last) {
    return static_cast<Enum>(Below(static_cast<uint64_t>(last) + 1));
  }
  uint64_t Number() {
    if (Below(4) == 0) return Below(3) + (uint64_t{1} << Below(64)) - 1;
    return random_() >> Below(64);
  }

 private:
  std::mt19937_64 random_{7};
};

SideSnapshot RandomSide(Chance* chance) {
  SideSnapshot side{};
  for (uint8_t& byte : side.endpoint.address) {
    byte = static_cast<uint8_t>(chance->Below(256));
  }
  side.endpoint.port = static_cast<uint16_t>(chance->Number());
  side.tcp_state = chance->EnumUpTo(dataplane::TcpState::kTimeWait);
  side.has_last_frame = chance->Bool();
  side.frames = chance->Bool() ? 0 : chance->Number();
  side.wire_bytes = chance->Number();
  side.payload_bytes = chance->Number();
  side.retransmitted_frames = chance->Number();
  side.last_time_ns = static_cast<int64_t>(chance->Number());
  return side;
}

FlowSnapshot RandomFlow(Chance* chance) {
  FlowSnapshot flow{};
  flow.id.value = chance->Number();
  flow.version = chance->Bool() ? dataplane::IpVersion::kIpv4
                                : dataplane::IpVersion::kIpv6;
  flow.state = chance->EnumUpTo(dataplane::FlowState::kEnded);
  flow.end_reason = chance->EnumUpTo(dataplane::EndReason::kShutdown);
  flow.last_speaker = chance->EnumUpTo(dataplane::Side::kServer);
  flow.midstream = chance->Bool();
  for (SideSnapshot& side : flow.side) side = RandomSide(chance);
  flow.start_time_ns = static_cast<int64_t>(chance->Number());
  flow.end_time_ns = static_cast<int64_t>(chance->Number());
  return flow;
}

std::string Wire(const FlowSnapshot& flow, uint32_t epoch) {
  uint8_t bytes[kMaxFlowBytes];
  return std::string(&bytes[0], WriteFlow(flow, epoch, bytes));
}

std::string Reference(const FlowSnapshot& flow, uint32_t epoch) {
  mos::v1::Flow message;
  FillFlow(flow, epoch, &message);
  return message.SerializeAsString();
}

std::string BytesOf(grpc::ByteBuffer buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return std::string(slice.begin(), slice.end());
}

TEST(FlowWireTest, FlowsAreTheBytesOfTheMessage) {
  EXPECT_EQ(Wire({}, 0), Reference({}, 0));
  Chance chance;
  for (int i = 0; i < 200'000; ++i) {
    const FlowSnapshot flow = RandomFlow(&chance);
    const auto epoch = static_cast<uint32_t>(chance.Number());
    ASSERT_EQ(Wire(flow, epoch), Reference(flow, epoch)) << i;
  }
}

TEST(FlowWireTest, TimesOfEveryLengthAreTheBytesOfTheMessage) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  for (const int64_t seconds :
       {-1l, 0l, 1l, 127l, (1l << 28) - 1, 1l << 28, (1l << 28) + 1,
        1'700'000'000l, (1l << 32) + 1, 9'223'372'035l}) {
    for (const int64_t nanos :
         {0l, 1l, 127l, 128l, (1l << 14) - 1, 1l << 14, (1l << 21) - 1,
          1l << 21, (1l << 28) - 1, 1l << 28, kNsPerSecond - 1}) {
      FlowSnapshot flow{};
      flow.state = dataplane::FlowState::kEnded;
      flow.start_time_ns = flow.end_time_ns = seconds * kNsPerSecond + nanos;
      for (SideSnapshot& side : flow.side) {
        side.frames = 1;
        side.last_time_ns = flow.start_time_ns;
      }
      EXPECT_EQ(Wire(flow, 1), Reference(flow, 1)) << seconds << "." << nanos;
    }
  }
}

TEST(FlowWireTest, EveryFieldIsWritten) {
  Chance chance;
  FlowSnapshot flow = RandomFlow(&chance);
  flow.state = dataplane::FlowState::kEnded;
  flow.end_reason = dataplane::EndReason::kEvicted;
  flow.midstream = true;
  flow.id = dataplane::FlowId::Make(1, 2, 3);
  mos::v1::Flow message;
  ASSERT_TRUE(message.ParseFromString(Wire(flow, 1)));
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  EXPECT_EQ(fields.size(),
            static_cast<size_t>(mos::v1::Flow::descriptor()->field_count()));
}

TEST(FlowWireTest, TheLongestFlowHasRoom) {
  FlowSnapshot flow{};
  flow.id.value = ~uint64_t{0};
  flow.version = dataplane::IpVersion::kIpv6;
  flow.state = dataplane::FlowState::kEnded;
  flow.end_reason = dataplane::EndReason::kShutdown;
  flow.last_speaker = dataplane::Side::kServer;
  flow.midstream = true;
  flow.start_time_ns = flow.end_time_ns = -1;  // ten bytes of seconds
  for (SideSnapshot& side : flow.side) {
    side.endpoint.port = 65535;
    side.tcp_state = dataplane::TcpState::kTimeWait;
    side.has_last_frame = true;
    side.frames = side.wire_bytes = side.payload_bytes =
        side.retransmitted_frames = ~uint64_t{0};
    side.last_time_ns = -1;
  }
  EXPECT_EQ(Wire(flow, ~0u), Reference(flow, ~0u));
  EXPECT_EQ(Wire(flow, ~0u).size(), 263u);
}

TEST(FlowPageTest, PagesAreTheBytesOfTheMessage) {
  Chance chance;
  for (const int flows : {0, 1, 100, 1000, 10'000}) {
    for (const char* token : {"", "a token"}) {
      FlowPage page(7);
      mos::v1::ListFlowsResponse message;
      for (int i = 0; i < flows; ++i) {
        const FlowSnapshot flow = RandomFlow(&chance);
        page.Add(flow);
        FillFlow(flow, 7, message.add_flows());
      }
      message.set_next_page_token(token);
      EXPECT_EQ(page.flows(), static_cast<size_t>(flows));
      // Not EXPECT_EQ, which would look for minutes where megabytes differ.
      EXPECT_TRUE(BytesOf(page.Finish(token)) == message.SerializeAsString())
          << flows << " flows";
    }
  }
}

}  // namespace
}  // namespace mosd::controlplane
