// A flow of the dataplane straight in protobuf's wire format: byte for byte
// what mos.v1.Flow is serialized to once FillFlow() has filled it, without the
// twelve objects on the heap that this takes (a unit test holds the two
// together). Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/flow/flow_snapshot.h"

namespace mosd::controlplane {

// Room for any flow; the longest one has 263 bytes.
inline constexpr size_t kMaxFlowBytes = 320;

// Writes the fields of a mos.v1.Flow, without a tag and length of its own, to
// `out`, where there are kMaxFlowBytes, all of which may be written. Returns
// the end of the fields. `epoch` goes into flow_id.
uint8_t* WriteFlow(const dataplane::FlowSnapshot& flow, uint32_t epoch,
                   uint8_t* out);

}  // namespace mosd::controlplane
