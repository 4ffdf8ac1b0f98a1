// Helpers to write metric families for prometheus-cpp. A Family is filled
// anew at every scrape; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "prometheus/metric_family.h"

namespace mosd::controlplane {

using Labels = std::initializer_list<std::pair<std::string, std::string>>;

// One family under construction.
class Family {
 public:
  static Family Counter(std::string name, std::string help);
  static Family Gauge(std::string name, std::string help);
  static Family Histogram(std::string name, std::string help);

  void Add(Labels labels, double value);
  void Add(Labels labels, uint64_t value) {
    Add(labels, static_cast<double>(value));
  }
  void Add(Labels labels, prometheus::ClientMetric::Histogram histogram);

  prometheus::MetricFamily Take() && { return std::move(family_); }

 private:
  Family(prometheus::MetricType type, std::string name, std::string help);
  prometheus::ClientMetric& New(Labels labels);

  prometheus::MetricFamily family_;
};

}  // namespace mosd::controlplane
