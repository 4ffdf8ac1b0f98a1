#include "controlplane/metrics/process_collector.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "controlplane/metrics/families.h"

namespace mosd::controlplane {
namespace {

// Fields of /proc/self/stat that are used here.
struct Stat {
  uint64_t start_ticks = 0;  // after boot
  uint64_t threads = 0;
  uint64_t virtual_bytes = 0;
  uint64_t resident_pages = 0;
};

std::optional<Stat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The second field, the program's name, may hold spaces and parentheses.
  const size_t name_end = line.rfind(')');
  if (name_end == line.npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  Stat stat;
  std::string ignored;
  for (int field = 3; field <= 24; ++field) {
    switch (field) {
      case 20:
        fields >> stat.threads;
        break;
      case 22:
        fields >> stat.start_ticks;
        break;
      case 23:
        fields >> stat.virtual_bytes;
        break;
      case 24:
        fields >> stat.resident_pages;
        break;
      default:
        fields >> ignored;
    }
  }
  if (!fields) return std::nullopt;
  return stat;
}

// Seconds since 1970 when the machine booted.
std::optional<double> BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("btime ", 0) == 0) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<uint64_t> OpenFiles() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  uint64_t count = 0;
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    ++count;
  }
  if (error || count == 0) return std::nullopt;
  return count - 1;  // the directory itself
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessCollector::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&families](Family family, double value) {
    family.Add({}, value);
    families.push_back(std::move(family).Take());
  };
  rusage usage;
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    add(Family::Counter("process_cpu_seconds_total",
                        "Processor time, user and system."),
        Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  if (const std::optional<Stat> stat = ReadStat()) {
    add(Family::Gauge("process_resident_memory_bytes", "Resident memory."),
        static_cast<double>(stat->resident_pages) *
            static_cast<double>(::sysconf(_SC_PAGESIZE)));
    add(Family::Gauge("process_virtual_memory_bytes", "Virtual memory."),
        static_cast<double>(stat->virtual_bytes));
    add(Family::Gauge("process_threads", "Threads."),
        static_cast<double>(stat->threads));
    if (const std::optional<double> boot = BootTime()) {
      add(Family::Gauge("process_start_time_seconds",
                        "When the process started, in seconds since 1970."),
          *boot + static_cast<double>(stat->start_ticks) /
                      static_cast<double>(::sysconf(_SC_CLK_TCK)));
    }
  }
  if (const std::optional<uint64_t> files = OpenFiles()) {
    add(Family::Gauge("process_open_fds", "Open file descriptors."),
        static_cast<double>(*files));
  }
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add(Family::Gauge("process_max_fds", "File descriptors that may be open."),
        static_cast<double>(limit.rlim_cur));
  }
  return families;
}

}  // namespace mosd::controlplane
