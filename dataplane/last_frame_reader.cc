#include "dataplane/last_frame_reader.h"

#include <algorithm>

#include "dataplane/frame/last_frame.h"
#include "dataplane/packet/parser.h"

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

ReadResult ReadLastFrame(const FlowTable& flows, const FramePool& frames,
                         FlowId id, Side side, std::span<uint8_t> buffer,
                         LastFrameInfo* info) {
  const FlowRecord* const flow = flows.RecordOf(id);
  if (flow == nullptr) return ReadResult::kNoFlow;
  // The headers are parsed even when the caller wants none or few of them.
  uint8_t headers[kMaxHeaderBytes];
  const bool short_buffer = buffer.size() < kMaxHeaderBytes;
  const std::span<uint8_t> target =
      short_buffer ? std::span<uint8_t>(headers) : buffer;
  FrameRecord record;
  bool contended = false;
  const bool copied = CopyLastFrame(frames, flow->last_frame[Index(side)],
                                    target, &record, &contended);
  // A frame says whose it is: a reader that looks at nothing else takes one
  // line less from the worker.
  if (copied ? (record.generation & FlowId::kGenerationMask) != id.generation()
             : !flow->Holds(id)) {
    return ReadResult::kNoFlow;
  }
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
