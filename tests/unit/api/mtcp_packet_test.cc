// Last packets, and the bytes of the stream.
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/api/mos_program.h"

namespace mosd::testing {
namespace {

class MtcpPacketTest : public MosProgram {
 protected:
  // What mtcp_peek gives in each NEW_DATA: the bytes, or "-n" for lost ones.
  std::vector<std::string> Peeked(size_t at_most = 65536) {
    std::vector<std::string> peeked;
    Run([&](mctx_t mctx) {
      Watch(mctx, MOS_ON_CONN_NEW_DATA, [&, at_most](const Call& call) {
        std::string buffer(at_most, '\0');
        for (;;) {
          const ssize_t got = mtcp_peek(call.mctx, call.socket, call.side,
                                        buffer.data(), buffer.size());
          if (got == 0) break;
          if (got < 0) {
            EXPECT_EQ(errno, ENODATA);
            peeked.push_back(absl::StrCat(got));
          } else {
            peeked.push_back(buffer.substr(0, static_cast<size_t>(got)));
          }
        }
      });
    });
    return peeked;
  }
};

using ::testing::_;
using ::testing::ElementsAre;

TEST_F(MtcpPacketTest, EachSidesLastPacket) {
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  std::vector<std::string> seen;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN | MOS_ON_CONN_END, [&seen](const Call& call) {
      if (call.side != MOS_SIDE_CLI) return;
      for (const int side : {MOS_SIDE_CLI, MOS_SIDE_SVR}) {
        pkt_info info;
        errno = 0;
        if (mtcp_getlastpkt(call.mctx, call.socket, side, &info) != 0) {
          seen.push_back(absl::StrCat("errno ", errno));
        } else {
          seen.push_back(
              absl::StrCat(info.seq, "+", info.payloadlen, "@", info.offset));
        }
      }
    });
  });
  const std::string none = absl::StrCat("errno ", ENODATA);
  EXPECT_THAT(seen, ElementsAre(
                        // SYN at SND, SYN/ACK at RCV, ACK and data at SND
                        "1000+0@0", none, "1000+0@0", "5000+0@0", "1001+0@0",
                        "5000+0@0", "1001+5@0", "5000+0@0",
                        // CONN_END at RCV and SND
                        "1001+5@0", "5000+0@0", "1001+5@0", "5000+0@0"));
}

TEST_F(MtcpPacketTest, LastIsCurrentWhenTheConfigurationSaysSo) {
  mos_ = "  lastpkt = current\n";
  Handshake();
  std::vector<uint32_t> seen;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&seen](const Call& call) {
      pkt_info info;
      ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, call.side, &info), 0);
      seen.push_back(info.seq);
    });
  });
  EXPECT_THAT(seen, ElementsAre(1000, 1000, 5000, 5000, 1001, 1001));
}

// Frames of `bytes` that a client's data segment has on the wire; `payload`
// fills it.
Bytes DataFrame(uint32_t seq, size_t bytes, char payload) {
  return Packet()
      .Ipv4("10.0.0.1", "10.0.0.2")
      .Tcp(40000, 80)
      .Flags(ParseTcpFlags("A"))
      .Seq(seq)
      .Ack(5001)
      .Payload(std::string(bytes - 54, payload))
      .Build();
}

std::string BytesOf(const pkt_info& info) {
  return {reinterpret_cast<const char*>(info.ethh), info.eth_len};
}

TEST_F(MtcpPacketTest, BehindWhatWasKeptOfAFrameAreZeros) {
  appliance_ = "  last_frame: {snaplen: 100}\n";
  Handshake();
  const Bytes first = DataFrame(1001, 10'000, 'x');
  const Bytes second = DataFrame(1001 + 9'946, 2'000, 'y');
  for (const Bytes& frame : {first, second}) Add(frame);
  Add(S, "A", 5001, 12'893);
  std::vector<std::string> seen;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&seen](const Call& call) {
      pkt_info info;
      ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, MOS_SIDE_CLI, &info),
                0);
      if (info.payloadlen != 0) seen.push_back(BytesOf(info));
    });
  });
  // Watched at both hooks: the sender's packet as it came, and what was kept.
  const std::string whole(second.begin(), second.end());
  const std::string kept = whole.substr(0, 100) + std::string(1'900, '\0');
  EXPECT_THAT(seen, ElementsAre(std::string(first.begin(), first.end()), _,
                                whole, _, kept, kept));
}

