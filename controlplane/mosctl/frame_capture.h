// Last packets as a capture file. Pure, any thread.
#pragma once

#include <string>
#include <vector>

#include "mos/v1/appliance_service.pb.h"
#include "mos/v1/flow.pb.h"

namespace mosd::mosctl {

// A pcapng file with `packets` in the order of their times, each with a
// comment that names its flow and side. The interfaces are the ports they came
// in on, by the device names of `ports` where it has them.
std::string FrameCapture(const std::vector<mos::v1::LastPkt>& packets,
                         const mos::v1::ListPortsResponse& ports);

}  // namespace mosd::mosctl
