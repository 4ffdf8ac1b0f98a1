#include "controlplane/metrics/rpc_stats.h"

#include <algorithm>

namespace mosd::controlplane {

void RpcStats::Started(RpcMethod method) {
  PerMethod& counters = Of(method);
  counters.started.fetch_add(1, std::memory_order_relaxed);
  counters.in_flight.fetch_add(1, std::memory_order_relaxed);
}

void RpcStats::Handled(RpcMethod method, int code, int64_t duration_ns) {
  const size_t code_index =
      code >= 0 && static_cast<size_t>(code) < kRpcCodeCount
          ? static_cast<size_t>(code)
          : kRpcCodeUnknown;
  const auto bound = std::lower_bound(kRpcBucketBoundsNs.begin(),
                                      kRpcBucketBoundsNs.end(), duration_ns);
  const auto bucket =
      static_cast<size_t>(std::distance(kRpcBucketBoundsNs.begin(), bound));
  PerMethod& counters = Of(method);
  counters.in_flight.fetch_sub(1, std::memory_order_relaxed);
  counters.handled[code_index].fetch_add(1, std::memory_order_relaxed);
  counters.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  counters.duration_sum_ns.fetch_add(
      static_cast<uint64_t>(std::max<int64_t>(duration_ns, 0)),
      std::memory_order_relaxed);
}

void RpcStats::MessageSent(RpcMethod method) {
  Of(method).messages_sent.fetch_add(1, std::memory_order_relaxed);
}

void RpcStats::EventsMissed(uint64_t events) {
  events_missed_.fetch_add(events, std::memory_order_relaxed);
}

}  // namespace mosd::controlplane
