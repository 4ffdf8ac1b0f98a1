// The counters of the whole appliance as a person reads them. One thread.
#pragma once

#include "controlplane/mosctl/console.h"
#include "mos/v1/appliance_service.pb.h"

namespace mosd::mosctl {

// Groups of exact numbers on `console.out`; counts that are zero and bear no
// news are left out.
void PrintStats(const mos::v1::GetStatsResponse& stats, const Console& console);

}  // namespace mosd::mosctl
