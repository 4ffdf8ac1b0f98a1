#include "api/context/packet_view.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "api/copy_bytes.h"
#include "api/packet/packet_edit.h"
#include "api/pkt_info_fill.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/last_frame_reader.h"

namespace mosd::api {

using dataplane::kMaxFrameBytes;
using dataplane::LastFrameInfo;

// Bytes before the copy, so that an IP header behind an untagged Ethernet
// header is aligned.
constexpr size_t kCopyOffset = 2;

namespace {

// Copies at most `most` bytes of a frame, and returns the copy.
std::span<uint8_t> CopyFrame(const rte_mbuf& frame, uint32_t most,
                             uint8_t* copy) {
  const uint32_t length = std::min(frame.pkt_len, most);
  if (frame.nb_segs == 1) [[likely]] {
    CopyBytes(copy, rte_pktmbuf_mtod(&frame, const uint8_t*), length);
  } else {
    const void* const bytes = rte_pktmbuf_read(&frame, 0, length, copy);
    if (bytes != copy) {
      CopyBytes(copy, static_cast<const uint8_t*>(bytes), length);
    }
  }
  return {copy, length};
}

}  // namespace

PacketView::PacketView()
    : memory_(std::make_unique<uint8_t[]>(kCopyOffset + kMaxFrameBytes)),
      copy_(memory_.get() + kCopyOffset) {}

void PacketView::Publish() {
  access_.frame_writer->Publish();
  changed_ = true;
}

int PacketView::Edit(off_t offset, const uint8_t* data, uint16_t length,
                     int option) {
  if (frame_ == nullptr || frame_->reason != dataplane::DropReason::kNone) {
    return ENODATA;
  }
  Publish();
  const rte_mbuf* const frame = frame_->frame;
  const uint32_t bytes_before = frame->pkt_len;
  bool drop = false;
  const int error = EditPacket(frame_->frame, *frame_->parsed, offset, data,
                               length, option, &drop);
  // Nothing is forwarded that could be dropped.
  if (error != 0 || drop) return error;
  edited_headers_ = AfterEdit(frame, *frame_->parsed, length, option);
  edited_frame_ = *frame_;
  edited_frame_.wire_length += frame->pkt_len - bytes_before;
  edited_frame_.parsed = &edited_headers_;
  frame_ = &edited_frame_;
  return 0;
}

bool PacketView::CopyCurrent(pkt_info* info) {
  if (frame_ == nullptr) return false;
  const bool is_segment = frame_->reason == dataplane::DropReason::kNone;
  // As much of it as its slot keeps.
  const uint32_t headers = is_segment ? frame_->parsed->payload_offset : 0;
  const std::span<uint8_t> bytes = CopyFrame(
      *frame_->frame,
      std::min(kMaxFrameBytes, std::max(access_.snaplen_bytes, headers)),
      copy_);
  if (!is_segment) [[unlikely]] {
    FillFrameInfo(frame_->time_ns, frame_->port, frame_->wire_length, bytes,
                  info);
    return true;
  }
  FillSegmentInfo(*frame_, tracked_ != nullptr ? tracked_->stream_offset : 0,
                  bytes, info);
  return true;
}

bool PacketView::CopyFromSlot(const dataplane::FlowRecord& flow,
                              dataplane::Side side, pkt_info* info) {
  access_.frame_writer->Publish();
  LastFrameInfo from{};
  const dataplane::ReadResult result = dataplane::ReadLastFrame(
      *access_.flows, *access_.frame_pool, access_.flows->IdOf(flow), side,
      {copy_, kMaxFrameBytes}, &from);
  if (result != dataplane::ReadResult::kOk) return false;
  FillTcpInfo(from, {copy_, from.captured_length}, info);
  return true;
}

}  // namespace mosd::api
