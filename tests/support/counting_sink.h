// A program on a worker that does nothing but count.
#pragma once

#include <cstdint>

#include "dataplane/flow/flow_sink.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/frame_view.h"

namespace mosd::testing {

// Is told of what it asks for, and counts it.
class CountingSink : public dataplane::FlowSink {
 public:
  explicit CountingSink(uint32_t interest) { interest_ = interest; }

  void Attach(const dataplane::WorkerAccess& access) override {
    flows_ = access.flows;
  }
  bool BeginTurn(int64_t) override { return true; }
  void OnFrame(const dataplane::FrameView& frame) override {
    ++frames;
    segments += frame.reason == dataplane::DropReason::kNone ? 1 : 0;
  }
  void OnSegment(const dataplane::FrameView& frame,
                 const dataplane::TrackedFrame& tracked) override {
    if (tracked.started) flows_->ColdOf(*tracked.flow)->sink_data = 1;
    ++told;
    payload_bytes += frame.parsed().payload_length;
  }
  void OnOrphan(const dataplane::FrameView&) override { ++orphans; }
  void OnFlowEnd(uint32_t, dataplane::EndReason) override {}
  void OnBurstEnd() override {}
  void EndWorker() override {}

  uint64_t frames = 0;
  uint64_t segments = 0;  // of them
  uint64_t told = 0;
  uint64_t payload_bytes = 0;
  uint64_t orphans = 0;

 private:
  dataplane::FlowTable* flows_ = nullptr;
};

}  // namespace mosd::testing
