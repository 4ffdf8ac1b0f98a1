// What is behind the socket numbers of a context. Its worker's thread only.
//
// A listener is what mtcp_socket() gives: a stream socket, which stands for all
// flows that it matches, or a raw one. A flow socket is one listener's view of
// one flow, and lives as long as the flow. Listeners have the numbers below
// kFirstFlowSocket, flow sockets those from there on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "api/context/callback_set.h"
#include "api/filter/flow_filter.h"
#include "api/filter/frame_filter.h"
#include "dataplane/flow/flow_key.h"
#include "dataplane/flow/side.h"
#include "mos_api.h"

namespace mosd::api {

using dataplane::kSides;
using dataplane::Side;

inline constexpr int kFirstFlowSocket = 1024;  // also the number of listeners
inline constexpr uint32_t kNoIndex = UINT32_MAX;

// Both sides of a flow, as a mask of 1 << Index(side).
inline constexpr uint8_t kBothSides = 3;

struct Listener {
  int type = MOS_SOCK_UNUSED;  // else MONITOR_STREAM or MONITOR_RAW
  bool ipv4 = false;
  bool ipv6 = false;
  uint8_t stopped = 0;  // kBothSides while it is being closed
  CallbackSet* callbacks = nullptr;
  void* context = nullptr;
  std::optional<FlowFilter> syn_filter;             // none: every flow
  std::optional<FlowFilter> orphan_filter;          // none: every orphan
  std::unique_ptr<const FrameFilter> frame_filter;  // null: every frame
  // For later flows; by receiver.
  uint32_t buffer_bytes[kSides] = {};
  bool keep_last[kSides] = {};  // of overlapping bytes
};

// Whether a filter is for segments of a flow from key.endpoint(source).
inline bool Matches(const std::optional<FlowFilter>& filter,
                    const dataplane::FlowKey& key, size_t source) {
  return !filter || filter->Matches(key.version, key.endpoint(source),
                                    key.endpoint(1 - source));
}

struct alignas(64) FlowSocket {
  uint32_t next_free;
  uint32_t flow;      // index of its MonitoredFlow
  uint32_t listener;  // number
  uint32_t next;      // of the flow's sockets, by their listeners' age
  uint32_t previous;
  uint8_t stopped;  // sides that it does not watch any more
  bool in_use;
  CallbackSet* callbacks;
  void* context;
  uint64_t read_offset[kSides];  // of mtcp_peek, by receiver
};
static_assert(sizeof(FlowSocket) == 64);

}  // namespace mosd::api
