// mosd from start to exit: signals, the service manager, the end of captures.
#pragma once

#include "controlplane/mosd/command_line.h"
#include "controlplane/mosd/exit_code.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// Runs the appliance until a signal, or with --exit-on-eof until the captures
// are read. Must be called before the process has other threads: it blocks
// the signals that it waits for.
ExitCode RunDaemon(const CommandLine& command_line,
                   const mos::v1::Config& config);

}  // namespace mosd::controlplane
