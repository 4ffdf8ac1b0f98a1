#include "dataplane/worker/worker.h"

#include <pthread.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/worker/idle_wait.h"

namespace mosd::dataplane {
namespace {

int64_t ReadClock(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// A share of a worker's, rounded up.
template <typename T>
T Share(T total, uint32_t workers) {
  return (total + workers - 1) / workers;
}

}  // namespace

FlowTableOptions Worker::TableOptions(const DataplaneOptions& options,
                                      uint32_t number) {
  FlowTableOptions flows;
  flows.worker = number;
  flows.max_flows = Share(options.max_flows, options.workers);
  flows.max_ended_flows = Share(options.max_ended_flows, options.workers);
  flows.ended_retention_ns = options.ended_retention_ns;
  flows.timeouts = options.timeouts;
  return flows;
}

size_t Worker::OwnBytes(const DataplaneOptions& options) {
  return FlowEventRing::kBytes + sizeof(Worker) + sizeof(FlowTable) +
         Pipeline::BytesFor(options.workers);
}

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(
    const DataplaneOptions& options, uint32_t number, const FlowHash* hash,
    Handoff* handoff) {
  auto frame_pool = FramePool::Create(FrameBytes(options));
  if (!frame_pool.ok()) return frame_pool.status();
  std::unique_ptr<Worker> worker(
      new Worker(options, number, handoff, *std::move(frame_pool)));
  const FlowTableOptions flows = TableOptions(options, number);
  auto table =
      FlowTable::Create(flows, hash, &worker->frame_writer_, &worker->events_);
  if (!table.ok()) return table.status();
  worker->flow_capacity_ = flows.max_flows;
  worker->flows_ = *std::move(table);
  PipelineOptions pipeline;
  pipeline.worker = number;
  pipeline.midstream_pickup = options.midstream_pickup;
  pipeline.time_wait = options.timeouts.time_wait_ns > 0;
  pipeline.last_frame = options.last_frame;
  pipeline.snaplen_bytes = options.snaplen_bytes;
  worker->pipeline_ = std::make_unique<Pipeline>(
      pipeline, *hash, worker->flows_.get(), &worker->frame_writer_, handoff);
  if (worker->sink_ != nullptr) worker->AttachSink();
  return worker;
}

Worker::Worker(const DataplaneOptions& options, uint32_t number,
               Handoff* handoff, FramePool frame_pool)
    : number_(number),
      cpu_(options.cpus.empty() ? -1
                                : static_cast<int32_t>(options.cpus[number])),
      idle_(options.idle),
      burst_(static_cast<uint16_t>(options.burst)),
      sink_(options.sinks.empty() ? nullptr : options.sinks[number]),
      handoff_(handoff),
      frame_pool_(std::move(frame_pool)),
      frame_writer_(&frame_pool_) {}

Worker::~Worker() { Stop(); }

void Worker::AttachSink() {
  flows_->SetSink(sink_);
  pipeline_->SetSink(sink_);
  sink_->Attach({number_, flows_.get(), &frame_pool_, &frame_writer_});
}

absl::Status Worker::Start() {
  host_clock_ =
      std::any_of(inputs_.begin(), inputs_.end(),
                  [](const Input& input) { return !input.queue.stamped; });
  heartbeat_ns_.Set(ReadClock(CLOCK_MONOTONIC_COARSE));
  try {
    thread_ = std::thread(&Worker::Run, this);
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no thread for worker ", number_, ": ", error.what()));
  }
  const std::string name = absl::StrCat("mosd-worker-", number_);
  pthread_setname_np(thread_.native_handle(), name.c_str());
  if (cpu_ < 0) return absl::OkStatus();
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(cpu_), &cpus);
  const int error =
      pthread_setaffinity_np(thread_.native_handle(), sizeof(cpus), &cpus);
  if (error == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("worker ", number_, " cannot run on CPU ", cpu_, ": ",
                   std::strerror(error), "; see dataplane.cpus"));
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
}

void Worker::Run() {
  // For the caches of the mempools; works without, more slowly.
  const bool registered = rte_thread_register() == 0;
  IdleWait wait(idle_);
  heartbeat_ns_.Set(ReadClock(CLOCK_MONOTONIC_COARSE));
  while (!stop_.load(std::memory_order_relaxed)) {
    if (Turn() != 0) {
      wait.Reset();
    } else {
      wait.Wait();
    }
  }
  DiscardQueued();
  if (sink_ != nullptr) {
    flows_->EndAll(pipeline_->now_ns());
    sink_->EndWorker();
  }
  Publish();
  if (registered) rte_thread_unregister();
}

uint32_t Worker::Turn() {
  uint32_t frames = 0;
  if (sink_ == nullptr || sink_->BeginTurn(pipeline_->now_ns())) {
    frames = TakeOver();
    for (Input& input : inputs_) frames += Poll(&input);
  }
  pipeline_->PassTime(host_clock_ ? ReadClock(CLOCK_REALTIME) : 0);
  turns_.Add(1);
  if (frames != 0) busy_turns_.Add(1);
  Beat();
  Publish();
  return frames;
}

// A turn counts from the end of the one before: the clock is read once a turn,
// and an idle worker's sleep is too short to matter.
void Worker::Beat() {
  const int64_t now_ns = ReadClock(CLOCK_MONOTONIC_COARSE);
  if (now_ns - heartbeat_ns_.Get() > kSlowTurnNs) slow_turns_.Add(1);
  heartbeat_ns_.Set(now_ns);
}

uint32_t Worker::TakeOver() {
  if (handoff_ == nullptr) return 0;
  rte_mbuf* frames[Pipeline::kBurst];
  const uint32_t count = handoff_->Receive(number_, frames, burst_);
  if (count != 0) pipeline_->TakeOver(frames, count);
  return count;
}

uint32_t Worker::Poll(Input* input) {
  const RxQueue& queue = input->queue;
  // A capture can wait; it shall lose nothing.
  if (queue.stamped && handoff_ != nullptr &&
      !handoff_->HasRoom(Pipeline::kBurst)) {
    return 0;
  }
  rte_mbuf* frames[Pipeline::kBurst];
  const uint32_t count =
      rte_eth_rx_burst(queue.ethdev, queue.queue, frames, burst_);
  if (count == 0) return 0;
  TakeUp(frames, count);
  if (queue.stamped) {
    for (uint32_t i = 0; i < count; ++i) {
      StampOf(frames[i])->port = queue.port;
    }
  } else {
    input->stamper.Stamp(frames, count, ReadClock(CLOCK_REALTIME));
  }
  pipeline_->Receive(frames, count);
  return count;
}

void Worker::DiscardQueued() {
  rte_mbuf* frames[Pipeline::kBurst];
  for (const auto& [queue, stamper] : inputs_) {
    if (!queue.stamped) continue;
    while (const uint32_t count = rte_eth_rx_burst(queue.ethdev, queue.queue,
                                                   frames, Pipeline::kBurst)) {
      TakeUp(frames, count);
      pipeline_->Discard(frames, count, /*handed_in=*/false);
    }
  }
}

void Worker::Drain() {
  rte_mbuf* frames[Pipeline::kBurst];
  while (handoff_ != nullptr) {
    const uint32_t count = handoff_->Receive(number_, frames, Pipeline::kBurst);
    if (count == 0) break;
    pipeline_->Discard(frames, count, /*handed_in=*/true);
  }
  flows_->EndAll(pipeline_->now_ns());
  Publish();
}

void Worker::Publish() {
  now_ns_.Set(pipeline_->now_ns());
  counts_.Store(WorkerCounts{pipeline_->counts(), flows_->counts()});
}

WorkerSnapshot Worker::Snapshot() const {
  const WorkerCounts counts = counts_.Load();
  const FrameCounts& frames = counts.frames;
  WorkerSnapshot snapshot;
  snapshot.cpu = cpu_;
  snapshot.received_frames = frames.received;
  snapshot.received_bytes = frames.received_bytes;
  snapshot.accounted_frames = frames.accounted;
  std::ranges::copy(frames.drops, snapshot.drops);
  snapshot.handed_out_frames = frames.handed_out;
  snapshot.handed_in_frames = frames.handed_in;
  snapshot.started_flows = counts.flows.started;
  snapshot.midstream_flows = counts.flows.midstream;
  snapshot.retransmitted_frames = frames.retransmitted;
  std::ranges::copy(counts.flows.by_state, snapshot.flows_by_state);
  std::ranges::copy(counts.flows.ended, snapshot.flows_ended);
  std::ranges::copy(counts.flows.evicted, snapshot.flows_evicted);
  snapshot.flow_capacity = flow_capacity_;
  snapshot.last_frames_shortened = frame_writer_.shortened().Get();
  snapshot.last_frames_not_kept = frame_writer_.not_kept().Get();
  snapshot.turns = turns_.Get();
  snapshot.busy_turns = busy_turns_.Get();
  snapshot.slow_turns = slow_turns_.Get();
  snapshot.heartbeat_age_ns = std::max<int64_t>(
      ReadClock(CLOCK_MONOTONIC_COARSE) - heartbeat_ns_.Get(), 0);
  return snapshot;
}

}  // namespace mosd::dataplane
