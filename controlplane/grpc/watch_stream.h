// One WatchFlows call: a bounded queue of flow events between the hub's thread
// and a client that reads at its own pace. A client that stops reading loses
// events of its own, which are counted, and nothing else. Thread-safe.
//
// The member `writing_` is the right to use the writer: whoever sets it may
// build and send the next message, without the lock, until it is cleared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "controlplane/grpc/call_gate.h"
#include "controlplane/grpc/flow_filter.h"
#include "dataplane/dataplane.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::controlplane {

// An event of the dataplane with the flow as it was read for delivery.
struct WatchEvent {
  mos::v1::FlowEventKind kind;
  int64_t time_ns;
  dataplane::FlowSnapshot flow;
};

struct WatchOptions {
  FlowFilter filter;
  bool include_existing = false;
  size_t max_queue = 0;  // events
  uint32_t epoch = 0;    // BootIdentity::flow_epoch()
};

class WatchStream final
    : public grpc::ServerWriteReactor<mos::v1::WatchFlowsResponse>,
      public std::enable_shared_from_this<WatchStream> {
 public:
  static constexpr int kMaxEventsPerMessage = 256;
  // What a queued event takes, with what a deque of such events adds to it.
  static constexpr size_t kQueuedEventBytes = sizeof(WatchEvent) + 16;

  // A stream keeps itself alive from Begin() to the end of its call.
  // `dataplane` is not owned and outlives it.
  WatchStream(WatchOptions options, const dataplane::Dataplane* dataplane,
              CallGate* gate, std::unique_ptr<CallPass> pass);

  // Sends the response headers, which say that every event from now on is
  // delivered or counted; or ends the call if `admission` is not OK.
  void Begin(const grpc::Status& admission);

  // Queues the events that pass the filter. `missed` others were lost before
  // anyone could see whether they pass.
  void Offer(std::span<const WatchEvent> events, uint64_t missed);

  // Sends what there is to send, if the client is ready for it. True: call
  // again at once, the scan of existing flows has not found its next one.
  bool Pump();

  // Ends the call. Later calls have no effect.
  void End(grpc::Status status);

  bool ended() const;

 private:
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // With the right to write:
  void WriteNext();
  void ScanExisting();
  void AddEvent(mos::v1::FlowEventKind kind, int64_t time_ns,
                const dataplane::FlowSnapshot& flow);
  // Moves queued events and the count of missed ones into message_. False:
  // there was nothing to send, and the right to write is given back.
  bool TakeQueued() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishCall(const grpc::Status& status);

  bool Matches(const dataplane::FlowSnapshot& flow) const;

  const WatchOptions options_;
  const dataplane::Dataplane* const dataplane_;
  CallGate* const gate_;
  std::unique_ptr<CallPass> pass_;
  std::shared_ptr<WatchStream> self_;

  // Used only by who has the right to write.
  mos::v1::WatchFlowsResponse message_;
  dataplane::ScanCursor cursor_;
  std::vector<dataplane::FlowSnapshot> scanned_;

  mutable absl::Mutex mutex_;
  std::deque<WatchEvent> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t missed_ ABSL_GUARDED_BY(mutex_) = 0;  // since the last message
  bool scanning_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mosd::controlplane
