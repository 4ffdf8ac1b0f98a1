// "mosctl flows watch": flows as they start, change state and end. One thread,
// and another that waits for Ctrl-C.
#pragma once

#include <string>

#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/message_output.h"
#include "controlplane/mosctl/session.h"

namespace mosd::mosctl {

struct WatchFlowsOptions {
  std::string filter;
  bool existing = false;  // begin with the live flows
  OutputFormat format = OutputFormat::kTable;
};

// Runs until Ctrl-C or SIGTERM (kOk), until `console.out` fails (kOk), or until
// the server ends the stream. JSON lines are one FlowEvent each; where events
// were lost there is a WatchFlowsResponse with only missedEvents instead.
ExitCode WatchFlows(const Session& session, const WatchFlowsOptions& options,
                    const Console& console);

}  // namespace mosd::mosctl
