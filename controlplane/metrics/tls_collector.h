// When the certificates of gRPC expire, as Prometheus metrics. A scrape also
// looks whether their files were replaced. Any thread.
#pragma once

#include <vector>

#include "controlplane/tls/pem_store.h"
#include "prometheus/collectable.h"

namespace mosd::controlplane {

class TlsCollector : public prometheus::Collectable {
 public:
  // `certificates` must outlive the collector.
  explicit TlsCollector(tls::PemStore* certificates)
      : certificates_(*certificates) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  tls::PemStore& certificates_;
};

}  // namespace mosd::controlplane
