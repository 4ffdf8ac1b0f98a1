// What every Prometheus client library says of its process, under the
// customary names: process_cpu_seconds_total and so on. Source: proc(5). Any
// thread.
#pragma once

#include <vector>

#include "prometheus/collectable.h"

namespace mosd::controlplane {

class ProcessCollector : public prometheus::Collectable {
 public:
  // What cannot be read is left out.
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace mosd::controlplane
