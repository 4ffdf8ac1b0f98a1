// Captures as ports: what is in the file is what workers get.
#include <gmock/gmock.h>

#include <atomic>
#include <ctime>
#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/port/capture_bytes.h"
#include "tests/unit/dataplane/port/port_fixture.h"

namespace mosd::dataplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CapturePortTest : public PortTest {
 protected:
  PortOptions File(const std::string& text) {
    return {.device =
                "pcap:" + WriteFile(folder_ / std::to_string(files_++), text)};
  }

  // What Open says of a file that it refuses.
  std::string Refused(const std::string& text) {
    const auto status = Open(File(text)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  // A capture of `count` frames of 64 bytes, a millisecond apart.
  static std::string Frames(uint32_t count) {
    Classic capture;
    capture.Header();
    for (uint32_t i = 0; i < count; ++i) {
      capture.Frame(1000 + i / 1000, i % 1000 * 1000, std::string(64, 'f'));
    }
    return capture.text;
  }

  testing::TempDir folder_;
  int files_ = 0;
};

TEST_F(CapturePortTest, ClassicInMicroseconds) {
  auto port = Started(File(Classic()
                               .Header()
                               .Frame(1'700'000'000, 123'456, "first", 1500)
                               .Frame(1'700'000'001, 0, "second")
                               .text));
  const auto frames = TakeAll(*port);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].bytes, "first");
  EXPECT_EQ(frames[0].stamp.time_ns, 1'700'000'000'123'456'000);
  EXPECT_EQ(frames[0].stamp.wire_length, 1500U);
  EXPECT_EQ(frames[1].bytes, "second");
  EXPECT_EQ(frames[1].stamp.wire_length, 6U);
  const PortSnapshot snapshot = port->Snapshot();
  EXPECT_EQ(snapshot.rx_frames, 2U);
  EXPECT_EQ(snapshot.rx_bytes, 11U);
  EXPECT_EQ(snapshot.driver, "pcap");
  EXPECT_TRUE(snapshot.exhausted);
  EXPECT_TRUE(snapshot.link_up);
  EXPECT_THAT(snapshot.error, IsEmpty());
}

TEST_F(CapturePortTest, ClassicInNanosecondsAndBigEndian) {
  auto port = Started(File(Classic{Big, ""}
                               .Header(kNanoseconds)
                               .Frame(7, 123'456'789, "frame")
                               .text));
  const auto frames = TakeAll(*port);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].stamp.time_ns, 7'123'456'789);
}

TEST_F(CapturePortTest, Pcapng) {
  const uint64_t time = 1'700'000'000'123'456'789;
  auto port = Started(File(SectionHeader() + Interface(1, 9) + Interface(1, 6) +
                           EnhancedPacket(0, time, "nano", 99) +
                           EnhancedPacket(1, time / 1000, "micro")));
  const auto frames = TakeAll(*port);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].bytes, "nano");
  EXPECT_EQ(frames[0].stamp.time_ns, static_cast<int64_t>(time));
  EXPECT_EQ(frames[0].stamp.wire_length, 99U);
  EXPECT_EQ(frames[1].stamp.time_ns, 1'700'000'000'123'456'000);
}

TEST_F(CapturePortTest, FramesOfAnyLength) {
  Classic capture;
  capture.Header();
  const size_t lengths[] = {0, 1, 2047, 2048, 2049, 4096, 9018, 65535, 262144};
  for (const size_t length : lengths) {
    std::string bytes(length, '\0');
    for (size_t i = 0; i < length; ++i) {
      bytes[i] = static_cast<char>((i * 31 + length) >> 3);
    }
    capture.Frame(1, 2, bytes);
  }
  auto port = Started(File(capture.text));
  const auto frames = TakeAll(*port);
  ASSERT_EQ(frames.size(), std::size(lengths));
  size_t at = 24;  // after the file's header
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].segments,
              std::max<size_t>((lengths[i] + 2047) / 2048, 1));
    EXPECT_EQ(frames[i].bytes, capture.text.substr(at + 16, lengths[i]));
    at += 16 + lengths[i];
  }
}

