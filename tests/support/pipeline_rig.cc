#include "tests/support/pipeline_rig.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace mosd::testing {
namespace {

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

}  // namespace

PipelineRig::PipelineRig(uint32_t flows, uint32_t frame_bytes, bool last_frame)
    : PipelineRig(Options{.flows = flows,
                          .frame_bytes = frame_bytes,
                          .last_frame = last_frame}) {}

PipelineRig::PipelineRig(const Options& wanted) : hash_(wanted.hash) {
  // Both sides' frames, with headers, a quarter of slack and some for queues.
  const uint64_t memory =
      uint64_t{wanted.flows} * 2 * (wanted.frame_bytes + 128) * 5 / 4 +
      (uint64_t{64} << 20);
  auto pool = dataplane::FramePool::Create(memory);
  if (!pool.ok()) Fail(pool.status());
  pool_ = std::make_unique<dataplane::FramePool>(*std::move(pool));
  writer_ = std::make_unique<dataplane::FrameWriter>(pool_.get());
  dataplane::FlowTableOptions options;
  options.worker = wanted.worker;
  options.max_flows = wanted.flows;
  options.max_ended_flows = kEndedFlows;
  options.ended_retention_ns = 3'600'000'000'000;
  auto table =
      dataplane::FlowTable::Create(options, &hash_, writer_.get(), &events_);
  if (!table.ok()) Fail(table.status());
  table_ = *std::move(table);
  dataplane::PipelineOptions pipeline;
  pipeline.worker = wanted.worker;
  pipeline.last_frame = wanted.last_frame;
  pipeline.snaplen_bytes = wanted.snaplen_bytes;
  pipeline_ = std::make_unique<dataplane::Pipeline>(
      pipeline, hash_, table_.get(), writer_.get(), wanted.handoff);
}

void PipelineRig::Attach(dataplane::FlowSink* sink) {
  table_->SetSink(sink);
  pipeline_->SetSink(sink);
  sink->Attach({.worker = 0,
                .flows = table_.get(),
                .frame_pool = pool_.get(),
                .frame_writer = writer_.get()});
}

}  // namespace mosd::testing
