// What segments bring the receivers: bytes, in order or not, and what becomes
// of them.
#include <rte_mbuf.h>

#include <algorithm>

#include "api/context/flow_monitor.h"
#include "dataplane/packet/parser.h"
#include "dataplane/tcp/parsed_segment.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::api {
namespace {

using dataplane::FlowRecord;
using dataplane::FrameView;
using dataplane::Index;
using dataplane::Other;
using dataplane::TcpState;
using dataplane::TrackedFrame;

// A probe of an idle connection lies before its first byte.
uint32_t BytesBeforeStream(const MonitoredFlow& flow, const FrameView& frame,
                           const TrackedFrame& tracked) {
  if (tracked.stream_offset != 0) [[likely]]
    return 0;
  return dataplane::TcpBytesBeforeStream(flow.record->tcp, tracked.sender,
                                         dataplane::SegmentOf(frame.parsed()));
}

}  // namespace

// What came before was numbered otherwise, and is of no stream any more: a
// server that keeps no state answers each SYN with another number.
void FlowMonitor::RestartStream(MonitoredFlow* flow, Side receiver) {
  const size_t i = Index(receiver);
  flow->buffer[i].Clear(blocks_.get());
  if (flow->buffer_bytes[i] == 0) flow->beside[i].seen_ahead = {};
  flow->new_data &= static_cast<uint8_t>(~(1u << i));
  for (uint32_t at = flow->first_socket; at != kNoIndex;
       at = sockets_[at].next) {
    sockets_[at].read_offset[i] = 0;
  }
}

// Whether bytes of a segment that fits came before, beyond the first hole; the
// tracker knows of those in front of it. Whatever is in order now, because the
// segment fills that hole, it is told.
bool FlowMonitor::CameBefore(MonitoredFlow* flow, const FrameView& frame,
                             const TrackedFrame& tracked) {
  const Side receiver = Other(tracked.sender);
  const uint64_t begin = tracked.stream_offset;
  const uint64_t end = begin + frame.parsed().payload_length -
                       BytesBeforeStream(*flow, frame, tracked);
  const StreamBuffer& buffer = flow->buffer[Index(receiver)];
  if (flow->buffer_bytes[Index(receiver)] != 0) {
    if (buffer.highest() == buffer.next_expected()) [[likely]]
      return false;  // there is no hole
    const uint64_t in_order = buffer.NextExpectedAfter(*blocks_, begin, end);
    if (in_order > end) FollowInOrder(flow, receiver, in_order);
    return buffer.HoldsAny(*blocks_, begin, end);
  }
  SeenAhead& ahead = flow->beside[Index(receiver)].seen_ahead;
  const uint64_t hole =
      dataplane::TcpInOrderOffset(flow->record->tcp, tracked.sender);
  if (ahead.empty() && end <= hole) [[likely]]
    return false;
  uint64_t in_order = hole;
  const bool came_before = ahead.Note(begin, end, &in_order);
  if (in_order != hole) FollowInOrder(flow, receiver, in_order);
  return came_before;
}

// Several holes may have been filled, the last one before a FIN.
void FlowMonitor::FollowInOrder(MonitoredFlow* flow, Side receiver,
                                uint64_t offset) {
  FlowRecord* const record = flow->record;
  const TcpState before = record->tcp.end[Index(receiver)].state;
  dataplane::TcpSeenUpTo(&record->tcp, Other(receiver), offset);
  if (record->tcp.end[Index(receiver)].state == before) return;
  shown_[Index(receiver)] = record->tcp.end[Index(receiver)].state;
  dataplane::FlowStatus status = record->Status();
  status.set_tcp_states(record->tcp.end[0].state, record->tcp.end[1].state);
  record->SetStatus(status);
}

// The bytes that a segment brings its receiver.
void FlowMonitor::Receive(MonitoredFlow* flow, const FrameView& frame,
                          const TrackedFrame& tracked) {
  const dataplane::ParsedFrame& parsed = frame.parsed();
  const Side receiver = Other(tracked.sender);
  if (flow->buffer_bytes[Index(receiver)] == 0) return;
  const uint32_t first =
      parsed.payload_offset + BytesBeforeStream(*flow, frame, tracked);
  const uint32_t end = std::min(frame.frame->pkt_len,
                                parsed.payload_offset + parsed.payload_length);
  StreamBuffer& buffer = flow->buffer[Index(receiver)];
  const OverlapPolicy policy = flow->keep_last & 1u << Index(receiver)
                                   ? OverlapPolicy::kLast
                                   : OverlapPolicy::kFirst;
  const uint64_t ahead =
      StreamBuffer::AheadBytes(flow->buffer_bytes[Index(receiver)]);
  // A program that reads streams does so when it is told of new bytes.
  OpenLine* const open = flow->mask[At(Hook::kNull)] & MOS_ON_CONN_NEW_DATA
                             ? nullptr
                             : &flow->beside[Index(receiver)].open_line;
  bool grown = false;
  bool lost = false;
  uint32_t base = 0;  // of the mbuf, in the frame
  for (const rte_mbuf* part = frame.frame; part != nullptr && base < end;
       part = part->next) {
    const uint32_t from = std::max(base, first);
    const uint32_t to = std::min(base + part->data_len, end);
    if (from < to) {
      const auto* const bytes =
          rte_pktmbuf_mtod_offset(part, const uint8_t*, from - base);
      const InsertCounts counts =
          buffer.Insert(blocks_.get(), tracked.stream_offset + (from - first),
                        {bytes, to - from}, policy, ahead, open);
      grown |= counts.in_order != 0;
      lost |= counts.dropped != 0 || counts.pushed_out != 0;
    }
    base += part->data_len;
  }
  if (grown) NoteNewData(flow, receiver);
  if (lost) Raise(flow, Hook::kNull, receiver, MOS_ON_ERROR, true);
}

