// The packet that is being processed, and the last ones of flows, as the C API
// shows them. Owned by a context; its worker's thread only.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/flow/flow_sink.h"
#include "mos_pkt_info.h"

namespace mosd::api {

class PacketView {
 public:
  PacketView();

  void Attach(const dataplane::WorkerAccess& access) { access_ = access; }

  // The packet that is processed from now on, and, if it is of a live flow,
  // what is known of it there. Both outlive Leave(). Raw sockets come first:
  // what they have changed is changed for the flow's.
  void Enter(const dataplane::FrameView* frame,
             const dataplane::TrackedFrame* tracked) {
    changed_ = frame->frame == edited_mbuf_;
    frame_ = changed_ ? &edited_frame_ : frame;
    tracked_ = tracked;
  }
  void Leave() { frame_ = nullptr; }
  // The burst's frames are freed, and other ones may be at their places.
  void ForgetEdits() { edited_mbuf_ = nullptr; }

  // Null: none is being processed.
  const dataplane::FrameView* frame() const { return frame_; }
  // Null: it is of no live flow.
  const dataplane::TrackedFrame* tracked() const { return tracked_; }

  // Last frames are readable by all threads, the current one included, whose
  // bytes may change from here on.
  void Publish();

  // Changes the packet that is being processed (EditPacket). ENODATA besides:
  // none is, or it is no TCP segment. Its slot keeps it as it came.
  int Edit(off_t offset, const uint8_t* data, uint16_t length, int option);

  // Fills `*info` with the packet that is being processed, changed or not,
  // whose bytes are copied. False: there is none.
  bool CopyCurrent(pkt_info* info);

  // The same with the last frame of a side of a flow. False: it has none.
  bool CopyLast(const dataplane::FlowRecord& flow, dataplane::Side side,
                pkt_info* info) {
    // That of who is sending is at hand.
    if (frame_ != nullptr && !changed_ && tracked_ != nullptr &&
        tracked_->flow == &flow && tracked_->sender == side) [[likely]] {
      return CopyCurrent(info);
    }
    return CopyFromSlot(flow, side, info);
  }

 private:
  bool CopyAny(pkt_info* info);
  void DescribeSegment(pkt_info* info) const;
  bool CopyFromSlot(const dataplane::FlowRecord& flow, dataplane::Side side,
                    pkt_info* info);

  // The copy reaches as far as eth_len: zeros stand for what was not captured,
  // or not kept. A program that reads it all meets no other frame's bytes.
  void FillUp(uint32_t copied_bytes, uint32_t wire_length) {
    if (copied_bytes < wire_length) [[unlikely]]
      Zero(copied_bytes, wire_length);
  }
  void Zero(uint32_t from, uint32_t wire_length);

  dataplane::WorkerAccess access_;
  const dataplane::FrameView* frame_ = nullptr;
  const dataplane::TrackedFrame* tracked_ = nullptr;
  bool changed_ = false;  // Publish() was called for the current packet
  // The packet of the burst that was edited last, as it is since; frame_ points
  // to the first when it is being processed.
  const rte_mbuf* edited_mbuf_ = nullptr;
  dataplane::FrameView edited_frame_;
  dataplane::ParsedFrame edited_headers_;
  // What the program is given; the next call uses it again.
  std::unique_ptr<uint8_t[]> memory_;
  uint8_t* copy_;
};

}  // namespace mosd::api
