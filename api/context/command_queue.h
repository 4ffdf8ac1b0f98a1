// Calls of other threads, run on the context's own thread, one after the other.
// Everything of a context is thereby touched by one thread alone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "absl/functional/function_ref.h"

namespace mosd::api {

class CommandQueue {
 public:
  // Referred to, not owned: a call takes no memory.
  using Function = absl::FunctionRef<void()>;

  // Runs `function` on the queue's thread and waits for it. False: the queue
  // is closed, and nothing was done. Any thread but the queue's own. While it
  // waits it calls `meanwhile` now and then: a thread that has a queue of its
  // own serves it there, so that two contexts never wait for each other.
  bool Call(Function function, Function meanwhile);

  // Runs what waits. The queue's thread.
  void Serve() {
    if (waiting_.load(std::memory_order_relaxed)) [[unlikely]]
      ServeAll();
  }

  // Refuses what waits and what comes. Idempotent; any thread.
  void Close();

 private:
  enum class State { kWaiting, kRunning, kDone, kRefused };
  struct Command {
    Function function;
    State state = State::kWaiting;
  };

  void ServeAll();

  std::atomic<bool> waiting_{false};  // writer: callers; reader: the thread
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Command*> commands_;  // guarded by mutex_
  bool closed_ = false;            // guarded by mutex_
};

}  // namespace mosd::api
