// Ctrl-C and SIGTERM as a call on a thread of its own, for commands that run
// until they are stopped. At most one object at a time in a process.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace mosd::mosctl {

class Interrupt {
 public:
  // Takes SIGINT and SIGTERM over. `action` runs once, at the first of them,
  // on the object's thread; it outlives neither what it captures nor this.
  explicit Interrupt(std::function<void()> action);
  // Gives the signals back and joins the thread.
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  void Wait(const std::function<void()>& action) const;

  int pipe_[2] = {-1, -1};
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
  std::thread thread_;
};

}  // namespace mosd::mosctl
