#include "controlplane/version/version.h"

namespace mosd::controlplane {

const char* Version() { return MOSD_VERSION; }

const char* Commit() { return MOSD_COMMIT; }

}  // namespace mosd::controlplane
