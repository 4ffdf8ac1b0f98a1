// Serves /metrics, /livez and /readyz to Prometheus and to Kubernetes' probes.
// The functions given to it are called on its own few threads, several at a
// time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct mg_connection;
struct mg_context;

namespace mosd::controlplane {

struct HttpHandlers {
  // The text of /metrics, in Prometheus' format 0.0.4.
  std::function<std::string()> metrics;
  // OK: answered with 200 "ok"; else with 503 and the message.
  std::function<absl::Status()> live;
  std::function<absl::Status()> ready;
};

class HttpListener {
 public:
  // Listens on all `addresses` (HOST:PORT, port 0: any free one) or fails:
  // ALREADY_EXISTS (in use), PERMISSION_DENIED, NOT_FOUND (no such address
  // here), INVALID_ARGUMENT; the message names the address and what to do.
  static absl::StatusOr<std::unique_ptr<HttpListener>> Start(
      const std::vector<std::string>& addresses, HttpHandlers handlers);

  // Waits for requests being answered.
  ~HttpListener();

  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // What is listened on, with the real ports.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  explicit HttpListener(HttpHandlers handlers)
      : handlers_(std::move(handlers)) {}

  static int BeginRequest(mg_connection* connection);
  static int LogMessage(const mg_connection* connection, const char* message);
  int Answer(mg_connection* connection) const;

  const HttpHandlers handlers_;
  std::vector<std::string> addresses_;
  std::string start_error_;  // written while Start() runs, by its thread
  bool started_ = false;
  mg_context* context_ = nullptr;
};

}  // namespace mosd::controlplane