TEST_F(MtcpPacketTest, BehindWhatWasCapturedOfAFrameAreZeros) {
  Handshake();
  Add(DataFrame(1001, 1'000, 'x'));
  Bytes cut = DataFrame(1947, 1'000, 'y');
  cut.resize(54);
  Add(cut, 1'000);
  Add(S, "A", 5001, 2893);
  int calls = 0;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
      pkt_info info;
      ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, MOS_SIDE_CLI, &info),
                0);
      if (info.seq != 1947) return;
      ++calls;
      EXPECT_EQ(info.payloadlen, 946);
      ASSERT_NE(info.payload, nullptr);
      EXPECT_EQ(BytesOf(info),
                std::string(cut.begin(), cut.end()) + std::string(946, '\0'));
    });
  });
  EXPECT_EQ(calls, 4);
}

TEST_F(MtcpPacketTest, RawSocketsSeeEveryFrame) {
  Handshake();
  Add(Packet().Ipv4("10.0.0.1", "10.0.0.2").Udp(53, 53));
  std::vector<std::string> seen;
  Run([&](mctx_t mctx) {
    on_call_ = [&seen](const Call& call) {
      EXPECT_EQ(call.side, MOS_SIDE_BOTH);
      pkt_info info;
      ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, 0, &info), 0);
      ASSERT_NE(info.iph, nullptr);
      seen.push_back(info.tcph == nullptr ? "other" : "tcp");
    };
    const int all = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_RAW, 0);
    ASSERT_EQ(
        mtcp_register_callback(mctx, all, MOS_ON_PKT_IN, MOS_NULL, &Forward),
        0);
    const int udp = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_RAW, 0);
    char text[] = "udp port 53";
    monitor_filter filter{};
    filter.raw_pkt_filter = text;
    ASSERT_EQ(mtcp_bind_monitor_filter(mctx, udp, &filter), 0);
    ASSERT_EQ(
        mtcp_register_callback(mctx, udp, MOS_ON_PKT_IN, MOS_NULL, &Forward),
        0);
  });
  EXPECT_THAT(seen, ElementsAre("tcp", "tcp", "tcp", "other", "other"));
}

TEST_F(MtcpPacketTest, BytesInOrderWhateverTheOrderOfSegments) {
  Handshake();
  Add(C, "PA", 1006, 5001, "world");
  Add(C, "PA", 1001, 5001, "hello");
  Add(C, "PA", 1004, 5001, "XXXX!");
  EXPECT_THAT(Peeked(), ElementsAre("helloworld"));
}

// A server that keeps no state answers each SYN with another number.
TEST_F(MtcpPacketTest, AStreamWithNewNumbersBeginsAnew) {
  Add(C, "S", 1000, 0);
  Add(S, "SA", 5000, 1001, "hello");
  Add(S, "SA", 700'000, 1001);
  Add(C, "A", 1001, 700'001);
  Add(S, "PA", 700'001, 1001, "world");
  EXPECT_THAT(Peeked(), ElementsAre("hello", "world"));
}

TEST_F(MtcpPacketTest, AFinBringsNoNewBytes) {
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  Add(C, "FA", 1006, 5001);
  Add(S, "A", 5001, 1007);
  EXPECT_THAT(Peeked(), ElementsAre("hello"));
}

TEST_F(MtcpPacketTest, WhatWasAcknowledgedButNeverSeenIsAGap) {
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  Add(C, "PA", 1009, 5001, "again");  // 1006 to 1008 were not seen
  Add(S, "A", 5001, 1014);
  EXPECT_THAT(Peeked(), ElementsAre("hello", "-3", "again"));
}

TEST_F(MtcpPacketTest, NothingIsLostThoughAHoleIsFilledAtOnce) {
  Handshake();
  const std::string part(1000, 'x');
  for (uint32_t i = 1; i < 50; ++i) Add(C, "A", 1001 + i * 1000, 5001, part);
  Add(C, "A", 1001, 5001, part);
  size_t total = 0;
  for (const std::string& peeked : Peeked()) total += peeked.size();
  EXPECT_EQ(total, 50'000u);
}

TEST_F(MtcpPacketTest, BuffersMayBeOff) {
  mos_ = "  no_ring_buffers = 1\n";
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  std::vector<int> errors;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN | MOS_ON_CONN_NEW_DATA,
          [&errors](const Call& call) {
            EXPECT_NE(call.event, event_t{MOS_ON_CONN_NEW_DATA});
            char byte_read;
            EXPECT_EQ(
                mtcp_peek(call.mctx, call.socket, call.side, &byte_read, 1),
                -1);
            errors.push_back(errno);
          });
  });
  EXPECT_THAT(errors, ::testing::Each(EINVAL));
}

}  // namespace
}  // namespace mosd::testing
