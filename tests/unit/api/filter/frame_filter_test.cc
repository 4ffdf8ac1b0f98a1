// Filters of raw sockets, on whole frames and on frames cut anywhere, in one
// buffer and in several, against libpcap as it is.
#include "api/filter/frame_filter.h"

#include <rte_mbuf.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/flow_words.h"
#include "tests/support/packet.h"

namespace mosd::api {
namespace {

using mosd::testing::Bytes;
using mosd::testing::FlowWords;
using mosd::testing::Packet;
using mosd::testing::PcapProgram;

std::vector<Bytes> Frames() {
  std::vector<Bytes> frames = {
      Packet().Ipv4("10.0.0.1", "10.0.1.1").Tcp(1, 80).Flags(2).Build(),
      Packet().Ipv4("10.0.0.1", "10.0.1.1").Tcp(80, 1).Payload("data").Build(),
      Packet().Vlan(5).Ipv4("10.0.0.1", "11.0.0.1").Tcp(80, 3).Build(),
      Packet().Vlan(5, 0x88a8).Vlan(6).Ipv6("fd00::1", "::1").Tcp(1, 2).Build(),
      Packet().Ipv6("fd00::1", "fd00:1::1").Tcp(1, 80).Build(),
      Packet().Ipv6("fd00::1", "fd00:1::1").HopByHop().Tcp(1, 80).Build(),
      Packet().Ipv4("10.0.0.1", "10.0.0.2").Udp(53, 53).Payload("x").Build(),
      Packet().Ipv4("10.0.0.1", "10.0.0.2").Icmp().Build(),
      Packet().Ipv4("1.2.3.4", "10.0.0.2").Fragment(3, true).Tcp(1, 80).Build(),
      Packet()
          .Ipv4("1.2.3.4", "10.0.0.2")
          .IpOptions(Bytes(12, 1))
          .Tcp(1, 80)
          .Build(),
      Packet().EtherType(0x0806).Pad(60).Build(),
      Packet().Ipv4("1.2.3.4", "5.6.7.8").Tcp(9, 80).Pad(1514).Build(),
      Bytes(9'018, 0xff),
      Bytes(65'535, 0x45),
      Bytes(65'568, 0x11),
      Bytes(),
  };
  // The shapes of a mirror port cut short, and bytes of nobody in particular.
  std::mt19937 random(7);
  const size_t whole = frames.size();
  for (size_t i = 0; i < 12; ++i) {
    for (size_t size = 0; size < std::min<size_t>(frames[i].size(), 70);
         ++size) {
      frames.emplace_back(frames[i].begin(),
                          frames[i].begin() + static_cast<ptrdiff_t>(size));
    }
  }
  for (size_t i = 0; i < 200; ++i) {
    Bytes frame = frames[random() % whole];
    for (int n = 0; n < 4 && !frame.empty(); ++n) {
      frame[random() % std::min<size_t>(frame.size(), 64)] =
          static_cast<uint8_t>(random());
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

// The frame in several buffers of at most `part_bytes` each.
class Chain {
 public:
  Chain(const Bytes& frame, size_t part_bytes) {
    for (size_t at = 0; at == 0 || at < frame.size(); at += part_bytes) {
      auto part = std::make_unique<rte_mbuf>();
      *part = {};
      const size_t size = std::min(part_bytes, frame.size() - at);
      bytes_.emplace_back(frame.begin() + static_cast<ptrdiff_t>(at),
                          frame.begin() + static_cast<ptrdiff_t>(at + size));
      bytes_.back().shrink_to_fit();
      part->buf_addr = bytes_.back().data();
      part->data_len = static_cast<uint16_t>(size);
      if (!parts_.empty()) parts_.back()->next = part.get();
      parts_.push_back(std::move(part));
    }
    parts_[0]->pkt_len = static_cast<uint32_t>(frame.size());
    parts_[0]->nb_segs = static_cast<uint16_t>(parts_.size());
  }
  const rte_mbuf& mbuf() const { return *parts_[0]; }

 private:
  std::vector<Bytes> bytes_;
  std::vector<std::unique_ptr<rte_mbuf>> parts_;
};

class FrameFilterTest : public ::testing::Test {
 protected:
  // The filter says what libpcap says of every frame.
  static void CheckAgreement(const std::string& text,
                             const std::vector<Bytes>& frames) {
    const PcapProgram pcap(text);
    ASSERT_TRUE(pcap.ok()) << text << ": " << pcap.error();
    const auto filter = FrameFilter::Compile(text);
    ASSERT_TRUE(filter.ok()) << filter.status();
    for (const Bytes& frame : frames) {
      const bool expected = pcap.Matches(frame);
      ASSERT_EQ((*filter)->Matches(frame), expected)
          << text << " size " << frame.size();
      for (const size_t part_bytes : {size_t{31}, size_t{65'535}}) {
        ASSERT_EQ((*filter)->Matches(Chain(frame, part_bytes).mbuf()), expected)
            << text << " size " << frame.size() << " by " << part_bytes;
      }
    }
  }
};

TEST_F(FrameFilterTest, AgreesWithLibpcap) {
  constexpr const char* kFilters[] = {
      "",
      " ",
      "tcp",
      "udp",
      "arp",
      "ip",
      "ip6",
      "icmp or udp port 53",
      "vlan",
      "vlan 5 and tcp",
      "vlan and vlan and ip6",
      "host 10.0.0.1",
      "net 10.0.0.0/8 and not port 80",
      "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
      "tcp[13] & 2 != 0 and ip[6:2] & 0x1fff = 0",
      "ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0",
      "greater 100",
      "less 60",
      "len = 65535",
      "len > 65535",
      "ether[0] & 1 = 0",
      "ether host 02:00:00:00:00:01",
      "ether[100:4] = 0xffffffff",
      "ether[65534] = 0x45",
      "ether[65535] = 0x11 or ether[65567] = 0x11",
      "ip[0] * ip[1] % 7 = 3",
      "ip[2] / ip[1] = 3",
      "ip[8] << ip[1] > 63",
      "(ip[9] ^ 6) | ip[20] = 0",
      "-ip[0] < 0xffffff00",
      "ether[ip[1]] = 2",
      "ip6 protochain 6",
      "ip proto 6 and ip broadcast or ip multicast",
      "portrange 1-79",
      "tcp src port 80 or 1",
      "ip[0:4] > 0x80000000",
      "ether[4000000000] = 1",
      "ether broadcast",
  };
  const std::vector<Bytes> frames = Frames();
  for (const char* text : kFilters) {
    if (std::string(text).find("ip broadcast") != std::string::npos) {
      EXPECT_FALSE(FrameFilter::Compile(text).ok());  // needs a netmask
      continue;
    }
    CheckAgreement(text, frames);
  }
}

TEST_F(FrameFilterTest, RandomFiltersAgreeWithLibpcap) {
  FlowWords words(3);
  std::vector<Bytes> frames = Frames();
  frames.resize(300);
  for (int round = 0; round < 300; ++round) {
    frames[round % 300] = SynOf(words.Tuple());
    const std::string text = words.Filter(2);
    if (!PcapProgram(text).ok()) continue;  // it can never match
    CheckAgreement(text, frames);
    if (HasFatalFailure()) return;
  }
}

TEST_F(FrameFilterTest, RandomArithmeticAgreesWithLibpcap) {
  FlowWords words(4);
  const std::vector<Bytes> frames = Frames();
  for (int round = 0; round < 200; ++round) {
    const auto operand = [&]() -> std::string {
      const std::string at = std::to_string(words.Below(80));
      constexpr const char* kSizes[] = {"", ":2", ":4"};
      constexpr const char* kBases[] = {"ether", "ip", "tcp", "udp", "ip6"};
      switch (words.Below(4)) {
        case 0:
          return std::to_string(1 + words.Below(0xffffffff));
        case 1:
          return "len";
        default:
          return std::string(kBases[words.Below(4)]) + "[" + at +
                 kSizes[words.Below(3)] + "]";
      }
    };
    constexpr const char* kOps[] = {" + ", " - ", " * ", " & ",
                                    " | ", " ^ ", " / ", " % "};
    constexpr const char* kRelations[] = {" = ", " != ", " > ",
                                          " < ", " >= ", " <= "};
    std::string text = operand();
    for (size_t n = words.Below(4); n > 0; --n) {
      text += kOps[words.Below(8)] + operand();
    }
    text += kRelations[words.Below(6)] + operand();
    if (!PcapProgram(text).ok()) continue;  // such as a division by zero
    CheckAgreement(text, frames);
    if (HasFatalFailure()) return;
  }
}

TEST_F(FrameFilterTest, SaysWhatIsWrong) {
  for (const char* text : {"tcp and (", "nonsense words", "port 99999", "ip[",
                           "host 300.1.1.1.1", ")", "tcp or"}) {
    const auto filter = FrameFilter::Compile(text);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(filter.status().message().find(text), std::string::npos)
        << filter.status();
  }
  EXPECT_EQ(FrameFilter::Compile("port 99999").status().message(),
            "illegal port number 99999 > 65535, in \"port 99999\"");
  EXPECT_FALSE(
      FrameFilter::Compile(absl::string_view("tcp\0 and udp", 12)).ok());
}

TEST_F(FrameFilterTest, NoTextIsTooLongOrTooDeep) {
  constexpr size_t kMost = FrameFilter::kMaxText;
  EXPECT_TRUE(FrameFilter::Compile(std::string(kMost, ' ')).ok());
  EXPECT_FALSE(FrameFilter::Compile(std::string(kMost + 1, ' ')).ok());
  EXPECT_FALSE(FrameFilter::Compile(std::string(1 << 26, '(')).ok());
  EXPECT_FALSE(FrameFilter::Compile(std::string(kMost, '(')).ok());
  const std::vector<Bytes> frames = {
      Packet().Ipv4("10.0.0.1", "10.0.1.1").Tcp(1, 80).Build()};
  std::string ports = "port 80";
  while (ports.size() + 12 < kMost) {
    ports += " or port " + std::to_string(ports.size() % 1'000 + 100);
  }
  std::string tests = "ether[12] = 8";
  while (tests.size() + 60 < kMost) {
    tests += " and (ip[" + std::to_string(tests.size() % 50) +
             "] > 255 or tcp[1] < 255)";
  }
  for (const std::string& text :
       {ports, tests, std::string(kMost - 3, '!') + "tcp",
        std::string(2'000, '(') + "tcp" + std::string(2'000, ')')}) {
    const auto filter = FrameFilter::Compile(text);
    ASSERT_TRUE(filter.ok()) << filter.status();
    EXPECT_EQ((*filter)->Matches(frames[0]),
              PcapProgram(text, false).Matches(frames[0]));
  }
}

TEST_F(FrameFilterTest, ConcurrentThreadsShareAFilter) {
  const Bytes tcp = Packet().Ipv4("1.2.3.4", "5.6.7.8").Tcp(1, 80).Build();
  const Bytes udp = Packet().Ipv4("1.2.3.4", "5.6.7.8").Udp(1, 80).Build();
  const auto filter = FrameFilter::Compile("tcp dst port 80");
  ASSERT_TRUE(filter.ok());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5'000; ++n) {
        if (!(*filter)->Matches(tcp) || (*filter)->Matches(udp)) ++wrong;
        if (n % 1'000 == 0 && !FrameFilter::Compile("tcp port 80").ok()) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace mosd::api
