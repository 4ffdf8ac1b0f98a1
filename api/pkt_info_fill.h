// struct pkt_info from what the dataplane knows of a frame. Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "dataplane/flow/flow_sink.h"
#include "dataplane/flow/flow_snapshot.h"
#include "mos_pkt_info.h"

namespace mosd::api {

// The largest value of a field that cannot hold all.
template <typename T>
T Clamped(uint32_t value) {
  return static_cast<T>(
      std::min<uint32_t>(value, std::numeric_limits<T>::max()));
}

inline uint32_t ToMilliseconds(int64_t time_ns) {
  return static_cast<uint32_t>(time_ns / 1'000'000);
}

// Lengths in bytes as `struct pkt_info` can hold them.
struct SegmentLengths {
  uint16_t wire;
  uint16_t ip;
  uint16_t payload;
};

// Of any segment. `headers` is a LastFrameInfo or a ParsedFrame.
template <typename Headers>
SegmentLengths ClampedLengths(const Headers& headers, uint32_t wire_length) {
  return {Clamped<uint16_t>(wire_length), Clamped<uint16_t>(headers.ip_length),
          Clamped<uint16_t>(headers.payload_length)};
}

// What is known of a TCP segment, but for where its bytes are. `headers` is a
// LastFrameInfo or a ParsedFrame, `offset` that of its first payload byte in
// the stream.
template <typename Headers>
void FillTcpNumbers(const Headers& headers, int64_t time_ns, uint8_t port,
                    SegmentLengths lengths, uint64_t offset, pkt_info* info) {
  info->cur_ts = ToMilliseconds(time_ns);
  info->in_ifidx = static_cast<int8_t>(port);
  info->eth_len = lengths.wire;
  info->ip_len = lengths.ip;
  info->offset = offset;
  info->payloadlen = lengths.payload;
  info->seq = headers.seq;
  info->ack_seq = headers.ack;
  info->window = headers.window;
}

// Points into a copy of the segment that has as many bytes as the wire had.
template <typename Headers>
void PointIntoCopy(const Headers& headers, uint8_t* copy, pkt_info* info) {
  info->ethh = reinterpret_cast<ethhdr*>(copy);
  info->iph = reinterpret_cast<iphdr*>(copy + headers.ip_offset);
  info->tcph = reinterpret_cast<tcphdr*>(copy + headers.tcp_offset);
  info->payload =
      headers.payload_length != 0 ? copy + headers.payload_offset : nullptr;
}

// Points into what was copied of the segment; NULL where that does not reach.
template <typename Headers>
void PointIntoPart(const Headers& headers, std::span<uint8_t> part,
                   pkt_info* info) {
  const auto at = [&](size_t position) {
    return position < part.size() ? part.data() + position : nullptr;
  };
  info->ethh = reinterpret_cast<ethhdr*>(at(0));
  info->iph = reinterpret_cast<iphdr*>(at(headers.ip_offset));
  info->tcph = reinterpret_cast<tcphdr*>(at(headers.tcp_offset));
  info->payload =
      headers.payload_length != 0 ? at(headers.payload_offset) : nullptr;
}

inline void FillTcpNumbers(const dataplane::LastFrameInfo& from,
                           pkt_info* info) {
  FillTcpNumbers(from, from.capture_time_ns, from.port,
                 ClampedLengths(from, from.wire_length), from.stream_offset,
                 info);
}

// Of any frame: `tcph` and `payload` are NULL, and `iph` too unless it is IP.
void FillFrameInfo(int64_t time_ns, uint8_t port, uint32_t wire_length,
                   std::span<uint8_t> frame, pkt_info* info);

}  // namespace mosd::api
