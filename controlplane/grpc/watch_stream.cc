#include "controlplane/grpc/watch_stream.h"

#include <span>
#include <utility>

#include "controlplane/grpc/convert.h"

namespace mosd::controlplane {
namespace {

// Records looked at in one go, so that a scan that finds nothing does not hold
// a thread of gRPC or the hub for long.
constexpr size_t kScanRecords = 8192;

}  // namespace

WatchStream::WatchStream(WatchOptions options,
                         const dataplane::Dataplane* dataplane, CallGate* gate,
                         std::unique_ptr<CallPass> pass)
    : options_(std::move(options)),
      dataplane_(dataplane),
      gate_(gate),
      pass_(std::move(pass)),
      scanning_(options_.include_existing) {}

void WatchStream::Begin(const grpc::Status& admission) {
  self_ = shared_from_this();
  if (admission.ok()) {
    StartSendInitialMetadata();
  } else {
    End(admission);
  }
}

bool WatchStream::Matches(const dataplane::FlowSnapshot& flow) const {
  return options_.filter.Matches(flow, dataplane_->NowNs(flow.id.worker()));
}

void WatchStream::Offer(std::span<const WatchEvent> events, uint64_t missed) {
  uint64_t lost = missed;
  {
    const absl::MutexLock lock(&mutex_);
    if (end_) return;
    for (const WatchEvent& event : events) {
      if (!Matches(event.flow)) continue;
      if (queue_.size() < options_.max_queue) {
        queue_.push_back(event);
      } else {
        ++lost;
      }
    }
    missed_ += lost;
  }
  if (lost > 0) gate_->stats()->EventsMissed(lost);
}

bool WatchStream::Pump() {
  {
    const absl::MutexLock lock(&mutex_);
    if (end_ || writing_) return false;
    if (!scanning_ && queue_.empty() && missed_ == 0) return false;
    writing_ = true;
  }
  WriteNext();
  const absl::MutexLock lock(&mutex_);
  return scanning_ && !writing_ && !end_;
}

void WatchStream::End(grpc::Status status) {
  {
    const absl::MutexLock lock(&mutex_);
    if (end_) return;
    end_ = status;
    if (writing_) return;  // the writer will find end_ and finish
  }
  FinishCall(status);
}

bool WatchStream::ended() const {
  const absl::MutexLock lock(&mutex_);
  return end_.has_value();
}

void WatchStream::WriteNext() {
  message_.Clear();
  bool scanning;
  {
    const absl::MutexLock lock(&mutex_);
    scanning = scanning_ && !end_;
  }
  if (scanning) ScanExisting();
  grpc::Status end;
  {
    const absl::MutexLock lock(&mutex_);
    if (!end_ && !TakeQueued()) return;
    if (end_) end = *end_;
  }
  if (!end.ok()) {
    FinishCall(end);
    return;
  }
  gate_->stats()->MessageSent(RpcMethod::kWatchFlows);
  StartWrite(&message_);
}

void WatchStream::ScanExisting() {
  scanned_.resize(kMaxEventsPerMessage);
  size_t found;
  const bool more =
      dataplane_->ScanFlows(&cursor_, kScanRecords, scanned_, &found);
  for (const dataplane::FlowSnapshot& flow : std::span(scanned_).first(found)) {
    if (flow.state == dataplane::FlowState::kEnded || !Matches(flow)) continue;
    AddEvent(mos::v1::FLOW_EVENT_KIND_SNAPSHOT,
             dataplane_->NowNs(flow.id.worker()), flow);
  }
  if (!more) {
    const absl::MutexLock lock(&mutex_);
    scanning_ = false;
  }
}

void WatchStream::AddEvent(mos::v1::FlowEventKind kind, int64_t time_ns,
                           const dataplane::FlowSnapshot& flow) {
  mos::v1::FlowEvent* event = message_.add_events();
  event->set_kind(kind);
  FillTimestamp(time_ns, event->mutable_time());
  FillFlow(flow, options_.epoch, event->mutable_flow());
}

bool WatchStream::TakeQueued() {
  // Live events wait until the snapshots are out.
  while (!scanning_ && !queue_.empty() &&
         message_.events_size() < kMaxEventsPerMessage) {
    const WatchEvent& event = queue_.front();
    AddEvent(event.kind, event.time_ns, event.flow);
    queue_.pop_front();
  }
  message_.set_missed_events(std::exchange(missed_, 0));
  writing_ = message_.events_size() > 0 || message_.missed_events() > 0;
  return writing_;
}

void WatchStream::FinishCall(const grpc::Status& status) {
  pass_->SetCode(status.error_code());
  Finish(status);
}

void WatchStream::OnWriteDone(bool ok) {
  if (!ok) End(grpc::Status::CANCELLED);
  WriteNext();
}

void WatchStream::OnCancel() { End(grpc::Status::CANCELLED); }

void WatchStream::OnDone() {
  pass_.reset();
  // The hub may still hold the stream until its next turn.
  const std::shared_ptr<WatchStream> self = std::move(self_);
}

}  // namespace mosd::controlplane
