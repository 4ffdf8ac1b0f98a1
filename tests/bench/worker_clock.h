// CPU time of a worker's thread. Any thread may read it while the worker lives.
#pragma once

#include <time.h>

#include <cstdint>

namespace mosd::bench {

class WorkerClock {
 public:
  WorkerClock() = default;
  // Of a worker of the dataplane that runs in this process; ends the program
  // if there is none.
  explicit WorkerClock(uint32_t worker);

  double ReadNs() const;

 private:
  clockid_t clock_ = 0;
};

}  // namespace mosd::bench
