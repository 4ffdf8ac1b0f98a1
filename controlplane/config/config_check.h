// The rules that concern more than one value of a configuration, or more of a
// text than its type. Any thread.
#pragma once

#include <string>
#include <vector>

#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

struct ConfigProblem {
  std::string path;    // of the key to change
  std::string reason;  // what is wrong, and what to do
};

// All of them; none: the configuration can be used.
std::vector<ConfigProblem> CheckConfig(const mos::v1::Config& config);

}  // namespace mosd::controlplane