// What the peer has acknowledged and nobody has seen will not come any more.
void FlowMonitor::Acknowledge(MonitoredFlow* flow, Side receiver) {
  if (flow->buffer_bytes[Index(receiver)] == 0) return;
  StreamBuffer& buffer = flow->buffer[Index(receiver)];
  const uint64_t acknowledged =
      dataplane::TcpAckedOffset(flow->record->tcp, Other(receiver));
  if (acknowledged <= buffer.next_expected()) [[likely]]
    return;
  const uint64_t before = buffer.next_expected();
  const uint64_t lost = buffer.AcknowledgedUpTo(blocks_.get(), acknowledged);
  if (lost == 0) return;
  if (buffer.next_expected() - before > lost) NoteNewData(flow, receiver);
  Raise(flow, Hook::kNull, receiver, MOS_ON_ERROR, true);
}

void FlowMonitor::NoteNewData(MonitoredFlow* flow, Side receiver) {
  if (flow->new_data == 0) {
    flow->first_new = static_cast<uint8_t>(Index(receiver));
  }
  flow->new_data |= static_cast<uint8_t>(1u << Index(receiver));
  SeeToAfterBurst(flow);
}

void FlowMonitor::SeeToAfterBurst(MonitoredFlow* flow) {
  if (flow->in_burst) return;
  flow->in_burst = true;
  in_burst_.push_back(flows_.IndexOf(*flow));
}

void FlowMonitor::OnBurstEnd() {
  // A callback may add to them.
  for (size_t i = 0; i < in_burst_.size(); ++i) {
    MonitoredFlow& flow = flows_[in_burst_[i]];
    if (!flow.in_burst) continue;  // it has ended
    flow.in_burst = false;
    TellNewData(&flow);
    TrimBuffers(&flow);
    if (flow.has_stopped) Reap(&flow);
  }
  in_burst_.clear();
}

void FlowMonitor::TellNewData(MonitoredFlow* flow) {
  const auto first = static_cast<Side>(flow->first_new);
  for (const Side receiver : {first, Other(first)}) {
    if (!(flow->new_data & 1u << Index(receiver))) continue;
    Raise(flow, Hook::kNull, receiver, MOS_ON_CONN_NEW_DATA,
          receiver == Side::kServer);
  }
  flow->new_data = 0;
}

// Of each buffer the newest bytes stay; whoever has not read the others has
// lost them.
void FlowMonitor::TrimBuffers(MonitoredFlow* flow) {
  for (const Side receiver : {Side::kClient, Side::kServer}) {
    const uint32_t limit = flow->buffer_bytes[Index(receiver)];
    StreamBuffer& buffer = flow->buffer[Index(receiver)];
    if (limit == 0 || buffer.next_expected() <= limit) continue;
    const uint64_t base = buffer.next_expected() - limit;
    if (base <= buffer.base()) continue;
    buffer.Trim(blocks_.get(), limit);
    if (!(flow->mask[At(Hook::kNull)] & MOS_ON_ERROR)) continue;
    TellOverwritten(flow, receiver, base);
  }
}

void FlowMonitor::TellOverwritten(MonitoredFlow* flow, Side receiver,
                                  uint64_t base) {
  const auto bit = static_cast<uint8_t>(1u << Index(receiver));
  ++depth_;
  for (uint32_t next = flow->first_socket; next != kNoIndex;) {
    FlowSocket& socket = sockets_[next];
    const int number = kFirstFlowSocket + static_cast<int>(next);
    next = socket.next;
    if ((socket.stopped & bit) || socket.read_offset[Index(receiver)] >= base) {
      continue;
    }
    dispatcher_->Begin();
    dispatcher_->Call(number, &socket.callbacks, Hook::kNull,
                      static_cast<int>(Index(receiver)), MOS_ON_ERROR,
                      &socket.stopped, bit);
  }
  --depth_;
}

}  // namespace mosd::api
