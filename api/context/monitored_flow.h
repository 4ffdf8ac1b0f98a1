// A flow that at least one stream socket watches. Its worker's thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "api/context/callback_set.h"
#include "api/context/socket.h"
#include "api/stream/open_line.h"
#include "api/stream/seen_ahead.h"
#include "api/stream/stream_buffer.h"
#include "dataplane/flow/flow_record.h"

namespace mosd::api {

struct alignas(64) MonitoredFlow {
  // What every segment needs is one cache line.
  uint32_t next_free;
  // Flow sockets, the oldest listener's first.
  uint32_t first_socket;
  uint32_t last_socket;
  std::array<uint32_t, kHooks> mask;  // what any of its sockets registered
  dataplane::FlowRecord* record;      // null: not in use
  uint64_t number;                    // the oldest has the lowest
  // Of receivers: what buffers hold after a burst, bytes; 0: off.
  uint32_t buffer_bytes[kSides];
  bool in_burst;      // is in the list of flows to be seen to after a burst
  bool has_stopped;   // one of its sockets has
  uint8_t first_new;  // who of them had some first, as Index
  uint8_t new_data;   // receivers with new bytes, as 1 << Index
  uint8_t keep_last;  // receivers whose overlapping bytes the newest wins
  // Where one socket wants MOS_ON_PKT_IN at MOS_HK_SND and no other event but
  // at MOS_NULL: its callback. Else null.
  callback_t packet_in;

  // By receiver; a line each.
  alignas(64) StreamBuffer buffer[kSides];
  union {
    SeenAhead seen_ahead;  // where the buffer is off
    OpenLine open_line;    // where it is on
  } beside[kSides];

  bool Buffers() const { return (buffer_bytes[0] | buffer_bytes[1]) != 0; }
};
static_assert(offsetof(MonitoredFlow, buffer) == 64);
static_assert(sizeof(StreamBuffer) == 64);
static_assert(sizeof(MonitoredFlow) == 320);

}  // namespace mosd::api
