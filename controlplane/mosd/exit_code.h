// With which code mosd exits, and what --help says of it: one table.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace mosd::controlplane {

enum class ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kConfiguration = 3,
  kInput = 4,
  kResources = 5,
};

// For a status of Appliance::Start() or later.
ExitCode ExitCodeOf(const absl::Status& status);

// The table, one line a code.
std::string ExitCodeHelp();

}  // namespace mosd::controlplane
