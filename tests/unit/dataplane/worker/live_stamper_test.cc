// Which time a live frame gets. The frames are DPDK's; the device's clock is
// the test's.
#include "dataplane/worker/live_stamper.h"

#include <gtest/gtest.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <cstring>
#include <string>

#include "dataplane/port/eal.h"
#include "dataplane/port/frame_stamp.h"

namespace mosd::dataplane {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000'000;
constexpr int64_t kSecond = 1'000'000'000;

// A clock of 500 MHz, read when the host's is at `host_ns`.
int64_t host_ns = kStart;
bool readable = true;

uint64_t TicksAt(int64_t time_ns) {
  return 1'000 + static_cast<uint64_t>(time_ns - kStart) / 2;
}

bool ReadTestClock(uint16_t, uint64_t* ticks) {
  *ticks = TicksAt(host_ns);
  return readable;
}

class LiveStamperTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(StartEal({}).ok());
    ASSERT_TRUE(RegisterFrameStamp().ok());
    ASSERT_TRUE(RegisterDeviceTime().ok());
  }

  LiveStamperTest() {
    host_ns = kStart;
    readable = true;
    pool_ = rte_pktmbuf_pool_create("stamper_test", 63, 0, 0,
                                    RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    frame_ = rte_pktmbuf_alloc(pool_);
    std::memset(rte_pktmbuf_append(frame_, 60), 'x', 60);
  }
  ~LiveStamperTest() override {
    rte_pktmbuf_free(frame_);
    rte_mempool_free(pool_);
  }

  // The stamp of the frame, which its device received at `time_ns`.
  FrameStamp Stamp(LiveStamper* stamper, int64_t time_ns) {
    frame_->ol_flags |= device_time_flag;
    *RTE_MBUF_DYNFIELD(frame_, device_time_offset, rte_mbuf_timestamp_t*) =
        TicksAt(time_ns);
    stamper->Stamp(&frame_, 1, host_ns);
    return *StampOf(frame_);
  }

  // Has looked at the device's clock often enough to know its rate.
  LiveStamper Running(bool device_time = true) {
    LiveStamper stamper({.ethdev = 0,
                         .queue = 0,
                         .port = 3,
                         .stamped = false,
                         .device_time = device_time},
                        ReadTestClock);
    for (int i = 0; i < 3; ++i) {
      Stamp(&stamper, host_ns);
      host_ns += kSecond;
    }
    return stamper;
  }

  rte_mempool* pool_;
  rte_mbuf* frame_;
};

TEST_F(LiveStamperTest, TakesTheTimeOfTheDevice) {
  LiveStamper stamper = Running();
  const FrameStamp stamp = Stamp(&stamper, host_ns - 123'456);
  EXPECT_NEAR(static_cast<double>(stamp.time_ns - (host_ns - 123'456)), 0, 4);
  EXPECT_EQ(stamp.port, 3);
  EXPECT_EQ(stamp.wire_length, 60u);
  EXPECT_FALSE(stamp.maybe_cut);
}

TEST_F(LiveStamperTest, TakesTheTimeOfTheHostWhereTheDeviceTellsNone) {
  LiveStamper no_offload = Running(/*device_time=*/false);
  EXPECT_EQ(Stamp(&no_offload, host_ns - 5'000).time_ns, host_ns);

  LiveStamper stamper = Running();
  frame_->ol_flags = 0;
  stamper.Stamp(&frame_, 1, host_ns);
  EXPECT_EQ(StampOf(frame_)->time_ns, host_ns) << "of this frame";

  readable = false;
  LiveStamper unreadable = Running();
  EXPECT_EQ(Stamp(&unreadable, host_ns - 5'000).time_ns, host_ns);
}

TEST_F(LiveStamperTest, BelievesNoTimeThatCannotBe) {
  LiveStamper stamper = Running();
  EXPECT_EQ(Stamp(&stamper, host_ns + kSecond).time_ns, host_ns);
  EXPECT_EQ(Stamp(&stamper, host_ns - 11 * kSecond).time_ns, host_ns);
}

TEST_F(LiveStamperTest, PutsAVlanTagBack) {
  LiveStamper stamper({.ethdev = 0, .queue = 0, .port = 0, .stamped = false},
                      ReadTestClock);
  frame_->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  frame_->vlan_tci = 0x2005;
  stamper.Stamp(&frame_, 1, host_ns);
  EXPECT_EQ(StampOf(frame_)->wire_length, 64u);
  EXPECT_EQ(std::string(rte_pktmbuf_mtod_offset(frame_, const char*, 12), 5),
            std::string("\x81\x00\x20\x05x", 5));
}

TEST_F(LiveStamperTest, SuspectsAFrameAsLongAsTheDeviceGives) {
  LiveStamper stamper({.ethdev = 0,
                       .queue = 0,
                       .port = 0,
                       .stamped = false,
                       .cut_at_bytes = 60},
                      ReadTestClock);
  stamper.Stamp(&frame_, 1, host_ns);
  EXPECT_TRUE(StampOf(frame_)->maybe_cut);
}

}  // namespace
}  // namespace mosd::dataplane
