#include "tests/support/heap_frame.h"

namespace mosd::testing {
namespace {

// Where a stamp goes while no EAL hands out fields.
constexpr size_t kStampOffset =
    (offsetof(rte_mbuf, dynfield1) + alignof(dataplane::FrameStamp) - 1) /
    alignof(dataplane::FrameStamp) * alignof(dataplane::FrameStamp);
static_assert(kStampOffset + sizeof(dataplane::FrameStamp) <= sizeof(rte_mbuf));

// One that whoever frees it gives up, and one that remains.
constexpr uint16_t kReferences = 2;

}  // namespace

HeapFrame::HeapFrame(const Bytes& bytes, int64_t time_ns, size_t split,
                     uint32_t wire_length) {
  const bool parts = split != 0 && split < bytes.size();
  const auto middle =
      bytes.begin() + static_cast<ptrdiff_t>(parts ? split : bytes.size());
  first_.assign(bytes.begin(), middle);
  second_.assign(middle, bytes.end());
  SetUp(&segments_[0], &first_);
  segments_[0].pkt_len = static_cast<uint32_t>(bytes.size());
  if (parts) {
    SetUp(&segments_[1], &second_);
    segments_[0].next = &segments_[1];
    segments_[0].nb_segs = 2;
  }
  dataplane::frame_stamp_offset = kStampOffset;
  *dataplane::StampOf(mbuf()) = {
      time_ns, wire_length != 0 ? wire_length : segments_[0].pkt_len, 0, false,
      0};
}

void HeapFrame::SetUp(rte_mbuf* segment, Bytes* bytes) {
  segment->buf_addr = bytes->data();
  segment->buf_len = static_cast<uint16_t>(bytes->size());
  segment->data_len = segment->buf_len;
  segment->nb_segs = 1;
  segment->refcnt = kReferences;
}

bool HeapFrame::IsFreed() const {
  return segments_[0].refcnt == 1 &&
         (segments_[0].nb_segs == 1 || segments_[1].refcnt == 1);
}

}  // namespace mosd::testing
