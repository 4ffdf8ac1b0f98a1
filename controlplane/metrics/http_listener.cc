#include "controlplane/metrics/http_listener.h"

#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kMetricsText[] = "text/plain; version=0.0.4; charset=utf-8";

// Limits of one socket; a scraper and a few probes need far less.
constexpr unsigned kMostConnections = 64;
constexpr unsigned kIdleSeconds = 10;
constexpr size_t kConnectionBytes = 16 * 1024;
constexpr int kBacklog = 64;

// For requests that are under way when the listener ends.
constexpr std::chrono::milliseconds kLeaveTime{100};

struct Reply {
  unsigned code;
  const char* type;
  std::string body;
};

Reply ProbeReply(const absl::Status& status) {
  if (status.ok()) return {MHD_HTTP_OK, kText, "ok\n"};
  return {MHD_HTTP_SERVICE_UNAVAILABLE, kText,
          absl::StrCat(status.message(), "\n")};
}

Reply ReplyTo(const HttpHandlers& handlers, std::string_view path) {
  if (path == "/metrics") {
    return {MHD_HTTP_OK, kMetricsText, handlers.metrics()};
  }
  if (path == "/livez") return ProbeReply(handlers.live());
  if (path == "/readyz") return ProbeReply(handlers.ready());
  return {MHD_HTTP_NOT_FOUND, kText,
          "not found; here are /metrics, /livez and /readyz\n"};
}

MHD_Result Send(MHD_Connection* connection, const Reply& reply) {
  MHD_Response* response = MHD_create_response_from_buffer(
      reply.body.size(), const_cast<char*>(reply.body.data()),
      MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;  // closes the connection
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply.type);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  if (reply.code == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  }
  const MHD_Result result =
      MHD_queue_response(connection, reply.code, response);
  MHD_destroy_response(response);
  return result;
}

// Called by the library first when a request's head is there, then for its
// body, if any, and at its end. The library leaves out the body of a HEAD.
MHD_Result OnRequest(void* listener, MHD_Connection* connection,
                     const char* path, const char* method, const char*,
                     const char*, size_t* body_size, void** request_state) {
  const std::string_view verb = method;
  if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD) {
    return Send(connection,
                {MHD_HTTP_METHOD_NOT_ALLOWED, kText, "only GET and HEAD\n"});
  }
  static char head_seen;
  if (*request_state == nullptr) {
    *request_state = &head_seen;
    return MHD_YES;
  }
  if (*body_size != 0) {
    *body_size = 0;  // a body of a GET means nothing
    return MHD_YES;
  }
  const auto* self = static_cast<const HttpListener*>(listener);
  return Send(connection, ReplyTo(self->handlers(), path));
}

unsigned Connections(MHD_Daemon* daemon) {
  const MHD_DaemonInfo* const info =
      MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info == nullptr ? 0 : info->num_connections;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpListener>> HttpListener::Start(
    std::vector<ListenSocket> sockets, HttpHandlers handlers) {
  auto listener =
      std::unique_ptr<HttpListener>(new HttpListener(std::move(handlers)));
  for (ListenSocket& socket : sockets) {
    const std::string address = socket.address().ToString();
    if (::listen(socket.fd(), kBacklog) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat(address, ": listen"));
    }
    MHD_Daemon* daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr,
        &OnRequest, listener.get(), MHD_OPTION_LISTEN_SOCKET, socket.fd(),
        MHD_OPTION_CONNECTION_LIMIT, kMostConnections,
        MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes, MHD_OPTION_END);
    if (daemon == nullptr) {
      return absl::ResourceExhaustedError(absl::StrCat(
          address, ": no thread or file descriptor for HTTP (ulimit -u, -n)"));
    }
    socket.Release();  // it is closed behind the daemon
    listener->daemons_.push_back(daemon);
    listener->addresses_.push_back(address);
  }
  return listener;
}

// A daemon that answers a malformed request while it is stopped builds its
// reply of no response, and crashes (libmicrohttpd 0.9.75). So those that are
// under way end first; who keeps a connection open without asking does not hold
// this up.
HttpListener::~HttpListener() {
  std::vector<MHD_socket> sockets;
  for (MHD_Daemon* daemon : daemons_) {
    sockets.push_back(MHD_quiesce_daemon(daemon));
  }
  const auto give_up = std::chrono::steady_clock::now() + kLeaveTime;
  for (MHD_Daemon* daemon : daemons_) {
    while (Connections(daemon) != 0 &&
           std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    MHD_stop_daemon(daemon);
  }
  for (const MHD_socket socket : sockets) {
    if (socket != MHD_INVALID_SOCKET) ::close(socket);
  }
}

}  // namespace mosd::controlplane
