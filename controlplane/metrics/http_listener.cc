#include "controlplane/metrics/http_listener.h"

#include <civetweb.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/appliance/tcp_probe.h"
#include "controlplane/config/listen_address.h"

namespace mosd::controlplane {
namespace {

struct Reply {
  int code;
  const char* reason;
  const char* type;
  std::string body;
};

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kMetricsText[] = "text/plain; version=0.0.4; charset=utf-8";

Reply ProbeReply(const absl::Status& status) {
  if (status.ok()) return {200, "OK", kText, "ok\n"};
  return {503, "Service Unavailable", kText,
          absl::StrCat(std::string(status.message()), "\n")};
}

Reply ReplyTo(const HttpHandlers& handlers, std::string_view path) {
  if (path == "/metrics") return {200, "OK", kMetricsText, handlers.metrics()};
  if (path == "/livez") return ProbeReply(handlers.live());
  if (path == "/readyz") return ProbeReply(handlers.ready());
  return {404, "Not Found", kText,
          "not found; here are /metrics, /livez and /readyz\n"};
}

void Send(mg_connection* connection, const Reply& reply, bool with_body) {
  const std::string head =
      absl::StrCat("HTTP/1.1 ", reply.code, " ", reply.reason,
                   "\r\nContent-Type: ", reply.type,
                   "\r\nContent-Length: ", reply.body.size(),
                   reply.code == 405 ? "\r\nAllow: GET, HEAD" : "",
                   "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
  // A client that does not read is cut off by request_timeout_ms.
  mg_write(connection, head.data(), head.size());
  if (with_body) mg_write(connection, reply.body.data(), reply.body.size());
}

// Resolves all addresses, and finds out whether each can be had.
absl::StatusOr<std::vector<std::string>> Resolve(
    const std::vector<std::string>& addresses) {
  std::vector<std::string> resolved;
  for (const std::string& text : addresses) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) return address.status();
    if (address->is_unix()) {
      return absl::InvalidArgumentError(
          absl::StrCat(text, ": metrics are served over TCP only"));
    }
    absl::StatusOr<std::string> numeric = ProbeTcp(*address);
    if (!numeric.ok()) return numeric.status();
    resolved.push_back(*std::move(numeric));
  }
  return resolved;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpListener>> HttpListener::Start(
    const std::vector<std::string>& addresses, HttpHandlers handlers) {
  absl::StatusOr<std::vector<std::string>> resolved = Resolve(addresses);
  if (!resolved.ok()) return resolved.status();
  auto listener =
      std::unique_ptr<HttpListener>(new HttpListener(std::move(handlers)));
  if (resolved->empty()) return listener;

  const std::string ports = absl::StrJoin(*resolved, ",");
  // clang-format off
  const char* options[] = {
      "listening_ports", ports.c_str(),
      "num_threads", "4",
      "request_timeout_ms", "5000",
      "enable_keep_alive", "no",
      "enable_directory_listing", "no",
      nullptr};
  // clang-format on
  mg_callbacks callbacks{};
  callbacks.begin_request = &HttpListener::BeginRequest;
  callbacks.log_message = &HttpListener::LogMessage;
  mg_init_data init{&callbacks, listener.get(), options};
  char text[256] = {};
  unsigned code = 0;
  mg_error_data error{&code, text, sizeof(text)};
  listener->context_ = mg_start2(&init, &error);
  if (listener->context_ == nullptr) {
    return absl::UnavailableError(absl::StrCat(
        "HTTP on ", ports, " failed: ", text, " ", listener->start_error_));
  }
  listener->started_ = true;

  std::vector<mg_server_port> bound(resolved->size());
  const int count = mg_get_server_ports(
      listener->context_, static_cast<int>(bound.size()), bound.data());
  for (size_t i = 0; i < resolved->size(); ++i) {
    ListenAddress address = *ParseListenAddress((*resolved)[i]);
    if (static_cast<int>(i) < count) {
      address.port = static_cast<uint16_t>(bound[i].port);
    }
    listener->addresses_.push_back(address.ToString());
  }
  return listener;
}

HttpListener::~HttpListener() {
  if (context_ != nullptr) mg_stop(context_);
}

int HttpListener::BeginRequest(mg_connection* connection) {
  const auto* self = static_cast<const HttpListener*>(
      mg_get_user_data(mg_get_context(connection)));
  return self->Answer(connection);
}

int HttpListener::LogMessage(const mg_connection* connection,
                             const char* message) {
  // Later messages tell of what clients did wrong, as often as they like to.
  if (connection != nullptr) {
    auto* self = static_cast<HttpListener*>(
        mg_get_user_data(mg_get_context(connection)));
    if (self != nullptr && !self->started_) self->start_error_ = message;
  }
  return 1;
}

int HttpListener::Answer(mg_connection* connection) const {
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string_view method =
      request->request_method != nullptr ? request->request_method : "";
  const std::string_view path =
      request->local_uri != nullptr ? request->local_uri : "";
  const Reply reply =
      method == "GET" || method == "HEAD"
          ? ReplyTo(handlers_, path)
          : Reply{405, "Method Not Allowed", kText, "only GET and HEAD\n"};
  Send(connection, reply, method != "HEAD");
  return reply.code;
}

}  // namespace mosd::controlplane
