#include "api/context/packet_view.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

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

// Copies a frame, and returns how many bytes there are of it.
uint32_t CopyFrame(const rte_mbuf& frame, uint8_t* copy) {
  const uint32_t length = std::min(frame.pkt_len, kMaxFrameBytes);
  if (frame.nb_segs == 1) [[likely]] {
    CopyBytes(copy, rte_pktmbuf_mtod(&frame, const uint8_t*), length);
  } else {
    const void* const bytes = rte_pktmbuf_read(&frame, 0, length, copy);
    if (bytes != copy) {
      CopyBytes(copy, static_cast<const uint8_t*>(bytes), length);
    }
  }
  return length;
}

}  // namespace

PacketView::PacketView()
    : memory_(std::make_unique<uint8_t[]>(kCopyOffset + kMaxFrameBytes)),
      copy_(memory_.get() + kCopyOffset) {}

// Raw sockets come first: what they have changed is changed for the flow's.
void PacketView::ShowEdits() {
  if (frame_->frame != edited_mbuf_) return;
  frame_ = &edited_frame_;
  changed_ = true;
}

void PacketView::Publish() {
  access_.frame_writer->Publish();
  // As they came, before the bytes change.
  if (frame_ != nullptr && frame_->reason == dataplane::DropReason::kNone) {
    frame_->parsed();
  }
  changed_ = true;
  Withdraw();
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
  const int error = EditPacket(frame_->frame, frame_->parsed(), offset, data,
                               length, option, &drop);
  // Nothing is forwarded that could be dropped.
  if (error != 0 || drop) return error;
  edited_headers_ = AfterEdit(frame, frame_->parsed(), length, option);
  edited_frame_ = *frame_;
  edited_frame_.wire_length += frame->pkt_len - bytes_before;
  edited_frame_.headers = &edited_headers_;
  edited_mbuf_ = frame;
  frame_ = &edited_frame_;
  return 0;
}

bool PacketView::CopyCurrent(pkt_info* info) {
  if (frame_ == nullptr) return false;
  const dataplane::FrameView& frame = *frame_;
  // All of it, also where its slot keeps less.
  const uint32_t copied = CopyFrame(*frame.frame, copy_);
  FillUp(copied, frame.wire_length);
  if (frame.reason != dataplane::DropReason::kNone) [[unlikely]] {
    FillFrameInfo(frame.capture_time_ns, frame.port, frame.wire_length,
                  {copy_, copied}, info);
    return true;
  }
  FillTcpNumbers(frame.parsed(), frame.capture_time_ns, frame.port,
                 ClampedLengths(frame.parsed(), frame.wire_length),
                 tracked_ != nullptr ? tracked_->stream_offset : 0, info);
  PointIntoCopy(frame.parsed(), copy_, info);
  if (&frame == &edited_frame_) [[unlikely]] {
    // The program may have cut off what its headers still promise.
    const uint32_t there = std::min(frame.wire_length, kMaxFrameBytes);
    PointIntoPart(frame.parsed(), {copy_, std::max(copied, there)}, info);
  }
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
  FillUp(from.captured_length, from.wire_length);
  FillTcpNumbers(from, info);
  PointIntoCopy(from, copy_, info);
  return true;
}

void PacketView::Zero(uint32_t from, uint32_t wire_length) {
  const uint32_t end = std::min(wire_length, kMaxFrameBytes);
  if (from < end) std::memset(copy_ + from, 0, end - from);
}

}  // namespace mosd::api
