// mtcp_setconf: what a program asks of the configuration instead.
#pragma once

#include "absl/status/status.h"
#include "controlplane/config/mos_conf.h"
#include "mtcp_api.h"

namespace mosd::api {

// As programs see it.
mtcp_conf ToMtcpConf(const controlplane::MosConf& conf);

// Takes over the number of cores and of flows, the timeouts and the size of
// receive buffers, where they differ. INVALID_ARGUMENT: out of range.
absl::Status ApplyMtcpConf(const mtcp_conf& wanted,
                           controlplane::MosConf* conf);

}  // namespace mosd::api
