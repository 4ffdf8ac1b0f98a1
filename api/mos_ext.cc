#include "mos_ext.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>

#include "api/call.h"
#include "api/context/context.h"
#include "api/pkt_info_fill.h"
#include "api/running_appliance.h"
#include "dataplane/dataplane.h"

namespace mosd::api {
namespace {

using dataplane::Dataplane;
using dataplane::Endpoint;
using dataplane::IpVersion;
using dataplane::LastFrameInfo;
using dataplane::ReadResult;

thread_local std::string start_error;

// False: neither AF_INET nor AF_INET6.
bool ToEndpoint(const sockaddr* address, IpVersion* version,
                Endpoint* endpoint) {
  *endpoint = {};
  switch (address->sa_family) {
    case AF_INET: {
      sockaddr_in ipv4;
      std::memcpy(&ipv4, address, sizeof(ipv4));
      std::memcpy(endpoint->address.data(), &ipv4.sin_addr, 4);
      endpoint->port = ntohs(ipv4.sin_port);
      *version = IpVersion::kIpv4;
      return true;
    }
    case AF_INET6: {
      sockaddr_in6 ipv6;
      std::memcpy(&ipv6, address, sizeof(ipv6));
      std::memcpy(endpoint->address.data(), &ipv6.sin6_addr, 16);
      endpoint->port = ntohs(ipv6.sin6_port);
      *version = IpVersion::kIpv6;
      return true;
    }
    default:
      return false;
  }
}

int ErrnoOfRead(ReadResult result) {
  switch (result) {
    case ReadResult::kNoFlow:
      return EBADF;
    case ReadResult::kNoFrame:
      return ENODATA;
    default:
      return EAGAIN;
  }
}

}  // namespace
}  // namespace mosd::api

using namespace mosd;  // NOLINT: the functions below are C's

int mos_start(const char* config_file) {
  api::start_error.clear();
  if (config_file == nullptr) {
    api::start_error = "mos_start: no configuration file is named";
    return api::Fail(EINVAL);
  }
  try {
    const absl::Status status = api::RunningAppliance::Get().Start(config_file);
    if (status.ok()) return 0;
    api::start_error = std::string(status.message());
    return api::Fail(api::ErrnoOf(status));
  } catch (const std::exception& error) {  // out of memory, or of threads
    api::start_error = error.what();
    return api::Fail(ENOMEM);
  }
}

void mos_stop() { api::RunningAppliance::Get().Stop(); }

const char* mos_error() { return api::start_error.c_str(); }

int mos_find_flow(const sockaddr* a, const sockaddr* b, uint64_t* flow) {
  dataplane::IpVersion version_a;
  dataplane::IpVersion version_b;
  dataplane::Endpoint endpoint_a;
  dataplane::Endpoint endpoint_b;
  if (a == nullptr || b == nullptr || flow == nullptr ||
      !api::ToEndpoint(a, &version_a, &endpoint_a) ||
      !api::ToEndpoint(b, &version_b, &endpoint_b) || version_a != version_b) {
    return api::Fail(EINVAL);
  }
  const bool running =
      api::RunningAppliance::Get().With([&](const api::Dataplane& dataplane) {
        *flow = dataplane.FindFlow(version_a, endpoint_a, endpoint_b).value;
      });
  if (!running) return api::Fail(EACCES);
  return *flow != 0 ? 0 : api::Fail(ENOENT);
}

ssize_t mos_getlastpkt_r(uint64_t flow, int side, void* frame, size_t size,
                         pkt_info* info) {
  if ((side != MOS_SIDE_CLI && side != MOS_SIDE_SVR) || info == nullptr ||
      (frame == nullptr && size != 0)) {
    return api::Fail(EINVAL);
  }
  auto* const bytes = static_cast<uint8_t*>(frame);
  dataplane::LastFrameInfo read{};
  auto result = dataplane::ReadResult::kNoFlow;
  // In a callback, the packet that is being processed is the last one.
  if (api::Context* const own = api::Context::OfThisThread()) {
    own->packet().Publish();
  }
  const bool running =
      api::RunningAppliance::Get().With([&](const api::Dataplane& dataplane) {
        result = dataplane.ReadLastFrame(dataplane::FlowId{flow},
                                         static_cast<dataplane::Side>(side),
                                         {bytes, size}, &read);
      });
  if (!running) return api::Fail(EACCES);
  if (result != dataplane::ReadResult::kOk) {
    return api::Fail(api::ErrnoOfRead(result));
  }
  api::FillTcpNumbers(read, info);
  api::PointIntoPart(
      read, {bytes, std::min<size_t>(size, read.captured_length)}, info);
  return read.captured_length;
}
