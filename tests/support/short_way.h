// A segment tracked as a pipeline does it: the short way, by the record that
// was fetched for it, where it goes, else the long one.
#pragma once

#include <cstdint>

#include "dataplane/tcp/parsed_segment.h"
#include "dataplane/worker/flow_tracker_inline.h"

namespace mosd::testing {

inline dataplane::DropReason TrackShortIfItCan(
    dataplane::FlowTracker* tracker, dataplane::FlowRecord* likely,
    uint64_t hash, const dataplane::ParsedFrame& frame, uint32_t wire_length,
    int64_t time_ns, dataplane::TrackedFrame* tracked) {
  dataplane::ExpectedFrame expected;
  if (likely->HasHead(dataplane::FlowKeyHead::Of(frame.key)) &&
      tracker->TrackExpected(likely, frame.key.version, frame.source_index,
                             dataplane::SegmentOf(frame), wire_length, time_ns,
                             &expected)) {
    *tracked = expected.Whole();
    return dataplane::DropReason::kNone;
  }
  return tracker->Track(hash, frame, wire_length, time_ns, tracked);
}

}  // namespace mosd::testing
