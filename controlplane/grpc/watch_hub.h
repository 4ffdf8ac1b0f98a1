// Carries flow events from the dataplane to the WatchFlows streams: one thread
// polls the workers' rings, reads each flow once and offers it to every
// stream. While nobody watches, workers queue no events and the thread sleeps.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "controlplane/grpc/call_gate.h"
#include "controlplane/grpc/watch_stream.h"
#include "dataplane/dataplane.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::controlplane {

class WatchHub {
 public:
  struct Limits {
    uint32_t max_watches = 0;
    uint32_t watch_queue = 0;  // events a stream holds for a slow client
  };

  // `dataplane` is not owned and outlives the hub, which is the consumer of
  // its events. `epoch` is BootIdentity::flow_epoch().
  WatchHub(dataplane::Dataplane* dataplane, uint32_t epoch, Limits limits);
  ~WatchHub();  // Stop()

  // A reactor for the call, which ends by itself: refused at once (filter,
  // limits, draining), cancelled by the client, or by Stop().
  grpc::ServerWriteReactor<mos::v1::WatchFlowsResponse>* Watch(
      const mos::v1::WatchFlowsRequest& request, CallGate* gate);

  // Ends every stream with DRAINING and refuses new ones. Idempotent.
  void Stop();

 private:
  // OK: `stream` gets every event from now on.
  grpc::Status Add(const std::shared_ptr<WatchStream>& stream);
  void Run();
  // One round: what the dataplane has queued, to every stream. True: there is
  // more to do at once.
  bool Turn();
  void DropEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool stopping() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_;
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !streams_.empty();
  }

  dataplane::Dataplane* const dataplane_;
  const uint32_t epoch_;
  const Limits limits_;

  // Of the hub's thread, kept for their memory.
  std::vector<dataplane::FlowEvent> polled_;
  std::vector<WatchEvent> events_;
  std::vector<std::shared_ptr<WatchStream>> receivers_;

  absl::Mutex mutex_;
  std::vector<std::shared_ptr<WatchStream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses the members above
};

}  // namespace mosd::controlplane
