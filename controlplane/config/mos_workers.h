// How many contexts an mOS file asks for, on which processors, and with how
// many flows. Any thread.
#pragma once

#include <cstdint>

#include "controlplane/config/config_builder.h"
#include "controlplane/config/mos_conf_report.h"
#include "controlplane/config/mos_settings.h"

namespace mosd::controlplane {

// Sets dataplane.workers and dataplane.cpus in `builder` from the masks, where
// the environment has not. Bit n of `usable_cpus`: processor n.
void SetWorkers(const MosSettings& settings, uint64_t usable_cpus,
                ConfigBuilder* builder, MosConfReport* report);

// Sets dataplane.max_flows, which is for all workers, from max_concurrency,
// which is for each, where the environment has not. Needs the workers.
void SetMaxFlows(const MosSettings& settings, ConfigBuilder* builder,
                 MosConfReport* report);

// The processors of the workers, as a mask; as many usable ones, or at least
// one, where the workers are not pinned.
uint64_t CpuMaskOf(const mos::v1::DataplaneConfig& config,
                   uint64_t usable_cpus);

}  // namespace mosd::controlplane
