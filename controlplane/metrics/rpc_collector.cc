#include "controlplane/metrics/rpc_collector.h"

#include <limits>
#include <string>

#include "controlplane/metrics/families.h"

namespace mosd::controlplane {
namespace {

prometheus::ClientMetric::Histogram HistogramOf(const RpcStats& stats,
                                                RpcMethod method) {
  prometheus::ClientMetric::Histogram histogram;
  for (size_t i = 0; i < kRpcBucketCount; ++i) {
    histogram.sample_count += stats.bucket(method, i);
    const double bound = i < kRpcBucketBoundsNs.size()
                             ? static_cast<double>(kRpcBucketBoundsNs[i]) / 1e9
                             : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum =
      static_cast<double>(stats.duration_sum_ns(method)) / 1e9;
  return histogram;
}

}  // namespace

std::vector<prometheus::MetricFamily> RpcCollector::Collect() const {
  Family started =
      Family::Counter("mosd_grpc_server_started_total", "Calls that arrived.");
  Family handled = Family::Counter("mosd_grpc_server_handled_total",
                                   "Calls that ended, by status code.");
  Family in_flight =
      Family::Gauge("mosd_grpc_server_in_flight", "Calls being handled.");
  Family messages = Family::Counter("mosd_grpc_server_stream_messages_total",
                                    "Messages sent on server streams.");
  Family seconds = Family::Histogram(
      "mosd_grpc_server_handling_seconds",
      "From a call's arrival to its end; a stream is one call.");
  Family missed = Family::Counter(
      "mosd_grpc_server_missed_events_total",
      "Events that watchers did not get because they were too slow.");
  for (size_t m = 0; m < kRpcMethodCount; ++m) {
    const auto method = static_cast<RpcMethod>(m);
    const std::string name(kRpcMethodNames[m]);
    started.Add({{"method", name}}, stats_.started(method));
    in_flight.Add({{"method", name}},
                  static_cast<double>(stats_.in_flight(method)));
    for (size_t code = 0; code < kRpcCodeCount; ++code) {
      handled.Add(
          {{"method", name}, {"code", std::string(kRpcCodeNames[code])}},
          stats_.handled(method, code));
    }
    seconds.Add({{"method", name}}, HistogramOf(stats_, method));
  }
  messages.Add(
      {{"method",
        std::string(
            kRpcMethodNames[static_cast<size_t>(RpcMethod::kWatchFlows)])}},
      stats_.messages_sent(RpcMethod::kWatchFlows));
  missed.Add({}, stats_.events_missed());

  std::vector<prometheus::MetricFamily> families;
  for (Family* family :
       {&started, &handled, &in_flight, &messages, &seconds, &missed}) {
    families.push_back(std::move(*family).Take());
  }
  return families;
}

}  // namespace mosd::controlplane
