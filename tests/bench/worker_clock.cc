#include "tests/bench/worker_clock.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/bench/report.h"

namespace mosd::bench {

// The clock is the one that pthread_getcpuclockid(3) makes. A worker's thread
// is known by its name alone.
WorkerClock::WorkerClock(uint32_t worker) {
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name != "mosd-worker-" + std::to_string(worker)) continue;
    const int id = std::stoi(thread.path().filename());
    clock_ = static_cast<clockid_t>(~static_cast<unsigned>(id) << 3 | 6);
    return;
  }
  Fail("the thread of a worker was not found");
}

double WorkerClock::ReadNs() const {
  timespec time;
  if (clock_gettime(clock_, &time) != 0) Fail("the worker has no clock");
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

}  // namespace mosd::bench
