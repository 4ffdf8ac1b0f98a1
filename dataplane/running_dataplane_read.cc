// Flows and last frames, read beside the workers that write them.
#include <algorithm>

#include "dataplane/frame/last_frame.h"
#include "dataplane/packet/parser.h"
#include "dataplane/running_dataplane.h"

namespace mosd::dataplane {
namespace {

// Fills in what the frame itself says. It was parsed before it was kept, and
// its headers are whole.
bool DescribeFrame(std::span<const uint8_t> headers, LastFrameInfo* info) {
  ParsedFrame parsed;
  const FrameLength length{info->captured_length, info->wire_length};
  if (ParseFrame(headers, length, &parsed) != DropReason::kNone) return false;
  info->ip_length = parsed.ip_length;
  info->payload_length = parsed.payload_length;
  info->seq = parsed.seq;
  info->ack = parsed.ack;
  info->window = parsed.window;
  info->ip_offset = parsed.ip_offset;
  info->tcp_offset = parsed.tcp_offset;
  info->payload_offset = parsed.payload_offset;
  info->tcp_flags = parsed.tcp_flags;
  return true;
}

}  // namespace

int64_t RunningDataplane::NowNs(uint32_t worker) const {
  return worker < workers_.size() ? workers_[worker]->NowNs() : 0;
}

const FlowTable* RunningDataplane::FlowsOf(FlowId id) const {
  if (id.worker() >= workers_.size()) return nullptr;
  return &workers_[id.worker()]->flows();
}

bool RunningDataplane::ReadFlow(FlowId id, FlowSnapshot* flow) const {
  const FlowTable* const flows = FlowsOf(id);
  return flows != nullptr && flows->Read(id, flow);
}

FlowId RunningDataplane::FindFlow(IpVersion version, const Endpoint& a,
                                  const Endpoint& b) const {
  size_t index;
  const FlowKey key = MakeFlowKey(version, a, b, &index);
  const uint64_t hash = hash_(key);
  const uint32_t owner = handoff_ == nullptr ? 0 : handoff_->OwnerOf(hash);
  return workers_[owner]->flows().FindId(hash, key);
}

bool RunningDataplane::ScanFlows(ScanCursor* cursor, size_t limit,
                                 size_t max_records,
                                 std::vector<FlowSnapshot>* flows) const {
  while (cursor->worker < workers_.size()) {
    const FlowTable& table = workers_[cursor->worker]->flows();
    for (; cursor->record < table.record_count(); ++cursor->record) {
      if (limit == 0 || max_records == 0) return true;
      --max_records;
      FlowSnapshot snapshot;
      if (!table.ReadAt(cursor->record, &snapshot)) continue;
      flows->push_back(snapshot);
      --limit;
    }
    ++cursor->worker;
    cursor->record = 0;
  }
  return false;
}

ReadResult RunningDataplane::ReadLastFrame(FlowId id, Side side,
                                           std::span<uint8_t> buffer,
                                           LastFrameInfo* info) const {
  const FlowTable* const flows = FlowsOf(id);
  const FlowRecord* const flow =
      flows == nullptr ? nullptr : flows->RecordOf(id);
  if (flow == nullptr || !flow->Holds(id)) return ReadResult::kNoFlow;
  // The headers are parsed even when the caller wants none or few of them.
  uint8_t headers[kMaxHeaderBytes];
  const bool short_buffer = buffer.size() < kMaxHeaderBytes;
  const std::span<uint8_t> target =
      short_buffer ? std::span<uint8_t>(headers) : buffer;
  FrameRecord record;
  bool contended = false;
  const bool copied = CopyLastFrame(workers_[id.worker()]->frame_pool(),
                                    flow->side[Index(side)].last_frame, target,
                                    &record, &contended);
  // The record may have become another flow's meanwhile, and the frame, too.
  if (!flow->Holds(id)) return ReadResult::kNoFlow;
  if (!copied) return contended ? ReadResult::kContended : ReadResult::kNoFrame;
  info->capture_time_ns = record.capture_time_ns;
  info->stream_offset = record.stream_offset;
  info->wire_length = record.wire_length;
  info->captured_length = record.captured_length;
  info->port = record.port;
  const size_t there = std::min<size_t>(record.captured_length, target.size());
  if (!DescribeFrame(target.first(there), info)) return ReadResult::kNoFrame;
  if (short_buffer) {
    std::copy_n(headers, std::min(there, buffer.size()), buffer.begin());
  }
  return ReadResult::kOk;
}

}  // namespace mosd::dataplane
