// Sockets: opened, bound to filters, given contexts, closed.
#include <netinet/in.h>

#include <cstring>
#include <string>
#include <utility>

#include "api/call.h"
#include "api/log.h"
#include "dataplane/flow/flow_table.h"
#include "mos_api.h"
#include "mos_ext.h"

namespace mosd::api {
namespace {

// Said at once, for errno does not tell where the mistake is.
int RefuseFilter(const absl::Status& status) {
  Log().error("mtcp_bind_monitor_filter: {}", std::string(status.message()));
  return EINVAL;
}

int BindFrameFilter(Listener* listener, const char* text) {
  if (text == nullptr) return 0;
  auto filter = FrameFilter::Compile(text);
  if (!filter.ok()) return RefuseFilter(filter.status());
  listener->frame_filter = *std::move(filter);
  return 0;
}

int ParseFlowFilter(const char* text, std::optional<FlowFilter>* filter) {
  if (text == nullptr) return 0;
  auto parsed = FlowFilter::Parse(text);
  if (!parsed.ok()) return RefuseFilter(parsed.status());
  *filter = *std::move(parsed);
  return 0;
}

int BindStreamFilters(Listener* listener, const monitor_filter& filter) {
  std::optional<FlowFilter> syn;
  std::optional<FlowFilter> orphan;
  if (const int error = ParseFlowFilter(filter.stream_syn_filter, &syn)) {
    return error;
  }
  if (const int error = ParseFlowFilter(filter.stream_orphan_filter, &orphan)) {
    return error;
  }
  listener->syn_filter = std::move(syn);
  listener->orphan_filter = std::move(orphan);
  return 0;
}

// Where a socket's user context is; null: there is no such socket.
void** UserContext(Context* context, int socket) {
  if (Listener* const listener = context->FindListener(socket)) {
    return &listener->context;
  }
  FlowSocket* const flow_socket = context->flows().Find(socket);
  return flow_socket == nullptr ? nullptr : &flow_socket->context;
}

socklen_t Store(const dataplane::FlowKey& key, size_t endpoint,
                sockaddr_storage* to) {
  const dataplane::Endpoint from = key.endpoint(endpoint);
  *to = {};
  if (key.version == dataplane::IpVersion::kIpv4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(from.port);
    std::memcpy(&address.sin_addr, from.address.data(), 4);
    std::memcpy(to, &address, sizeof(address));
    return sizeof(address);
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(from.port);
  std::memcpy(&address.sin6_addr, from.address.data(), 16);
  std::memcpy(to, &address, sizeof(address));
  return sizeof(address);
}

}  // namespace
}  // namespace mosd::api

using namespace mosd;       // NOLINT: the functions below are C's
using namespace mosd::api;  // NOLINT

int mtcp_socket(mctx_t mctx, int domain, int type, int protocol) {
  int number = -1;
  const int result = OnContext(mctx, [&](Context* context) {
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNSPEC) {
      return EAFNOSUPPORT;
    }
    if ((type != MOS_SOCK_MONITOR_STREAM && type != MOS_SOCK_MONITOR_RAW) ||
        protocol < 0) {
      return EINVAL;
    }
    number = context->AddListener(type, domain != AF_INET6, domain != AF_INET);
    return number < 0 ? ENFILE : 0;
  });
  return result < 0 ? -1 : number;
}

int mtcp_close(mctx_t mctx, int socket) {
  return OnContext(mctx, [&](Context* context) {
    if (context->FindListener(socket) != nullptr) {
      context->CloseListener(socket);
      return 0;
    }
    FlowSocket* const flow_socket = context->flows().Find(socket);
    if (flow_socket == nullptr) return EBADF;
    context->flows().Stop(flow_socket, kBothSides);
    return 0;
  });
}

int mtcp_bind_monitor_filter(mctx_t mctx, int socket, monitor_filter_t filter) {
  return OnContext(mctx, [&](Context* context) {
    Listener* const listener = context->FindListener(socket);
    if (listener == nullptr) {
      return context->flows().Find(socket) == nullptr ? EBADF : ENOPROTOOPT;
    }
    if (filter == nullptr) return 0;
    return listener->type == MOS_SOCK_MONITOR_RAW
               ? BindFrameFilter(listener, filter->raw_pkt_filter)
               : BindStreamFilters(listener, *filter);
  });
}

void mtcp_set_uctx(mctx_t mctx, int socket, void* user_context) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return;
  if (void** const place = UserContext(context, socket)) {
    *place = user_context;
  } else {
    errno = EBADF;
  }
}

void* mtcp_get_uctx(mctx_t mctx, int socket) {
  void* user_context = nullptr;
  OnContext(mctx, [&](Context* context) {
    void** const place = UserContext(context, socket);
    if (place == nullptr) return EBADF;
    user_context = *place;
    return 0;
  });
  return user_context;
}

int mtcp_getpeername(mctx_t mctx, int socket, struct sockaddr* address,
                     socklen_t* length, int side) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  const FlowSocket* const flow_socket = context->flows().Find(socket);
  if (flow_socket == nullptr) {
    return Fail(context->FindListener(socket) != nullptr ? ENOTCONN : EBADF);
  }
  if (address == nullptr || length == nullptr || side < MOS_SIDE_CLI ||
      side > MOS_SIDE_BOTH) {
    return Fail(EINVAL);
  }
  const dataplane::FlowRecord& record =
      *context->flows().FlowOf(*flow_socket).record;
  const dataplane::FlowKey key = context->worker().flows->KeyOf(record);
  const size_t client = record.Status().client_index();
  const socklen_t room = *length;
  auto* to = reinterpret_cast<uint8_t*>(address);
  *length = 0;
  for (const int of : {MOS_SIDE_CLI, MOS_SIDE_SVR}) {
    if (side != of && side != MOS_SIDE_BOTH) continue;
    sockaddr_storage one;
    const socklen_t size =
        Store(key, of == MOS_SIDE_CLI ? client : 1 - client, &one);
    if (size > room - *length) return Fail(EINVAL);
    std::memcpy(to + *length, &one, size);
    *length += size;
  }
  return 0;
}

int mos_flow_id(mctx_t mctx, int socket, uint64_t* flow) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  const FlowSocket* const flow_socket = context->flows().Find(socket);
  if (flow_socket == nullptr) {
    return Fail(context->FindListener(socket) != nullptr ? ENOTSOCK : EBADF);
  }
  if (flow == nullptr) return Fail(EINVAL);
  *flow = context->worker()
              .flows->IdOf(*context->flows().FlowOf(*flow_socket).record)
              .value;
  return 0;
}
