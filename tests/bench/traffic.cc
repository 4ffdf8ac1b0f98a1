#include "tests/bench/traffic.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "dataplane/port/frame_stamp.h"

namespace mosd::bench {
namespace {

constexpr uint32_t kBuffers = 2048;
constexpr uint32_t kHeaderBytes =
    sizeof(rte_ether_hdr) + sizeof(rte_ipv4_hdr) + sizeof(rte_tcp_hdr);
constexpr uint32_t kClientIsn = 1000;
constexpr uint32_t kServerIsn = 500'000;
constexpr int64_t kGapNs = 100;

// What is the same in all frames.
void WriteTemplate(rte_mbuf* frame, uint32_t payload_bytes) {
  const uint32_t bytes = kHeaderBytes + payload_bytes;
  frame->data_len = static_cast<uint16_t>(bytes);
  frame->pkt_len = bytes;
  auto* data = rte_pktmbuf_mtod(frame, uint8_t*);
  std::memset(data, 'x', bytes);
  auto* ethernet = reinterpret_cast<rte_ether_hdr*>(data);
  ethernet->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
  auto* ip = reinterpret_cast<rte_ipv4_hdr*>(ethernet + 1);
  *ip = {};
  ip->version_ihl = RTE_IPV4_VHL_DEF;
  ip->time_to_live = 64;
  ip->next_proto_id = IPPROTO_TCP;
  auto* tcp = reinterpret_cast<rte_tcp_hdr*>(ip + 1);
  *tcp = {};
  tcp->data_off = sizeof(rte_tcp_hdr) / 4 << 4;
  tcp->rx_win = rte_cpu_to_be_16(65535);
}

}  // namespace

Traffic::Traffic(uint32_t flows, uint32_t frame_bytes)
    : flows_(flows), payload_bytes_(frame_bytes - kHeaderBytes) {
  static int pools = 0;
  const std::string name = "bench_traffic_" + std::to_string(pools++);
  pool_ = rte_pktmbuf_pool_create(name.c_str(), kBuffers - 1, 256, 0,
                                  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (pool_ == nullptr) {
    std::fprintf(stderr, "no memory for %u packet buffers\n", kBuffers);
    std::exit(1);
  }
  rte_mempool_obj_iter(
      pool_,
      [](rte_mempool*, void* bytes, void* object, unsigned) {
        auto* frame = static_cast<rte_mbuf*>(object);
        rte_pktmbuf_reset(frame);
        WriteTemplate(frame, *static_cast<uint32_t*>(bytes));
      },
      const_cast<uint32_t*>(&payload_bytes_));
}

Traffic::~Traffic() { rte_mempool_free(pool_); }

void Traffic::Next(rte_mbuf** frames) {
  if (rte_mempool_get_bulk(pool_, reinterpret_cast<void**>(frames), kBurst) !=
      0) {
    std::fprintf(stderr, "frames were not freed\n");
    std::exit(1);
  }
  for (uint32_t i = 0; i < kBurst; ++i) Write(frames[i]);
}

void Traffic::Write(rte_mbuf* frame) {
  const bool from_client = round_ % 2 == 0;
  // Data rounds of each side before this one.
  const uint32_t sent = round_ < 3 ? 0 : (round_ - 3) / 2;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint8_t flags = RTE_TCP_ACK_FLAG;
  uint32_t payload = payload_bytes_;
  if (round_ < 3) {
    payload = 0;
    flags = round_ == 0   ? RTE_TCP_SYN_FLAG
            : round_ == 1 ? RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG
                          : RTE_TCP_ACK_FLAG;
    seq = from_client ? kClientIsn + (round_ == 2 ? 1 : 0) : kServerIsn;
    ack = from_client ? (round_ == 0 ? 0 : kServerIsn + 1) : kClientIsn + 1;
  } else {
    // Round 3 is the server's first.
    const uint32_t mine = sent * payload_bytes_;
    const uint32_t theirs = (from_client ? sent + 1 : sent) * payload_bytes_;
    seq = (from_client ? kClientIsn : kServerIsn) + 1 + mine;
    ack = (from_client ? kServerIsn : kClientIsn) + 1 + theirs;
  }
  auto* ip =
      rte_pktmbuf_mtod_offset(frame, rte_ipv4_hdr*, sizeof(rte_ether_hdr));
  auto* tcp = reinterpret_cast<rte_tcp_hdr*>(ip + 1);
  ip->total_length = rte_cpu_to_be_16(static_cast<uint16_t>(
      sizeof(rte_ipv4_hdr) + sizeof(rte_tcp_hdr) + payload));
  const uint32_t client = rte_cpu_to_be_32(RTE_IPV4(10, 0, 0, 0) + flow_ / 16);
  const uint32_t server = rte_cpu_to_be_32(RTE_IPV4(192, 168, 0, 1));
  const uint16_t client_port =
      rte_cpu_to_be_16(static_cast<uint16_t>(32768 + flow_ % 16));
  const uint16_t server_port = rte_cpu_to_be_16(443);
  ip->src_addr = from_client ? client : server;
  ip->dst_addr = from_client ? server : client;
  tcp->src_port = from_client ? client_port : server_port;
  tcp->dst_port = from_client ? server_port : client_port;
  tcp->sent_seq = rte_cpu_to_be_32(seq);
  tcp->recv_ack = rte_cpu_to_be_32(ack);
  tcp->tcp_flags = flags;
  time_ns_ += kGapNs;
  *dataplane::StampOf(frame) = {time_ns_, frame->pkt_len, 0, false, 0};
  if (++flow_ == flows_) {
    flow_ = 0;
    ++round_;
  }
}

}  // namespace mosd::bench
