// A program that only watches, beside one that does all sorts of things: on a
// socket of its own, flows start and end, and each of it is told once.
#pragma once

#include <map>
#include <string>

#include "mos_api.h"

namespace mosd::testing {

class Sentinel {
 public:
  // Opens the socket and registers. One at a time.
  explicit Sentinel(mctx_t mctx);
  ~Sentinel();
  Sentinel(const Sentinel&) = delete;
  Sentinel& operator=(const Sentinel&) = delete;

  // Whether a number is one of its sockets.
  bool Owns(int socket) const {
    return socket == listener_ || flows_.contains(socket);
  }
  uint64_t ended() const { return ended_; }

  // Empty: all was told as it should have been.
  const std::string& complaint() const { return complaint_; }
  // Once the worker has ended: also that every flow has ended.
  std::string Finish() const;

 private:
  // How often a flow was told to start and to end, by side.
  struct Told {
    int starts[2] = {};
    int ends[2] = {};
  };

  static void Forward(mctx_t mctx, int socket, int side, event_t event,
                      filter_arg_t* argument);
  void On(mctx_t mctx, int socket, int side, event_t event);
  void Complain(int socket, const char* what);

  int listener_ = -1;
  std::map<int, Told> flows_;  // by socket
  uint64_t ended_ = 0;
  std::string complaint_;
};

}  // namespace mosd::testing
