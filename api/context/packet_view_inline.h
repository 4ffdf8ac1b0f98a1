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
  const rte_mbuf& mbuf = *frame->frame;
  if (!dataplane::IsSmall(mbuf.pkt_len) || mbuf.nb_segs != 1 ||
      mbuf.pkt_len < frame->wire_length) {
    return false;
  }
  dataplane::CopySmall(copy_, rte_pktmbuf_mtod(&mbuf, const uint8_t*),
                       mbuf.pkt_len);
  // All of it is here, so no length exceeds that of the frame.
  const dataplane::ParsedFrame& parsed = *frame->parsed;
  const SegmentLengths lengths{static_cast<uint16_t>(frame->wire_length),
                               static_cast<uint16_t>(parsed.ip_length),
                               static_cast<uint16_t>(parsed.payload_length)};
  FillTcpNumbers(parsed, frame->time_ns, frame->port, lengths,
                 tracked_->stream_offset, info);
  PointIntoCopy(parsed, copy_, info);
  return true;
}

}  // namespace mosd::api
