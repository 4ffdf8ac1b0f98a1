// Which build this is. Any thread.
#pragma once

namespace mosd::controlplane {

const char* Version();  // "0.1.0"
const char* Commit();   // source revision, or "unknown"

}  // namespace mosd::controlplane