TEST_F(CapturePortTest, AbsurdTimesAreClamped) {
  auto port = Started(
      File(Classic().Header().Frame(UINT32_MAX, UINT32_MAX, "2106").text));
  auto frames = TakeAll(*port);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_GE(frames[0].stamp.time_ns, 4'294'967'295'000'000'000);
  port->Close();
  port = Started(File(SectionHeader() + Interface(1, 0) +
                      EnhancedPacket(0, UINT64_MAX, "seconds") +
                      EnhancedPacket(0, uint64_t{1} << 63, "negative") +
                      EnhancedPacket(0, uint64_t{1} << 40, "far")));
  frames = TakeAll(*port);
  EXPECT_EQ(frames.size(), 3U);
  for (const TakenFrame& frame : frames) {
    EXPECT_GE(frame.stamp.time_ns, 0);
    EXPECT_LE(frame.stamp.time_ns, INT64_MAX / 2);
  }
}

TEST_F(CapturePortTest, WithoutFramesItIsExhaustedAtOnce) {
  auto port = Started(File(Classic().Header().text));
  EXPECT_THAT(TakeAll(*port), IsEmpty());
  EXPECT_THAT(port->Snapshot().error, IsEmpty());
}

TEST_F(CapturePortTest, BrokenInTheMiddleIsReadAsFarAsItGoes) {
  const std::string whole = Frames(10);
  for (const size_t cut : {1U, 63U, 64U, 65U, 79U}) {
    auto port = Started(File(whole.substr(0, whole.size() - cut)));
    EXPECT_EQ(TakeAll(*port).size(), 9U) << cut;
    const PortSnapshot snapshot = port->Snapshot();
    EXPECT_TRUE(snapshot.exhausted);
    EXPECT_THAT(snapshot.error, HasSubstr("after 9 frames: truncated"));
  }
  auto port = Started(File(whole + std::string(16, '\xff')));
  EXPECT_EQ(TakeAll(*port).size(), 10U);
  EXPECT_THAT(port->Snapshot().error, HasSubstr("after 10 frames: "));
}

TEST_F(CapturePortTest, InterfacesOfDifferentLinkTypes) {
  auto port =
      Started(File(SectionHeader() + Interface(1) + EnhancedPacket(0, 1, "a") +
                   Interface(113) + EnhancedPacket(1, 2, "b")));
  EXPECT_EQ(TakeAll(*port).size(), 1U);
  EXPECT_THAT(port->Snapshot().error, HasSubstr("different"));
}

TEST_F(CapturePortTest, RefusesWhatIsNoCapture) {
  EXPECT_THAT(Refused(""), HasSubstr("it is empty"));
  EXPECT_THAT(Refused("no capture at all, but text"),
              HasSubstr("not a capture: unknown file format"));
  EXPECT_THAT(Refused(Classic().Header().text.substr(0, 20)),
              HasSubstr("truncated"));
  EXPECT_THAT(Refused(Classic().Header(kMicroseconds, 113).text),
              HasSubstr("not Ethernet but LINUX_SLL"));
  EXPECT_THAT(Refused(Classic().Header(kMicroseconds, 54321).text),
              HasSubstr("not Ethernet but link type 54321"));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Open({.device = "pcap:" + (folder_ / "")}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Open({.device = "pcap:/dev/zero"}).status()));
  const auto missing = Open({.device = "pcap:" + (folder_ / "none")}).status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr(folder_ / "none"));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Open({.device = File(Frames(1)).device, .queues = 2}).status()));
}

