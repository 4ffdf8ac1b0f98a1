#include "tests/bench/frame_source.h"

#include <rte_lcore.h>
#include <rte_mempool.h>

#include <cstring>
#include <string>

#include "tests/bench/report.h"

namespace mosd::bench {
namespace {

constexpr uint32_t kBuffers = 2048;
constexpr uint32_t kHeaderBytes =
    sizeof(rte_ether_hdr) + sizeof(rte_ipv4_hdr) + sizeof(rte_tcp_hdr);

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

FrameSource::FrameSource(uint32_t frame_bytes)
    : payload_bytes_(frame_bytes - kHeaderBytes) {
  static int pools = 0;
  const std::string name = "bench_frames_" + std::to_string(pools++);
  pool_ = rte_pktmbuf_pool_create(name.c_str(), kBuffers - 1, 256, 0,
                                  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (pool_ == nullptr) {
    Fail("no memory for " + Grouped(kBuffers) + " packet buffers");
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

FrameSource::~FrameSource() { rte_mempool_free(pool_); }

bool FrameSource::TryTake(rte_mbuf** frames) {
  return rte_mempool_get_bulk(pool_, reinterpret_cast<void**>(frames),
                              kBurst) == 0;
}

void FrameSource::Take(rte_mbuf** frames) {
  if (!TryTake(frames)) Fail("frames were not freed");
}

}  // namespace mosd::bench
