// Ethernet frames of TCP segments, in a few thousand buffers that are used in
// turn, as those of a NIC are; only what differs from segment to segment is
// written into them. What is sent, and when, is for its owner to say.
//
// One thread.
#pragma once

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include <cstdint>

#include "dataplane/port/frame_stamp.h"

namespace mosd::bench {

// Host order.
struct Tuple {
  uint32_t client;
  uint32_t server;
  uint16_t client_port;
  uint16_t server_port;
};

// Clients from 10.0.0.0 up, 16 connections of each, to one server. All numbers
// have tuples of their own.
inline Tuple UsualTuple(uint32_t number) {
  return {RTE_IPV4(10, 0, 0, 0) + number / 16, RTE_IPV4(192, 168, 0, 1),
          static_cast<uint16_t>(32768 + number % 16), 443};
}

// First sequence numbers of all connections.
inline constexpr uint32_t kClientIsn = 1000;
inline constexpr uint32_t kServerIsn = 500'000;

struct Segment {
  bool from_client;
  uint8_t flags;
  uint32_t seq;
  uint32_t ack;
  uint32_t payload_bytes;  // at most those of the source
};

// Segment `step`, 0 to 2, of a handshake.
constexpr Segment HandshakeSegment(uint32_t step) {
  switch (step) {
    case 0:
      return {true, RTE_TCP_SYN_FLAG, kClientIsn, 0, 0};
    case 1:
      return {false, RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, kServerIsn,
              kClientIsn + 1, 0};
    default:
      return {true, RTE_TCP_ACK_FLAG, kClientIsn + 1, kServerIsn + 1, 0};
  }
}

class FrameSource {
 public:
  static constexpr uint32_t kBurst = 64;

  // `frame_bytes`, of every frame: 60 to 1514. EAL is up.
  explicit FrameSource(uint32_t frame_bytes);
  ~FrameSource();
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;

  // kBurst buffers to write segments into; whoever has them then frees them.
  void Take(rte_mbuf** frames);
  // False: there are not as many.
  bool TryTake(rte_mbuf** frames);

  // Writes a segment, and its stamp: 100 ns after the one before.
  void Write(rte_mbuf* frame, const Tuple& tuple, const Segment& segment);

  // Of a segment that fills its frame.
  uint32_t payload_bytes() const { return payload_bytes_; }

 private:
  static constexpr int64_t kGapNs = 100;

  const uint32_t payload_bytes_;
  rte_mempool* pool_;
  int64_t time_ns_ = 1'700'000'000'000'000'000;  // since 1970
};

inline void FrameSource::Write(rte_mbuf* frame, const Tuple& tuple,
                               const Segment& segment) {
  auto* ip =
      rte_pktmbuf_mtod_offset(frame, rte_ipv4_hdr*, sizeof(rte_ether_hdr));
  auto* tcp = reinterpret_cast<rte_tcp_hdr*>(ip + 1);
  ip->total_length = rte_cpu_to_be_16(static_cast<uint16_t>(
      sizeof(rte_ipv4_hdr) + sizeof(rte_tcp_hdr) + segment.payload_bytes));
  const uint32_t client = rte_cpu_to_be_32(tuple.client);
  const uint32_t server = rte_cpu_to_be_32(tuple.server);
  const uint16_t client_port = rte_cpu_to_be_16(tuple.client_port);
  const uint16_t server_port = rte_cpu_to_be_16(tuple.server_port);
  ip->src_addr = segment.from_client ? client : server;
  ip->dst_addr = segment.from_client ? server : client;
  tcp->src_port = segment.from_client ? client_port : server_port;
  tcp->dst_port = segment.from_client ? server_port : client_port;
  tcp->sent_seq = rte_cpu_to_be_32(segment.seq);
  tcp->recv_ack = rte_cpu_to_be_32(segment.ack);
  tcp->tcp_flags = segment.flags;
  time_ns_ += kGapNs;
  *dataplane::StampOf(frame) = {time_ns_, frame->pkt_len, 0, false, 0};
}

}  // namespace mosd::bench
