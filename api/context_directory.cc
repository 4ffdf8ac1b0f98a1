#include "api/context_directory.h"

#include <ctime>
#include <utility>

namespace mosd::api {
namespace {

int64_t MonotonicNs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

ContextDirectory& ContextDirectory::Get() {
  // Never destroyed: a worker may still call while the process ends.
  static auto* const directory = new ContextDirectory;
  return *directory;
}

ContextDirectory::ContextDirectory() {
  for (int i = 0; i < kMaxContexts; ++i) handles_[i].cpu = i;
}

void ContextDirectory::Fill(std::vector<std::unique_ptr<Context>> contexts) {
  count_.store(0);
  contexts_ = std::move(contexts);
  count_.store(contexts_.size(), std::memory_order_release);
}

int ContextDirectory::IndexOf(mctx_t mctx) const {
  const auto first = reinterpret_cast<uintptr_t>(handles_);
  const uintptr_t distance = reinterpret_cast<uintptr_t>(mctx) - first;
  if (distance % sizeof(mtcp_context) != 0) return -1;
  const uintptr_t index = distance / sizeof(mtcp_context);
  if (index >= count_.load(std::memory_order_acquire)) return -1;
  return static_cast<int>(index);
}

Context* ContextDirectory::Find(mctx_t mctx) const {
  const int index = IndexOf(mctx);
  if (index < 0 || !open_.load(std::memory_order_acquire)) return nullptr;
  Context* const context = contexts_[static_cast<size_t>(index)].get();
  return context->phase() == Context::Phase::kIdle ? nullptr : context;
}

void ContextDirectory::NoteCall() {
  last_call_ns_.store(MonotonicNs(), std::memory_order_relaxed);
}

int64_t ContextDirectory::SinceLastCallNs() const {
  return MonotonicNs() - last_call_ns_.load(std::memory_order_relaxed);
}

}  // namespace mosd::api
