// tap:NAME: an interface of the kernel that mosd makes; what the host sends
// into it arrives here. It is gone when the port is closed.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <rte_log.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "dataplane/port/live_device.h"

namespace mosd::dataplane {
namespace {

constexpr uint32_t kMaxQueues = 16;  // of DPDK's driver
// Buffers that the driver keeps ready for one frame: 128 KiB.
constexpr uint16_t kDescriptors = 64;

absl::Status TunError(const std::string& name, int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return absl::PermissionDeniedError(
          "making an interface needs CAP_NET_ADMIN; run as root, or give the "
          "program that capability");
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return absl::NotFoundError(
          "this machine has no /dev/net/tun (kernel module tun)");
    case EBUSY:
    case EINVAL:
      return absl::FailedPreconditionError(absl::StrCat(
          "an interface ", name, " exists and cannot be taken over"));
    default:
      return absl::InternalError(
          absl::StrCat("/dev/net/tun: ", std::strerror(error)));
  }
}

// Makes the interface and drops it again, since the driver does not tell why
// it failed.
absl::Status CheckMayMake(const std::string& name) {
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd < 0) return TunError(name, errno);
  ifreq request = {};
  name.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
  const int error = ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
  close(fd);
  return error == 0 ? absl::OkStatus() : TunError(name, error);
}

}  // namespace

absl::StatusOr<LiveDevice> OpenTap(const LiveRequest& request) {
  LiveDevice device;
  absl::Status status = CheckMayMake(request.spec.argument);
  if (!status.ok()) return status;
  const auto queues =
      ChooseQueues(request.queues, request.context.workers, kMaxQueues);
  if (!queues.ok()) return queues.status();
  device.queues = *queues;
  auto pool = MakeUsualPool(request);
  if (!pool.ok()) return pool.status();
  device.pool = *std::move(pool);
  // It complains of what it can do without: traffic control, other processes.
  rte_log_set_level_pattern("pmd.net.tap", RTE_LOG_CRIT);
  auto ethdev = MakeDevice(request, "net_tap",
                           absl::StrCat("iface=", request.spec.argument));
  if (!ethdev.ok()) return ethdev.status();
  device.ethdev = *std::move(ethdev);
  status = device.ethdev->Configure({.rx_queues = device.queues,
                                     .rx_descriptors = kDescriptors,
                                     .pool = device.pool.get(),
                                     .spread = true});
  if (!status.ok()) return status;
  return device;
}

}  // namespace mosd::dataplane
