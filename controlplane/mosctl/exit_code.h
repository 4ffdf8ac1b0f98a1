// What mosctl's exit status means: one table, from which --help, the mapping
// of gRPC codes and the tests are made. Pure functions, any thread.
#pragma once

#include <string>

#include "grpcpp/support/status.h"

namespace mosd::mosctl {

enum class ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kUnreachable = 3,
  kNotFound = 4,
  kRefused = 5,
};

// The exit code that stands for the outcome of a call.
ExitCode ExitCodeOf(grpc::StatusCode code);

// The table as lines for --help.
std::string ExitCodeHelp();

}  // namespace mosd::mosctl
