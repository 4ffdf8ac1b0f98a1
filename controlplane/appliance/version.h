// Which build this is. Any thread.
#pragma once

#include <string_view>

namespace mosd::controlplane {

std::string_view Version();  // "0.1.0"
std::string_view Commit();   // source revision, or "unknown"

}  // namespace mosd::controlplane
