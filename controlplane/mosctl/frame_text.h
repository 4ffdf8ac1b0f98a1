// A last packet as a person reads it: whose it is, when it came, every header
// down to the TCP options, the beginning of the payload, and the bytes. All
// bytes of the frame come out escaped. Pure, any thread.
#pragma once

#include <string>

#include "controlplane/mosctl/console.h"
#include "mos/v1/flow.pb.h"

namespace mosd::mosctl {

// The decoded view. `flow` is the flow the packet belongs to. Time zone and
// color are the console's; nothing is written to it.
std::string FrameText(const mos::v1::LastPkt& packet, const mos::v1::Flow& flow,
                      const Console& console);

// Only the bytes, under one line that says whose they are.
std::string FrameHex(const mos::v1::LastPkt& packet, const Console& console);

}  // namespace mosd::mosctl
