// "mosctl lastpkt get": the last frame a side sent, or both sides did. One
// thread.
#pragma once

#include <string>

#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/message_output.h"
#include "controlplane/mosctl/session.h"
#include "mos/v1/flow.pb.h"

namespace mosd::mosctl {

struct LastPktOptions {
  std::string flow;                                // for ParseFlowReference
  mos::v1::Side side = mos::v1::SIDE_UNSPECIFIED;  // unspecified: both
  OutputFormat format = OutputFormat::kText;
  std::string output_file;  // empty: console.out; "-": that, even a terminal
};

// JSON and YAML hold a GetLastPktResponse for one side and a
// BatchGetLastPktResponse for both. Of both sides, one that has no frame is
// told on `console.err`; kNotFound only if neither has one.
ExitCode GetLastPkt(const Session& session, const LastPktOptions& options,
                    const Console& console);

}  // namespace mosd::mosctl
