// Changing the packet that is being processed.
#include <cerrno>
#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/api/mos_program.h"

namespace mosd::testing {
namespace {

class MtcpSetlastpktTest : public MosProgram {
 protected:
  // Runs `edit` on the packet "hello" of the client, and, as raw sockets see
  // changed packets, gives what mtcp_getlastpkt then says of the current one.
  void Edit(const std::function<void(mctx_t, int)>& edit) {
    mos_ = "  lastpkt = current\n";
    Handshake();
    Add(C, "PA", 1001, 5001, "hello");
    bool edited = false;
    Run([&](mctx_t mctx) {
      Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
        pkt_info info;
        ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, 0, &info), 0);
        if (info.payloadlen == 0 || edited) return;
        edited = true;
        edit(call.mctx, call.socket);
      });
    });
    EXPECT_TRUE(edited);
  }
};

int Errno(int result) { return result < 0 ? errno : 0; }

TEST_F(MtcpSetlastpktTest, OptionsAndBounds) {
  Edit([](mctx_t mctx, int socket) {
    byte bytes[64] = {};
    const auto set = [&](off_t offset, byte* data, uint16_t length,
                         int option) {
      return Errno(mtcp_setlastpkt(mctx, socket, MOS_SIDE_CLI, offset, data,
                                   length, option));
    };
    constexpr int kPayload = MOS_TCP_PAYLOAD | MOS_OVERWRITE;
    EXPECT_EQ(set(0, bytes, 1, 0), EINVAL);
    EXPECT_EQ(set(0, bytes, 1, MOS_OVERWRITE), EINVAL);
    EXPECT_EQ(set(0, bytes, 1, MOS_TCP_PAYLOAD), EINVAL);
    EXPECT_EQ(set(0, bytes, 1, kPayload | MOS_INSERT), EINVAL);
    EXPECT_EQ(set(0, bytes, 1, kPayload | MOS_IP_HDR), EINVAL);
    EXPECT_EQ(set(0, bytes, 1, kPayload | 1 << 20), EINVAL);
    EXPECT_EQ(set(0, nullptr, 1, kPayload), EINVAL);
    for (const off_t offset : {off_t{-1}, off_t{6}, LONG_MAX, LONG_MIN}) {
      EXPECT_EQ(set(offset, bytes, 0, kPayload), EINVAL) << offset;
    }
    EXPECT_EQ(set(1, bytes, 5, kPayload), EINVAL);
    EXPECT_EQ(set(0, bytes, 6, MOS_TCP_PAYLOAD | MOS_CHOMP), EINVAL);
    EXPECT_EQ(set(0, bytes, 1, MOS_ETH_HDR | MOS_CHOMP), EACCES);
    EXPECT_EQ(set(0, bytes, 1, MOS_ETH_HDR | MOS_INSERT), EACCES);
    std::vector<byte> much(65535);
    EXPECT_EQ(set(0, much.data(), 65535, MOS_TCP_PAYLOAD | MOS_INSERT),
              EMSGSIZE);
    EXPECT_EQ(set(0, bytes, 0, MOS_DROP), 0);
    EXPECT_EQ(Errno(mtcp_setlastpkt(mctx, socket, 3, 0, bytes, 1, kPayload)),
              EINVAL);
    EXPECT_EQ(Errno(mtcp_setlastpkt(mctx, -1, 0, 0, bytes, 1, kPayload)),
              EBADF);
  });
}

TEST_F(MtcpSetlastpktTest, TheSlotKeepsThePacketAsItCame) {
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  int checked = 0;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
      pkt_info info;
      if (mtcp_getlastpkt(call.mctx, call.socket, MOS_SIDE_CLI, &info) != 0 ||
          info.payloadlen == 0) {
        return;
      }
      char text[] = "HELLO";
      ASSERT_EQ(mtcp_setlastpkt(
                    call.mctx, call.socket, MOS_SIDE_CLI, 0,
                    reinterpret_cast<byte*>(text), 5,
                    MOS_TCP_PAYLOAD | MOS_OVERWRITE | MOS_UPDATE_TCP_CHKSUM),
                0);
      ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, MOS_SIDE_CLI, &info),
                0);
      EXPECT_EQ(std::memcmp(info.payload, "hello", 5), 0);
      ++checked;
    });
  });
  EXPECT_EQ(checked, 2);
}

