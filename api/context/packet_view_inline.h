// The way of most calls of mtcp_getlastpkt: PacketView, in line.
#pragma once

#include <rte_mbuf.h>

#include "api/context/packet_view.h"
#include "api/pkt_info_fill.h"
#include "dataplane/base/small_copy.h"

namespace mosd::api {

inline bool PacketView::CopyOffered(int socket, int side, pkt_info* info) {
  const dataplane::FrameView* const frame = offered_;
  if (frame == nullptr || offered_socket_ != socket || offered_side_ != side) {
    return false;
  }
  const uint32_t bytes = frame->frame->pkt_len;
  if (frame->plain == nullptr || !dataplane::IsSmall(bytes) ||
      bytes < frame->wire_length) {
    return false;
  }
  dataplane::CopySmall(copy_, reinterpret_cast<const uint8_t*>(frame->plain),
                       bytes);
  // All of it is here, so no length exceeds that of the frame.
  dataplane::ParsedFrame headers;
  frame->plain->Parse(&headers);
  const SegmentLengths lengths{static_cast<uint16_t>(frame->wire_length),
                               static_cast<uint16_t>(headers.ip_length),
                               static_cast<uint16_t>(headers.payload_length)};
  FillTcpNumbers(headers, frame->capture_time_ns, frame->port, lengths,
                 tracked_->stream_offset, info);
  PointIntoCopy(headers, copy_, info);
  return true;
}

}  // namespace mosd::api
