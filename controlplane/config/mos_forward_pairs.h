// nic_forward_table, from names of devices to indexes of ports. Any thread.
#pragma once

#include <utility>
#include <vector>

#include "controlplane/config/mos_conf_report.h"
#include "controlplane/config/mos_settings.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// A device is found by its name in netdev, whose nth device is port n whatever
// MOSD_PORTS makes of it, or by that of a port. A pair that cannot be is a
// problem if `forward`, else a notice; one whose port MOSD_PORTS left out is a
// notice.
std::vector<std::pair<int, int>> ForwardPairs(
    const MosSettings& settings, const mos::v1::DataplaneConfig& config,
    bool forward, MosConfReport* report);

}  // namespace mosd::controlplane
