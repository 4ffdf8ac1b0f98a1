#include "controlplane/metrics/tls_collector.h"

#include "absl/time/time.h"
#include "controlplane/metrics/families.h"

namespace mosd::controlplane {

std::vector<prometheus::MetricFamily> TlsCollector::Collect() const {
  const tls::PemState state = certificates_.Refresh();
  Family expiry = Family::Gauge(
      "mosd_grpc_certificate_expiration_timestamp_seconds",
      "When the server's certificate, or one behind it, is the first to "
      "expire, and when the last authority of clients does.");
  Family reloads =
      Family::Counter("mosd_grpc_certificate_reloads_total",
                      "Times that replaced certificates were taken.");
  Family failures = Family::Counter(
      "mosd_grpc_certificate_reload_failures_total",
      "Times that replaced certificates were not good, and those before kept.");
  const auto add_expiry = [&expiry](const char* which, absl::Time time) {
    if (time == absl::InfiniteFuture()) return;
    expiry.Add({{"certificate", which}},
               static_cast<double>(absl::ToUnixSeconds(time)));
  };
  add_expiry("server", state.texts->certificate_expiry);
  add_expiry("client_ca", state.texts->authorities_expiry);
  reloads.Add({}, state.version - 1);
  failures.Add({}, state.failures);

  std::vector<prometheus::MetricFamily> families;
  for (Family* family : {&expiry, &reloads, &failures}) {
    families.push_back(std::move(*family).Take());
  }
  return families;
}

}  // namespace mosd::controlplane
