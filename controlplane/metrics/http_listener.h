// Serves /metrics, /livez and /readyz to Prometheus and to Kubernetes' probes.
// One thread for each socket, driven by events, so that idle or slow clients
// hold up nobody; the functions given to it are called there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/appliance/listen_socket.h"

struct MHD_Daemon;

namespace mosd::controlplane {

// Called from several threads at once if there are several sockets.
struct HttpHandlers {
  // The text of /metrics, in Prometheus' format 0.0.4.
  std::function<std::string()> metrics;
  // OK: answered with 200 "ok"; else with 503 and the message.
  std::function<absl::Status()> live;
  std::function<absl::Status()> ready;
};

class HttpListener {
 public:
  // Serves on the sockets from now on. RESOURCE_EXHAUSTED: no thread or file
  // descriptor to be had.
  static absl::StatusOr<std::unique_ptr<HttpListener>> Start(
      std::vector<ListenSocket> sockets, HttpHandlers handlers);

  // Waits for the request being answered; cuts off the others.
  ~HttpListener();

  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // What is listened on, with the real ports.
  const std::vector<std::string>& addresses() const { return addresses_; }

  const HttpHandlers& handlers() const { return handlers_; }

 private:
  explicit HttpListener(HttpHandlers handlers)
      : handlers_(std::move(handlers)) {}

  const HttpHandlers handlers_;
  std::vector<std::string> addresses_;
  std::vector<MHD_Daemon*> daemons_;
};

}  // namespace mosd::controlplane
