// Reading the last frame of a flow beside the worker that writes it.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/dataplane.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/frame_pool.h"

namespace mosd::dataplane {

// Dataplane::ReadLastFrame, of a flow of the worker that owns `flows` and
// `frames`. Any thread.
ReadResult ReadLastFrame(const FlowTable& flows, const FramePool& frames,
                         FlowId id, Side side, std::span<uint8_t> buffer,
                         LastFrameInfo* info);

}  // namespace mosd::dataplane
