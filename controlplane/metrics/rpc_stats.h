// What the gRPC server counts of its calls, for the metrics: fixed arrays of
// atomics, indexed by method and status code, so that the number of series
// never depends on what clients send. Any thread; nothing here blocks or
// allocates. Durations are nanoseconds.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace mosd::controlplane {

// X(enumerator, service, method)
#define MOSD_RPC_METHODS(X)                             \
  X(kListFlows, "FlowService", "ListFlows")             \
  X(kGetFlow, "FlowService", "GetFlow")                 \
  X(kGetLastPkt, "FlowService", "GetLastPkt")           \
  X(kBatchGetLastPkt, "FlowService", "BatchGetLastPkt") \
  X(kWatchFlows, "FlowService", "WatchFlows")           \
  X(kGetInfo, "ApplianceService", "GetInfo")            \
  X(kListPorts, "ApplianceService", "ListPorts")        \
  X(kListWorkers, "ApplianceService", "ListWorkers")    \
  X(kGetStats, "ApplianceService", "GetStats")

enum class RpcMethod : uint8_t {
#define MOSD_RPC_ENUMERATOR(enumerator, service, method) enumerator,
  MOSD_RPC_METHODS(MOSD_RPC_ENUMERATOR)
#undef MOSD_RPC_ENUMERATOR
      kOther,  // health, reflection, and methods that do not exist
};

// Values of the label "method", in the order of RpcMethod.
inline constexpr std::string_view kRpcMethodNames[] = {
#define MOSD_RPC_NAME(enumerator, service, method) method,
    MOSD_RPC_METHODS(MOSD_RPC_NAME)
#undef MOSD_RPC_NAME
        "other",
};
inline constexpr size_t kRpcMethodCount = std::size(kRpcMethodNames);

// Values of the label "code": the gRPC status codes 0 to 16.
inline constexpr std::string_view kRpcCodeNames[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};
inline constexpr size_t kRpcCodeCount = std::size(kRpcCodeNames);
inline constexpr size_t kRpcCodeUnknown = 2;

// Upper bounds of the handling-time buckets; one more bucket has none.
inline constexpr std::array<int64_t, 10> kRpcBucketBoundsNs = {
    10'000,     50'000,      100'000,       500'000,        1'000'000,
    10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000, 60'000'000'000,
};
inline constexpr size_t kRpcBucketCount = kRpcBucketBoundsNs.size() + 1;

// The method of a request path such as "/mos.v1.FlowService/ListFlows".
constexpr RpcMethod RpcMethodOf(std::string_view path) {
#define MOSD_RPC_MATCH(enumerator, service, method) \
  if (path == "/mos.v1." service "/" method) return RpcMethod::enumerator;
  MOSD_RPC_METHODS(MOSD_RPC_MATCH)
#undef MOSD_RPC_MATCH
  return RpcMethod::kOther;
}

class RpcStats {
 public:
  // A call has arrived. Each is followed by exactly one Handled().
  void Started(RpcMethod method);

  // A call is over, for a stream: the whole stream. `code` is a
  // grpc::StatusCode; one that does not exist counts as UNKNOWN.
  void Handled(RpcMethod method, int code, int64_t duration_ns);

  // A message of a server stream has been handed to the transport.
  void MessageSent(RpcMethod method);

  // Events that watchers did not get because they were too slow.
  void EventsMissed(uint64_t events);

  uint64_t started(RpcMethod method) const {
    return Of(method).started.load(std::memory_order_relaxed);
  }
  uint64_t handled(RpcMethod method, size_t code) const {
    return Of(method).handled[code].load(std::memory_order_relaxed);
  }
  uint64_t messages_sent(RpcMethod method) const {
    return Of(method).messages_sent.load(std::memory_order_relaxed);
  }
  int64_t in_flight(RpcMethod method) const {
    return Of(method).in_flight.load(std::memory_order_relaxed);
  }
  // Calls in bucket `index` alone (not cumulative).
  uint64_t bucket(RpcMethod method, size_t index) const {
    return Of(method).buckets[index].load(std::memory_order_relaxed);
  }
  uint64_t duration_sum_ns(RpcMethod method) const {
    return Of(method).duration_sum_ns.load(std::memory_order_relaxed);
  }
  uint64_t events_missed() const {
    return events_missed_.load(std::memory_order_relaxed);
  }

 private:
  // writers: gRPC's threads; reader: the scrape; relaxed, each on its own.
  struct alignas(64) PerMethod {
    std::atomic<uint64_t> started{0};
    std::atomic<int64_t> in_flight{0};
    std::atomic<uint64_t> messages_sent{0};
    std::atomic<uint64_t> duration_sum_ns{0};
    std::array<std::atomic<uint64_t>, kRpcBucketCount> buckets{};
    std::array<std::atomic<uint64_t>, kRpcCodeCount> handled{};
  };

  const PerMethod& Of(RpcMethod method) const {
    return methods_[static_cast<size_t>(method)];
  }
  PerMethod& Of(RpcMethod method) {
    return methods_[static_cast<size_t>(method)];
  }

  std::array<PerMethod, kRpcMethodCount> methods_;
  std::atomic<uint64_t> events_missed_{0};
};

}  // namespace mosd::controlplane
