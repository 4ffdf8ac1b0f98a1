// Stops a thread at whatever instruction it is, and lets it go on: the
// scheduler's worst behaviour, on demand. By a signal whose handler waits; one
// Stopper at a time in a process.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <thread>

namespace mosd::testing {

class Stopper {
 public:
  Stopper() {
    struct sigaction action = {};
    action.sa_handler = &Wait;
    sigaction(SIGUSR1, &action, &before_);
  }
  ~Stopper() { sigaction(SIGUSR1, &before_, nullptr); }
  Stopper(const Stopper&) = delete;

  // Returns when the thread stands still.
  void Stop(std::thread* thread) {
    state_.store(kAsked);
    pthread_kill(thread->native_handle(), SIGUSR1);
    while (state_.load() != kStopped) std::this_thread::yield();
  }

  void Continue() {
    state_.store(kReleased);
    while (state_.load() != kRunning) std::this_thread::yield();
  }

 private:
  enum State { kRunning, kAsked, kStopped, kReleased };

  static void Wait(int) {
    state_.store(kStopped);
    const timespec moment{0, 10'000};
    while (state_.load() != kReleased) nanosleep(&moment, nullptr);
    state_.store(kRunning);
  }

  static inline std::atomic<State> state_{kRunning};
  struct sigaction before_ = {};
};

}  // namespace mosd::testing
