// "mosctl ports", "workers", "stats" and "info": what the appliance is made of
// and how it fares. One thread.
#pragma once

#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/message_output.h"
#include "controlplane/mosctl/session.h"

namespace mosd::mosctl {

// `format` is kTable, kJson or kYaml. Tables have exact numbers.
ExitCode ShowPorts(const Session& session, OutputFormat format,
                   const Console& console);
ExitCode ShowWorkers(const Session& session, OutputFormat format,
                     const Console& console);
ExitCode ShowStats(const Session& session, OutputFormat format,
                   const Console& console);
ExitCode ShowInfo(const Session& session, OutputFormat format,
                  const Console& console);

}  // namespace mosd::mosctl