TEST_F(CapturePortTest, ALoopGoesOnInTime) {
  PortOptions options = File(Frames(100));
  options.loop = true;
  auto port = Started(options);
  int64_t last_ns = 0;
  size_t count = 0;
  EXPECT_TRUE(PollUntil(
      *port,
      [&](rte_mbuf* frame) {
        EXPECT_GT(StampOf(frame)->time_ns, last_ns);
        last_ns = StampOf(frame)->time_ns;
        ++count;
      },
      [&] { return count > 20'000; }));
  uint64_t frames;
  EXPECT_FALSE(port->exhausted(&frames));
  port->Halt();
  EXPECT_FALSE(port->exhausted(&frames));
}

TEST_F(CapturePortTest, AnEmptyLoopDoesNotSpin) {
  PortOptions options = File(Classic().Header().text);
  options.loop = true;
  auto port = Started(options);
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 10);
  uint64_t frames;
  EXPECT_FALSE(port->exhausted(&frames));
}

TEST_F(CapturePortTest, PacedAsRecorded) {
  PortOptions options = File(Frames(300));  // 299 ms
  options.pace = CapturePace::kTimestamps;
  const auto begin = Clock::now();
  auto port = Started(options);
  EXPECT_EQ(TakeAll(*port).size(), 300U);
  const auto took = Clock::now() - begin;
  EXPECT_GE(took, milliseconds(299));
  EXPECT_LT(took, milliseconds(1500));
}

TEST_F(CapturePortTest, HaltInALongSilence) {
  PortOptions options = File(Classic()
                                 .Header()
                                 .Frame(1, 0, "a")
                                 .Frame(2'000'000'000, 0, "63 years later")
                                 .text);
  options.pace = CapturePace::kTimestamps;
  auto port = Started(options);
  size_t count = 0;
  EXPECT_TRUE(PollUntil(
      *port, [&](rte_mbuf*) { ++count; }, [&] { return count == 1; }));
  const auto begin = Clock::now();
  port->Halt();
  EXPECT_LT(Clock::now() - begin, seconds(1));
  uint64_t frames;
  EXPECT_FALSE(port->exhausted(&frames));
  EXPECT_EQ(frames, 1U);
}

TEST_F(CapturePortTest, WaitsForAWorkerAndHaltEndsThat) {
  auto port = Started(File(Frames(10'000)));
  std::this_thread::sleep_for(milliseconds(300));
  uint64_t frames;
  EXPECT_FALSE(port->exhausted(&frames));
  EXPECT_GT(frames, 1000U);  // what fits in the queue
  EXPECT_LT(frames, 10'000U);
  const auto begin = Clock::now();
  port->Halt();
  EXPECT_LT(Clock::now() - begin, seconds(1));
  port->exhausted(&frames);
  uint64_t taken = 0;
  while (const size_t polled = Poll(*port, [](rte_mbuf*) {})) taken += polled;
  EXPECT_EQ(taken, frames);
  EXPECT_EQ(port->Snapshot().rx_frames, frames);
}

TEST_F(CapturePortTest, LargeFramesWaitForBuffers) {
  Classic capture;
  capture.Header();
  for (int i = 0; i < 50; ++i) {
    capture.Frame(1, 0, std::string(262144, static_cast<char>(i)));
  }
  PortContext context;
  context.packet_buffers = 1024;  // room for eight of them
  auto port = Started(File(capture.text), 0, context);
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(TakeAll(*port).size(), 50U);
}

TEST_F(CapturePortTest, NothingIsDroppedForASlowWorker) {
  auto port = Started(File(Frames(20'000)));
  uint64_t frames = 0;
  size_t taken = 0;
  EXPECT_TRUE(PollUntil(
      *port,
      [&](rte_mbuf*) {
        if (++taken % 4096 == 0) std::this_thread::sleep_for(milliseconds(2));
      },
      [&] { return port->exhausted(&frames) && taken == frames; }));
  EXPECT_EQ(taken, 20'000U);
}

TEST_F(CapturePortTest, AsOftenAsWanted) {
  const PortOptions options = File(Frames(5000));
  for (int i = 0; i < 20; ++i) {
    auto port = Started(options);
    ASSERT_NE(port, nullptr);
    if (i % 2 == 0) {
      EXPECT_EQ(TakeAll(*port).size(), 5000U);
    }
    port->Close();  // frames may be queued
    port->Close();
    if (i % 2 == 0) {
      EXPECT_EQ(port->Snapshot().rx_frames, 5000U);
    }
    EXPECT_FALSE(port->Snapshot().link_up);
  }
}

TEST_F(CapturePortTest, ManyAtOnceWhileOthersLook) {
  const PortOptions options = File(Frames(2000));
  PortContext context;
  context.ports = 8;
  std::vector<std::unique_ptr<Port>> ports;
  for (uint8_t number = 0; number < 8; ++number) {
    ports.push_back(Started(options, number, context));
    ASSERT_NE(ports.back(), nullptr);
  }
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) {
      for (const auto& port : ports) {
        uint64_t frames;
        if (port->exhausted(&frames)) {
          EXPECT_EQ(frames, 2000U);
        }
        EXPECT_LE(port->Snapshot().rx_frames, 2000U);
      }
    }
  });
  for (const auto& port : ports) EXPECT_EQ(TakeAll(*port).size(), 2000U);
  for (const auto& port : ports) port->Close();
  stop = true;
  other.join();
}

TEST_F(CapturePortTest, ClosedWithoutBeingStarted) {
  auto port = Open(File(Frames(10)));
  ASSERT_TRUE(port.ok());
  (*port)->Close();
  EXPECT_EQ((*port)->Snapshot().rx_frames, 0U);
}

}  // namespace
}  // namespace mosd::dataplane
