// A program on one worker, without an appliance: a context that the C functions
// find, on a pipeline that the test's own thread feeds. One at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "api/context/context.h"
#include "mos_api.h"
#include "tests/support/heap_frame.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::testing {

class WorkerProgram {
 public:
  static constexpr int64_t kFirstNs = 1'700'000'000'000'000'000;

  explicit WorkerProgram(const api::ContextOptions& options);
  ~WorkerProgram();
  WorkerProgram(const WorkerProgram&) = delete;
  WorkerProgram& operator=(const WorkerProgram&) = delete;

  mctx_t mctx() const;
  api::Context& context() const { return *context_; }
  int64_t now_ns() const { return now_ns_; }

  // Frames for the next burst, a millisecond after each other.
  void Add(const Bytes& frame, size_t split = 0, uint32_t wire_length = 0);
  size_t waiting() const { return burst_.size(); }

  // A turn of the worker with the frames that were added, at most
  // Pipeline::kBurst. Takes no memory from the heap itself. False: one of them
  // was not freed, or twice.
  bool Turn();
  // A turn without frames, so much later.
  void Wait(int64_t ns);
  // The worker ends.
  void End();

 private:
  api::Context* context_;  // the directory owns it
  PipelineRig rig_;
  std::deque<HeapFrame> burst_;
  std::vector<rte_mbuf*> frames_;  // of the burst
  int64_t now_ns_ = kFirstNs;
};

}  // namespace mosd::testing
