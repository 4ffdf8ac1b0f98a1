#include "controlplane/appliance/version.h"

namespace mosd::controlplane {

std::string_view Version() { return MOSD_VERSION; }

std::string_view Commit() { return MOSD_COMMIT; }

}  // namespace mosd::controlplane
