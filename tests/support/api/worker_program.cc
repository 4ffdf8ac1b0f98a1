#include "tests/support/api/worker_program.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "api/context_directory.h"

namespace mosd::testing {
namespace {

using api::Context;
using api::ContextDirectory;

constexpr uint32_t kFrameBytes = 2048;
constexpr int64_t kGapNs = 1'000'000;

Context* Start(const api::ContextOptions& options) {
  ContextDirectory& directory = ContextDirectory::Get();
  auto created = Context::Create(directory.HandleOf(0), options);
  if (!created.ok()) {
    std::fprintf(stderr, "%s\n", created.status().ToString().c_str());
    std::exit(1);
  }
  std::vector<std::unique_ptr<Context>> contexts;
  contexts.push_back(*std::move(created));
  directory.Fill(std::move(contexts));
  directory.Open();
  return directory.contexts()[0].get();
}

}  // namespace

WorkerProgram::WorkerProgram(const api::ContextOptions& options)
    : context_(Start(options)), rig_(options.max_flows, kFrameBytes, true) {
  rig_.Attach(context_);
  context_->Move(Context::Phase::kIdle, Context::Phase::kRunning);
  Turn();
}

WorkerProgram::~WorkerProgram() {
  End();
  ContextDirectory::Get().Close();
  ContextDirectory::Get().Fill({});
}

mctx_t WorkerProgram::mctx() const {
  return ContextDirectory::Get().HandleOf(0);
}

void WorkerProgram::Add(const Bytes& frame, size_t split,
                        uint32_t wire_length) {
  now_ns_ += kGapNs;
  burst_.emplace_back(frame, now_ns_, split, wire_length);
  frames_.push_back(burst_.back().mbuf());
}

bool WorkerProgram::Turn() {
  context_->BeginTurn(rig_.pipeline().now_ns());
  if (!frames_.empty()) {
    rig_.pipeline().Receive(frames_.data(),
                            static_cast<uint32_t>(frames_.size()));
  }
  rig_.pipeline().PassTime(0);
  const bool freed = std::ranges::all_of(burst_, &HeapFrame::IsFreed);
  burst_.clear();
  frames_.clear();
  return freed;
}

void WorkerProgram::Wait(int64_t ns) {
  now_ns_ += ns;
  rig_.pipeline().PassTime(now_ns_);
  context_->BeginTurn(now_ns_);
}

void WorkerProgram::End() { context_->EndWorker(); }

}  // namespace mosd::testing
