// A flow as another thread sees it: a copy, taken without stopping the worker.
// Each number is exact; two of them may be one packet apart. Times are
// nanoseconds since 1970 in the clock of the capture.
#pragma once

#include <cstdint>

#include "dataplane/flow/flow_id.h"
#include "dataplane/flow/flow_key.h"
#include "dataplane/flow/side.h"
#include "dataplane/tcp/tcp_state.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

// Why a flow is over; values are those of mos.v1.EndReason.
enum class EndReason : uint8_t {
  kNone = 0,
  kFinClient,
  kFinServer,
  kRstClient,
  kRstServer,
  kIdleTimeout,
  kEvicted,
  kTupleReused,
  kAdmin,
  kShutdown,
};
inline constexpr size_t kEndReasons = 10;

struct SideSnapshot {
  Endpoint endpoint;
  TcpState tcp_state;
  bool has_last_frame;
  uint64_t frames;
  uint64_t wire_bytes;
  uint64_t payload_bytes;
  uint64_t retransmitted_frames;
  int64_t last_time_ns;  // 0: this side sent nothing
};

struct FlowSnapshot {
  FlowId id;
  IpVersion version;
  FlowState state;
  EndReason end_reason;  // kNone unless state is kEnded
  Side last_speaker;
  bool midstream;
  SideSnapshot side[kSides];  // [0] client, [1] server
  int64_t start_time_ns;
  int64_t end_time_ns;  // 0 unless state is kEnded
};

// The last frame of a side, but for its bytes, which the reader's buffer got.
struct LastFrameInfo {
  int64_t capture_time_ns;
  uint64_t stream_offset;  // of the first payload byte
  uint32_t wire_length;
  uint32_t captured_length;  // bytes stored
  uint32_t ip_length;
  uint32_t payload_length;
  uint32_t seq;
  uint32_t ack;
  uint16_t window;
  uint16_t ip_offset;
  uint16_t tcp_offset;
  uint16_t payload_offset;
  uint8_t tcp_flags;
  uint8_t port;  // index of the port it arrived on
};

enum class FlowEventKind : uint8_t { kStarted, kStateChanged, kEnded };

// What a worker tells watchers. 24 bytes; the flow is read by its id.
struct FlowEvent {
  FlowId id;
  int64_t time_ns;
  FlowEventKind kind;
};

}  // namespace mosd::dataplane
