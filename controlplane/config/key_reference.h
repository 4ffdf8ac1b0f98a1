// The reference of all configuration keys, as `mosd --help-config` prints it.
// Any thread.
#pragma once

#include <string>

namespace mosd::controlplane {

// For every key: its path, meaning, values, default and environment variable.
std::string KeyReference();

}  // namespace mosd::controlplane