// RFC 1071, word by word.
uint16_t Sum(uint32_t sum, const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

void ExpectGoodChecksums(const pkt_info& info) {
  const auto* const ip = reinterpret_cast<const uint8_t*>(info.iph);
  const auto* const tcp = reinterpret_cast<const uint8_t*>(info.tcph);
  EXPECT_EQ(Sum(0, ip, 20), 0xffff);
  const uint32_t tcp_bytes = info.ip_len - 20u;
  const uint32_t pseudo = Sum(6 + tcp_bytes, ip + 12, 8);
  EXPECT_EQ(Sum(pseudo, tcp, tcp_bytes), 0xffff);
}

TEST_F(MtcpSetlastpktTest, LengthsAndChecksumsFollow) {
  Edit([](mctx_t mctx, int socket) {
    constexpr int kBoth = MOS_UPDATE_IP_CHKSUM | MOS_UPDATE_TCP_CHKSUM;
    char more[] = " brave new";
    const auto change = [&](off_t offset, uint16_t length, int option) {
      EXPECT_EQ(mtcp_setlastpkt(mctx, socket, MOS_SIDE_CLI, offset,
                                reinterpret_cast<byte*>(more), length, option),
                0);
      pkt_info info{};
      EXPECT_EQ(mtcp_getlastpkt(mctx, socket, 0, &info), 0);
      ExpectGoodChecksums(info);
      return std::string(reinterpret_cast<char*>(info.payload),
                         info.payloadlen);
    };
    EXPECT_EQ(change(5, 10, MOS_TCP_PAYLOAD | MOS_INSERT | kBoth),
              "hello brave new");
    EXPECT_EQ(change(1, 6, MOS_TCP_PAYLOAD | MOS_CHOMP | kBoth), "hrave new");
    EXPECT_EQ(change(0, 3, MOS_TCP_PAYLOAD | MOS_OVERWRITE | kBoth),
              " brve new");
    char ttl[] = {7};
    EXPECT_EQ(mtcp_setlastpkt(
                  mctx, socket, MOS_SIDE_CLI, 8, reinterpret_cast<byte*>(ttl),
                  1, MOS_IP_HDR | MOS_OVERWRITE | MOS_UPDATE_IP_CHKSUM),
              0);
    pkt_info info{};
    EXPECT_EQ(mtcp_getlastpkt(mctx, socket, 0, &info), 0);
    ExpectGoodChecksums(info);
    EXPECT_EQ(reinterpret_cast<const uint8_t*>(info.iph)[8], 7);
  });
}

TEST_F(MtcpSetlastpktTest, WhatARawSocketChangesIsChangedForStreamSockets) {
  mos_ = "  lastpkt = current\n";
  burst_ = 4;
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  std::vector<std::string> seen;
  Run([&](mctx_t mctx) {
    const int raw = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_RAW, 0);
    Watch(mctx, MOS_ON_PKT_IN, [&, raw](const Call& call) {
      pkt_info info;
      ASSERT_EQ(mtcp_getlastpkt(call.mctx, call.socket, 0, &info), 0);
      if (info.payloadlen == 0) return;
      seen.emplace_back(reinterpret_cast<char*>(info.payload), info.payloadlen);
      if (call.socket != raw) return;
      byte more[] = {'o', 'h', ' '};
      EXPECT_EQ(mtcp_setlastpkt(call.mctx, raw, 0, 0, more, 3,
                                MOS_TCP_PAYLOAD | MOS_INSERT),
                0);
    });
    ASSERT_EQ(
        mtcp_register_callback(mctx, raw, MOS_ON_PKT_IN, MOS_NULL, &Forward),
        0);
  });
  EXPECT_THAT(seen, ::testing::ElementsAre("hello", "oh hello", "oh hello"));
}

TEST_F(MtcpSetlastpktTest, NothingToChangeOutsideOfPackets) {
  Handshake();
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_CONN_END, [&](const Call& call) {
      byte bytes[1] = {};
      EXPECT_EQ(Errno(mtcp_setlastpkt(call.mctx, call.socket, 0, 0, bytes, 1,
                                      MOS_TCP_PAYLOAD | MOS_INSERT)),
                ENODATA);
      pkt_info info{};
      EXPECT_EQ(Errno(mtcp_sendpkt(call.mctx, call.socket, &info)), EOPNOTSUPP);
      EXPECT_EQ(Errno(mtcp_sendpkt(call.mctx, call.socket, nullptr)), EINVAL);
      EXPECT_EQ(Errno(mtcp_reset_conn(call.mctx, call.socket)), EOPNOTSUPP);
      EXPECT_EQ(Errno(mtcp_reset_conn(call.mctx, -1)), EBADF);
    });
  });
}

}  // namespace
}  // namespace mosd::testing
