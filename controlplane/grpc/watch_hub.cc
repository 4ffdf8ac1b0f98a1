#include "controlplane/grpc/watch_hub.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/grpc/errors.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowEventKind;
using Reactor = grpc::ServerWriteReactor<mos::v1::WatchFlowsResponse>;

constexpr absl::Duration kPollInterval = absl::Milliseconds(5);
constexpr size_t kPollLimit = 4096;  // events a turn

mos::v1::FlowEventKind ToProto(FlowEventKind kind) {
  switch (kind) {
    case FlowEventKind::kStarted:
      return mos::v1::FLOW_EVENT_KIND_STARTED;
    case FlowEventKind::kStateChanged:
      return mos::v1::FLOW_EVENT_KIND_STATE_CHANGED;
    case FlowEventKind::kEnded:
      return mos::v1::FLOW_EVENT_KIND_ENDED;
  }
  return mos::v1::FLOW_EVENT_KIND_UNSPECIFIED;
}

}  // namespace

WatchHub::WatchHub(dataplane::Dataplane* dataplane, uint32_t epoch,
                   Limits limits)
    : dataplane_(dataplane),
      epoch_(epoch),
      limits_(limits),
      thread_([this] { Run(); }) {}

WatchHub::~WatchHub() { Stop(); }

Reactor* WatchHub::Watch(const mos::v1::WatchFlowsRequest& request,
                         CallGate* gate) {
  auto pass = std::make_unique<CallPass>(gate, RpcMethod::kWatchFlows);
  grpc::Status status = pass->admission();
  WatchOptions options{.filter = {},
                       .include_existing = request.include_existing(),
                       .max_queue = limits_.watch_queue,
                       .epoch = epoch_};
  if (status.ok()) {
    absl::StatusOr<FlowFilter> filter = FlowFilter::Parse(request.filter());
    if (filter.ok()) {
      options.filter = *std::move(filter);
    } else {
      status = MakeFieldError(ErrorReason::kInvalidFilter, "filter",
                              filter.status().message());
    }
  }
  const auto stream = std::make_shared<WatchStream>(
      std::move(options), dataplane_, gate, std::move(pass));
  if (status.ok()) status = Add(stream);
  stream->Begin(status);
  return stream.get();
}

grpc::Status WatchHub::Add(const std::shared_ptr<WatchStream>& stream) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return MakeError(ErrorReason::kDraining);
  DropEnded();
  if (streams_.size() >= limits_.max_watches) {
    return MakeError(ErrorReason::kTooManyWatches);
  }
  // Before the stream begins to scan, so that no change falls in between.
  if (streams_.empty()) dataplane_->EnableEvents(true);
  streams_.push_back(stream);
  return grpc::Status::OK;
}

void WatchHub::DropEnded() {
  if (streams_.empty()) return;
  std::erase_if(streams_, [](const auto& stream) { return stream->ended(); });
  if (!streams_.empty()) return;
  // What was queued for nobody must not meet the next stream.
  dataplane_->EnableEvents(false);
  std::vector<dataplane::FlowEvent> unwanted;
  do {
    unwanted.clear();
    dataplane_->PollEvents(kPollLimit, &unwanted);
  } while (!unwanted.empty());
}

void WatchHub::Run() {
  bool busy = false;
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WatchHub::HasWork));
      if (!busy) {
        mutex_.AwaitWithTimeout(absl::Condition(this, &WatchHub::stopping),
                                kPollInterval);
      }
      if (stopping_) return;
    }
    busy = Turn();
  }
}

bool WatchHub::Turn() {
  uint64_t missed = 0;
  bool busy = false;
  {
    const absl::MutexLock lock(&mutex_);
    DropEnded();
    if (streams_.empty()) return false;
    receivers_ = streams_;
    polled_.clear();
    missed = dataplane_->PollEvents(kPollLimit, &polled_);
    busy = polled_.size() == kPollLimit;
  }
  events_.clear();
  for (const dataplane::FlowEvent& polled : polled_) {
    WatchEvent event{ToProto(polled.kind), polled.time_ns, {}};
    if (dataplane_->ReadFlow(polled.id, &event.flow)) {
      events_.push_back(event);
    } else {
      ++missed;  // its record is taken by another flow already
    }
  }
  for (const std::shared_ptr<WatchStream>& stream : receivers_) {
    stream->Offer(events_, missed);
    busy = stream->Pump() || busy;
  }
  receivers_.clear();
  return busy;
}

void WatchHub::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  std::vector<std::shared_ptr<WatchStream>> streams;
  {
    const absl::MutexLock lock(&mutex_);
    streams.swap(streams_);
    if (!streams.empty()) dataplane_->EnableEvents(false);
  }
  for (const std::shared_ptr<WatchStream>& stream : streams) {
    stream->End(MakeError(ErrorReason::kDraining));
  }
}

}  // namespace mosd::controlplane
