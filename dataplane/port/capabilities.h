// Which rights of capabilities(7) this thread lacks.
#pragma once

#include <string>
#include <vector>

namespace mosd::dataplane {

// Of `wanted` (numbers of linux/capability.h) those that are not effective,
// as "CAP_NET_ADMIN, CAP_BPF"; empty if there are none.
std::string MissingCapabilities(const std::vector<int>& wanted);

}  // namespace mosd::dataplane
