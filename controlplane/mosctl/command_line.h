// mosctl's command line: which command, with which options, against which
// server. One thread.
#pragma once

#include <ostream>

#include "controlplane/mosctl/exit_code.h"

namespace mosd::mosctl {

// Reads the arguments and MOSCTL_* from the environment, and runs the command.
// `out` and `err` stand for the process's standard streams.
ExitCode RunCommandLine(int argc, const char* const* argv, std::ostream& out,
                        std::ostream& err);

}  // namespace mosd::mosctl
