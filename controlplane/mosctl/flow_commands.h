// "mosctl flows list" and "mosctl flows get". Each is a function from a
// connection and options to an exit code; it writes only to the console. One
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/message_output.h"
#include "controlplane/mosctl/session.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::mosctl {

struct ListFlowsOptions {
  std::string filter;
  std::string state;  // a name of FlowState, or empty
  mos::v1::FlowView view = mos::v1::FLOW_VIEW_LIVE;
  uint64_t limit = 0;  // flows; 0: all
  OutputFormat format = OutputFormat::kTable;
};

// JSON and YAML hold one ListFlowsResponse with the flows of all pages. Its
// next_page_token is set when the limit cut the list short.
ExitCode ListFlows(const Session& session, const ListFlowsOptions& options,
                   const Console& console);

struct GetFlowOptions {
  std::string flow;  // as ParseFlowReference reads it
  OutputFormat format = OutputFormat::kTable;
};

ExitCode GetFlow(const Session& session, const GetFlowOptions& options,
                 const Console& console);

}  // namespace mosd::mosctl
