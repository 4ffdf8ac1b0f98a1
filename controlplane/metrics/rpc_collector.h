// The gRPC server's counters as Prometheus metrics. Every method and code is
// always there, so that a rate can be taken before the first error. Any
// thread.
#pragma once

#include <vector>

#include "controlplane/metrics/rpc_stats.h"
#include "prometheus/collectable.h"

namespace mosd::controlplane {

class RpcCollector : public prometheus::Collectable {
 public:
  // `stats` must outlive the collector.
  explicit RpcCollector(const RpcStats* stats) : stats_(*stats) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const RpcStats& stats_;
};

}  // namespace mosd::controlplane
