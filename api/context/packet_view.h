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
  // what is known of it there. Both outlive Leave().
  void Enter(const dataplane::FrameView* frame,
             const dataplane::TrackedFrame* tracked) {
    frame_ = frame;
    tracked_ = tracked;
    offered_ = nullptr;
    changed_ = false;
    if (HasEdits()) [[unlikely]]
      ShowEdits();
  }
  void Leave() {
    frame_ = nullptr;
    offered_ = nullptr;
  }
  // The burst's frames are freed, and other ones may be at their places.
  void ForgetEdits() { edited_mbuf_ = nullptr; }

  // A packet of the burst was edited.
  bool HasEdits() const { return edited_mbuf_ != nullptr; }

  // Null: none is being processed.
  const dataplane::FrameView* frame() const { return frame_; }
  // Null: none is, or it is of no live flow.
  const dataplane::TrackedFrame* tracked() const {
    return frame_ != nullptr ? tracked_ : nullptr;
  }

  // The packet is at hand for the one whose callback comes next: it is the last
  // one that `side` of the flow socket sent. Until it is changed, left, or the
  // socket stops.
  void Offer(int socket, int side) {
    offered_ = changed_ ? nullptr : frame_;
    offered_socket_ = socket;
    offered_side_ = side;
  }
  void Withdraw() { offered_ = nullptr; }
  // What most calls ask for: a packet that was offered, a small and plain frame
  // that nobody else has asked about. False: it is not that; `*info` is as it
  // was.
  bool CopyOffered(int socket, int side, pkt_info* info);

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
  void ShowEdits();
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
  const dataplane::FrameView* offered_ = nullptr;  // null, or frame_
  int offered_socket_ = 0;
  int offered_side_ = 0;
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
