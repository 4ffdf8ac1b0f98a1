// What a program does with flows costs no heap, once as many were open at a
// time as ever will be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "mos_ext.h"
#include "tests/support/api/wire.h"
#include "tests/support/api/worker_program.h"
#include "tests/support/heap_count.h"
#include "tests/support/packet.h"

namespace mosd::testing {
namespace {

constexpr uint16_t kFlows = 48;
constexpr int kWarmUps = 3;
constexpr int kRounds = 10;

uint64_t calls = 0;
uint64_t bytes_peeked = 0;
event_t own_event;

bool Always(mctx_t, int, int, event_t, filter_arg_t*) { return true; }

void Count(mctx_t, int, int, event_t, filter_arg_t*) { ++calls; }

void OnData(mctx_t mctx, int socket, int side, event_t, filter_arg_t*) {
  char bytes[4096];
  const ssize_t got = mtcp_peek(mctx, socket, side, bytes, sizeof(bytes));
  if (got > 0) bytes_peeked += static_cast<uint64_t>(got);
}

void SetOption(mctx_t mctx, int socket, int name, int value) {
  EXPECT_EQ(
      mtcp_setsockopt(mctx, socket, SOL_MONSOCKET, name, &value, sizeof(value)),
      0);
}

// Arms the flow's own socket: callbacks taken back, put in place, and of an
// event of the program's own.
void OnStart(mctx_t mctx, int socket, int, event_t, filter_arg_t*) {
  const auto arm = [&](event_t event, int hook, callback_t callback) {
    EXPECT_EQ(mtcp_register_callback(mctx, socket, event, hook, callback), 0);
  };
  arm(MOS_ON_PKT_IN, MOS_HK_SND, nullptr);
  arm(MOS_ON_PKT_IN, MOS_HK_SND, &Count);
  arm(MOS_ON_REXMIT, MOS_HK_RCV, &Count);
  arm(own_event, MOS_HK_RCV, &Count);
  mtcp_set_uctx(mctx, socket, &calls);
  SetOption(mctx, socket, MOS_CLIBUF, 16'384);
  SetOption(mctx, socket, MOS_SVROVERLAP, MOS_OVERLAP_POLICY_LAST);
}

// Some stop watching, wholly or a side of it.
void OnState(mctx_t mctx, int socket, int, event_t, filter_arg_t*) {
  uint64_t flow = 0;
  ASSERT_EQ(mos_flow_id(mctx, socket, &flow), 0);
  if (flow % 4 == 1) {
    EXPECT_EQ(mtcp_register_callback(mctx, socket, MOS_ON_TCP_STATE_CHANGE,
                                     MOS_HK_SND, nullptr),
              0);
  }
  if (flow % 4 == 2) SetOption(mctx, socket, MOS_STOP_MON, MOS_SIDE_CLI);
  if (flow % 8 == 3) {
    EXPECT_EQ(mtcp_close(mctx, socket), 0);
  }
}

class FlowAllocationTest : public ::testing::Test {
 protected:
  FlowAllocationTest() : program_({.max_flows = 64, .buffer_bytes = 8192}) {}

  Bytes Segment(uint16_t flow, dataplane::Side sender, std::string_view flags,
                uint32_t seq, uint32_t ack, size_t bytes = 0) const {
    const bool client = sender == C;
    const auto port = static_cast<uint16_t>(40'000 + flow);
    return Packet()
        .Ipv4(client ? "10.0.0.1" : "10.0.0.2",
              client ? "10.0.0.2" : "10.0.0.1")
        .Tcp(client ? port : 80, client ? 80 : port)
        .Flags(ParseTcpFlags(flags))
        .Seq(seq)
        .Ack(ack)
        .Payload(PayloadFrom(seq, bytes))
        .Build();
  }

  // A segment of every flow, numbers being those of a life that began at 0.
  // Returns how often the worker took memory.
  uint64_t OfAll(dataplane::Side sender, std::string_view flags, uint32_t seq,
                 uint32_t ack, size_t bytes = 0) {
    for (uint16_t flow = 0; flow < kFlows; ++flow) {
      program_.Add(Segment(flow, sender, flags, first_seq_ + seq,
                           first_seq_ + ack, bytes));
    }
    const uint64_t before = HeapAllocations();
    EXPECT_TRUE(program_.Turn());
    return HeapAllocations() - before;
  }

  // The life of all flows, with bytes ahead of a hole and bytes again.
  uint64_t Live() {
    uint64_t taken = OfAll(C, "S", 1000, 0);
    taken += OfAll(S, "SA", 5000, 1001);
    taken += OfAll(C, "A", 1001, 5001);
    taken += OfAll(C, "PA", 3501, 5001, 1000);
    taken += OfAll(C, "PA", 1001, 5001, 2500);
    taken += OfAll(C, "PA", 1001, 5001, 2500);
    taken += OfAll(S, "PA", 5001, 4501, 1200);
    taken += OfAll(S, "FA", 6201, 4501);
    taken += OfAll(C, "FA", 4501, 6202);
    taken += OfAll(S, "A", 6202, 4502);
    first_seq_ += 1'000'000;
    EXPECT_EQ(program_.context().flows().flow_count(), 0u);
    return taken;
  }

  WorkerProgram program_;
  uint32_t first_seq_ = 0;
};

TEST_F(FlowAllocationTest, OpeningClosingAndArmingFlowsTakesNoMemory) {
  own_event = mtcp_define_event(MOS_ON_PKT_IN, &Always, nullptr);
  ASSERT_NE(own_event, event_t{0});
  const int socket =
      mtcp_socket(program_.mctx(), AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
  const auto watch = [&](event_t event, int hook, callback_t callback) {
    ASSERT_EQ(
        mtcp_register_callback(program_.mctx(), socket, event, hook, callback),
        0);
  };
  watch(MOS_ON_CONN_START, MOS_HK_SND, &OnStart);
  watch(MOS_ON_TCP_STATE_CHANGE, MOS_HK_SND, &OnState);
  watch(MOS_ON_CONN_NEW_DATA, MOS_NULL, &OnData);
  watch(MOS_ON_CONN_END, MOS_HK_RCV, &Count);

  uint64_t warming_up = 0;
  for (int i = 0; i < kWarmUps; ++i) warming_up += Live();
  EXPECT_GT(warming_up, 0u) << "nothing is counted";
  calls = 0;
  bytes_peeked = 0;
  for (int i = 0; i < kRounds; ++i) EXPECT_EQ(Live(), 0u) << "round " << i;
  EXPECT_GT(calls, uint64_t{kRounds} * kFlows * 10);
  EXPECT_GT(bytes_peeked, uint64_t{kRounds} * kFlows * 2'000);
}

}  // namespace
}  // namespace mosd::testing
