// What EAL is asked for, so that ports of these options find it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/options.h"

namespace mosd::dataplane {

struct EalNeeds {
  static EalNeeds Of(const DataplaneOptions& options);

  uint64_t memory_mib = 0;       // for all packet buffers
  bool all_pci = false;          // a port by DPDK's number
  std::vector<std::string> pci;  // addresses

  bool any_pci() const { return all_pci || !pci.empty(); }

  // Without huge pages: what EAL is to map at once.
  uint64_t own_memory_mib() const;
};

}  // namespace mosd::dataplane
