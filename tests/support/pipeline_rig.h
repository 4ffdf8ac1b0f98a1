// A worker's pipeline without its thread and ports, to be fed by a test or a
// benchmark.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/flow/flow_hash.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/worker/pipeline.h"

namespace mosd::testing {

// One thread feeds pipeline(); any may read the rest.
class PipelineRig {
 public:
  static constexpr uint32_t kEndedFlows = 1024;  // at most

  // Memory for `flows` flows with both last frames of `frame_bytes`; where
  // there is none, the program ends with a message.
  PipelineRig(uint32_t flows, uint32_t frame_bytes, bool last_frame);

  struct Options {
    uint32_t flows;
    uint32_t frame_bytes;
    bool last_frame = true;
    uint32_t snaplen_bytes = 9216;
    // As one worker of several, which have the same hash.
    uint32_t worker = 0;
    dataplane::FlowHash hash = dataplane::FlowHash();
    dataplane::Handoff* handoff = nullptr;
  };
  explicit PipelineRig(const Options& options);

  // Puts a program on the worker.
  void Attach(dataplane::FlowSink* sink);

  dataplane::Pipeline& pipeline() { return *pipeline_; }
  const dataplane::Pipeline& pipeline() const { return *pipeline_; }
  const dataplane::FlowHash& hash() const { return hash_; }
  const dataplane::FlowTable& flows() const { return *table_; }
  const dataplane::FramePool& frame_pool() const { return *pool_; }

 private:
  dataplane::FlowHash hash_;
  dataplane::FlowEventRing events_;
  std::unique_ptr<dataplane::FramePool> pool_;
  std::unique_ptr<dataplane::FrameWriter> writer_;
  std::unique_ptr<dataplane::FlowTable> table_;
  std::unique_ptr<dataplane::Pipeline> pipeline_;
};

}  // namespace mosd::testing
