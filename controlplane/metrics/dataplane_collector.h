// The dataplane's counters as Prometheus metrics, read when they are scraped.
// The number of series follows from ports and workers alone: never from
// traffic. Any thread.
#pragma once

#include <vector>

#include "dataplane/dataplane.h"
#include "prometheus/collectable.h"

namespace mosd::controlplane {

class DataplaneCollector : public prometheus::Collectable {
 public:
  // `dataplane` must outlive the collector.
  explicit DataplaneCollector(const dataplane::Dataplane* dataplane)
      : dataplane_(*dataplane) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const dataplane::Dataplane& dataplane_;
};

}  // namespace mosd::controlplane
