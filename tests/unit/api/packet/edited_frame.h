// A frame in DPDK's buffers that is edited, and a slow reading of it that
// shares nothing with what is tested. One thread.
#pragma once

#include <gtest/gtest.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "api/packet/packet_edit.h"
#include "dataplane/packet/parser.h"
#include "dataplane/port/eal.h"
#include "mos_api.h"
#include "tests/support/packet.h"

namespace mosd::testing {

inline constexpr int kBothChecksums =
    MOS_UPDATE_IP_CHKSUM | MOS_UPDATE_TCP_CHKSUM;

inline Bytes Slice(const Bytes& bytes, size_t begin, size_t size) {
  const auto from = bytes.begin() + static_cast<ptrdiff_t>(begin);
  return Bytes(from, from + static_cast<ptrdiff_t>(size));
}

// 0 where the checksum of an IPv4 header is right.
inline uint16_t Ipv4Residue(const Bytes& frame, size_t ip_offset) {
  return InternetChecksum(
      Slice(frame, ip_offset, (frame.at(ip_offset) & 0x0fu) * 4));
}

// 0 where the checksum of the TCP segment [tcp_offset, end) is right.
inline uint16_t TcpResidue(const Bytes& frame, size_t ip_offset,
                           size_t tcp_offset, size_t end) {
  const bool ipv4 = frame.at(ip_offset) >> 4 == 4;
  Bytes summed = Slice(frame, ip_offset + (ipv4 ? 12 : 8), ipv4 ? 8 : 32);
  Put32(&summed, static_cast<uint32_t>(end - tcp_offset));
  Put32(&summed, 6);
  Append(&summed, Slice(frame, tcp_offset, end - tcp_offset));
  return InternetChecksum(summed);
}

class EditTest : public ::testing::Test {
 protected:
  static constexpr uint16_t kRoom = 2048;

  static void SetUpTestSuite() {
    ASSERT_TRUE(dataplane::StartEal({}).ok());
    pool_ = rte_pktmbuf_pool_create(
        "edit_test", 63, 0, 0, RTE_PKTMBUF_HEADROOM + kRoom, SOCKET_ID_ANY);
    ASSERT_NE(pool_, nullptr);
  }
  static void TearDownTestSuite() { rte_mempool_free(pool_); }
  ~EditTest() override { rte_pktmbuf_free(frame_); }

  // Takes `bytes` in, of a frame with `wire_bytes`, in segments that begin at
  // `cuts`.
  void Take(const Bytes& bytes, size_t wire_bytes = 0,
            const std::vector<size_t>& cuts = {}) {
    rte_pktmbuf_free(frame_);
    frame_ = nullptr;
    size_t begin = 0;
    for (size_t i = 0; i <= cuts.size(); ++i) {
      const size_t end = i < cuts.size() ? cuts[i] : bytes.size();
      rte_mbuf* const segment = rte_pktmbuf_alloc(pool_);
      ASSERT_NE(segment, nullptr);
      char* const room =
          rte_pktmbuf_append(segment, static_cast<uint16_t>(end - begin));
      ASSERT_NE(room, nullptr);
      std::memcpy(room, bytes.data() + begin, end - begin);
      if (frame_ == nullptr) {
        frame_ = segment;
      } else {
        ASSERT_EQ(rte_pktmbuf_chain(frame_, segment), 0);
      }
      begin = end;
    }
    ASSERT_EQ(Parse(bytes, std::max(wire_bytes, bytes.size()), &parsed_),
              dataplane::DropReason::kNone);
  }
  void Take(const Packet& packet) { Take(packet.Build()); }

  static dataplane::DropReason Parse(const Bytes& bytes, size_t wire_bytes,
                                     dataplane::ParsedFrame* parsed) {
    return dataplane::ParseFrame(bytes,
                                 {static_cast<uint32_t>(bytes.size()),
                                  static_cast<uint32_t>(wire_bytes)},
                                 parsed);
  }

  int Edit(off_t offset, const std::string& data, int option) {
    return Edit(offset, reinterpret_cast<const uint8_t*>(data.data()),
                static_cast<uint16_t>(data.size()), option);
  }
  int Edit(off_t offset, const uint8_t* data, uint16_t length, int option) {
    const int error =
        api::EditPacket(frame_, parsed_, offset, data, length, option, &drop_);
    if (error == 0 && !drop_) {
      parsed_ = api::AfterEdit(frame_, parsed_, length, option);
    }
    return error;
  }
  int Chomp(off_t offset, uint16_t length, int option) {
    return Edit(offset, nullptr, length, option | MOS_CHOMP);
  }

  Bytes Now() const {
    Bytes bytes(frame_->pkt_len);
    const void* const at =
        rte_pktmbuf_read(frame_, 0, frame_->pkt_len, bytes.data());
    if (at != bytes.data()) std::memcpy(bytes.data(), at, bytes.size());
    return bytes;
  }
  std::string Payload() const {
    const Bytes bytes = Now();
    const size_t begin = parsed_.payload_offset;
    const Bytes payload =
        Slice(bytes, begin,
              std::min<size_t>(parsed_.payload_length, bytes.size() - begin));
    return {payload.begin(), payload.end()};
  }

  // The frame is whole and right, and AfterEdit() says just what a parser does.
  void ExpectValid() const {
    const Bytes bytes = Now();
    dataplane::ParsedFrame parsed{};
    ASSERT_EQ(Parse(bytes, bytes.size(), &parsed),
              dataplane::DropReason::kNone);
    EXPECT_EQ(parsed.tcp_offset, parsed_.tcp_offset);
    EXPECT_EQ(parsed.payload_offset, parsed_.payload_offset);
    EXPECT_EQ(parsed.ip_length, parsed_.ip_length);
    EXPECT_EQ(parsed.payload_length, parsed_.payload_length);
    EXPECT_EQ(parsed.seq, parsed_.seq);
    EXPECT_EQ(parsed.ack, parsed_.ack);
    EXPECT_EQ(parsed.window, parsed_.window);
    EXPECT_EQ(parsed.tcp_flags, parsed_.tcp_flags);
    if (bytes[parsed.ip_offset] >> 4 == 4) {
      EXPECT_EQ(Ipv4Residue(bytes, parsed.ip_offset), 0);
    }
    EXPECT_EQ(TcpResidue(bytes, parsed.ip_offset, parsed.tcp_offset,
                         parsed.ip_offset + parsed.ip_length),
              0);
  }

  static inline rte_mempool* pool_ = nullptr;
  rte_mbuf* frame_ = nullptr;
  dataplane::ParsedFrame parsed_{};
  bool drop_ = false;
};

}  // namespace mosd::testing
