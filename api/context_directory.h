// The contexts of the process, by what programs know them by. Any thread, where
// nothing else is said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/context/context.h"
#include "mos_api.h"

namespace mosd::api {

class ContextDirectory {
 public:
  static constexpr int kMaxContexts = 64;

  static ContextDirectory& Get();

  // What programs hold pointers to; it outlives every context. `number` is
  // below kMaxContexts.
  mctx_t HandleOf(int number) { return &handles_[number]; }

  // The contexts from now on, those of HandleOf(0) and following; the ones
  // before are gone. Not while it is open.
  void Fill(std::vector<std::unique_ptr<Context>> contexts);
  // Calls find contexts between the two. Late ones still meet what has ended.
  void Open() { open_.store(true, std::memory_order_release); }
  void Close() { open_.store(false, std::memory_order_release); }

  // Null: `mctx` is none of ours, or does not run. Async-signal-safe.
  Context* Find(mctx_t mctx) const;

  // Read where nobody fills it meanwhile.
  const std::vector<std::unique_ptr<Context>>& contexts() const {
    return contexts_;
  }

  // When a program last called. Host's monotonic clock.
  void NoteCall();
  int64_t SinceLastCallNs() const;

 private:
  ContextDirectory();
  int IndexOf(mctx_t mctx) const;

  mtcp_context handles_[kMaxContexts] = {};
  std::atomic<bool> open_{false};
  std::atomic<int64_t> last_call_ns_{0};
  // Written while nobody finds anything; kept until the next appliance.
  std::vector<std::unique_ptr<Context>> contexts_;
  std::atomic<size_t> count_{0};
};

}  // namespace mosd::api
