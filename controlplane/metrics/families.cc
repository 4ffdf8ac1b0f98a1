#include "controlplane/metrics/families.h"

namespace mosd::controlplane {

using prometheus::MetricType;

Family::Family(MetricType type, std::string name, std::string help) {
  family_.type = type;
  family_.name = std::move(name);
  family_.help = std::move(help);
}

Family Family::Counter(std::string name, std::string help) {
  return Family(MetricType::Counter, std::move(name), std::move(help));
}

Family Family::Gauge(std::string name, std::string help) {
  return Family(MetricType::Gauge, std::move(name), std::move(help));
}

Family Family::Histogram(std::string name, std::string help) {
  return Family(MetricType::Histogram, std::move(name), std::move(help));
}

prometheus::ClientMetric& Family::New(Labels labels) {
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  for (const auto& [name, value] : labels) {
    metric.label.push_back({name, value});
  }
  return metric;
}

void Family::Add(Labels labels, double value) {
  prometheus::ClientMetric& metric = New(labels);
  if (family_.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void Family::Add(Labels labels, prometheus::ClientMetric::Histogram histogram) {
  New(labels).histogram = std::move(histogram);
}

}  // namespace mosd::controlplane
