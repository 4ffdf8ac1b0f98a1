#include "dataplane/port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "dataplane/port/eal_needs.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/port/hugepages.h"

namespace mosd::dataplane {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

struct Eal {
  bool up = false;
  absl::Status failure;  // EAL cannot be tried again
  bool hugepages = false;
  bool pci = false;
  uint64_t memory_mib = 0;  // without huge pages
};

// Whether to take huge pages, or why they cannot be had.
absl::StatusOr<bool> ChooseHugepages(Hugepages wish, uint64_t needed_mib) {
  if (wish == Hugepages::kOff) return false;
  const uint64_t free_mib = FreeHugepageBytes() / kMiB;
  if (free_mib >= needed_mib) return true;
  if (wish == Hugepages::kAuto) return false;
  return absl::ResourceExhaustedError(absl::StrCat(
      "dataplane.memory.hugepages is on, but ", free_mib, " of the ",
      needed_mib,
      " MiB that the packet buffers need are free huge pages; "
      "run `sysctl vm.nr_hugepages=",
      (needed_mib + 1) / 2,
      "`, lower dataplane.memory.packet_buffers, or set it to auto"));
}

// The first processor this process may run on.
int AnyCpu() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) return cpu;
    }
  }
  return 0;
}

std::vector<std::string> Arguments(const EalNeeds& needs, bool hugepages,
                                   uint64_t memory_mib) {
  std::vector<std::string> arguments = {
      "mosd",
      absl::StrCat("--lcores=0@", AnyCpu()),
      absl::StrCat("--file-prefix=mosd", getpid()),
      "--no-telemetry",
      "--log-level=*:error",
  };
  if (hugepages) {
    arguments.push_back("--in-memory");
  } else {
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf", "-m",
                                       absl::StrCat(memory_mib)});
  }
  if (!needs.any_pci()) {
    arguments.push_back("--no-pci");
  } else if (!needs.all_pci) {
    // Others may be in use by the kernel or by other programs.
    for (const std::string& address : needs.pci) {
      arguments.insert(arguments.end(), {"-a", address});
    }
  }
  return arguments;
}

absl::Status FailureOf(int error, uint64_t memory_mib, bool hugepages) {
  const std::string why =
      absl::StrCat("DPDK cannot be started (", rte_strerror(error), ") with ",
                   memory_mib, " MiB of ", hugepages ? "huge pages" : "memory");
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(why,
                     "; run as root, or set dataplane.memory.hugepages "
                     "to off"));
  }
  constexpr char kProcessors[] = "/sys/devices/system/cpu/cpu0";
  if (access(kProcessors, F_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(why, "; it learns of the processors from ", kProcessors,
                     ", which is not there: mount sysfs on /sys"));
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      why, "; free some, or raise the limit of the process (ulimit -v)"));
}

// On a thread of its own: EAL pins the thread that brings it up.
int InitOnOwnThread(std::vector<std::string> arguments) {
  int error = 0;
  std::thread thread([&] {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    // Not to the system's log, as EAL would by itself.
    rte_openlog_stream(stderr);
    if (rte_eal_init(static_cast<int>(arguments.size()), argv.data()) < 0) {
      error = rte_errno != 0 ? rte_errno : EINVAL;
    }
  });
  thread.join();
  return error;
}

absl::Status BringUp(const DataplaneOptions& options, const EalNeeds& needs,
                     Eal* eal) {
  const auto hugepages = ChooseHugepages(options.hugepages, needs.memory_mib);
  if (!hugepages.ok()) return hugepages.status();
  const uint64_t memory_mib = needs.own_memory_mib();
  const int error = InitOnOwnThread(Arguments(needs, *hugepages, memory_mib));
  if (error != 0) {
    eal->failure = FailureOf(error, *hugepages ? needs.memory_mib : memory_mib,
                             *hugepages);
    return eal->failure;
  }
  eal->hugepages = *hugepages;
  eal->pci = needs.any_pci();
  eal->memory_mib = memory_mib;
  eal->up = true;
  return RegisterFrameStamp();
}

absl::Status CheckServes(const Eal& eal, const DataplaneOptions& options,
                         const EalNeeds& needs) {
  const auto differs = [](absl::string_view what) {
    return absl::FailedPreconditionError(absl::StrCat(
        "DPDK is up in this process ", what,
        ", and cannot be brought up twice; start the process again"));
  };
  if (needs.any_pci() && !eal.pci) return differs("without PCI devices");
  if (options.hugepages == Hugepages::kOn && !eal.hugepages) {
    return differs("without huge pages");
  }
  if (options.hugepages == Hugepages::kOff && eal.hugepages) {
    return differs("with huge pages");
  }
  if (!eal.hugepages && needs.own_memory_mib() > eal.memory_mib) {
    return differs(absl::StrCat("with ", eal.memory_mib, " MiB of memory, not ",
                                needs.own_memory_mib()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status StartEal(const DataplaneOptions& options) {
  static std::mutex mutex;
  static Eal eal;
  std::lock_guard lock(mutex);
  const EalNeeds needs = EalNeeds::Of(options);
  if (!eal.failure.ok()) return eal.failure;
  return eal.up ? CheckServes(eal, options, needs)
                : BringUp(options, needs, &eal);
}

}  // namespace mosd::dataplane
