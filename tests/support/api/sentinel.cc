#include "tests/support/api/sentinel.h"

#include "absl/strings/str_cat.h"

namespace mosd::testing {
namespace {

Sentinel* current = nullptr;

}  // namespace

Sentinel::Sentinel(mctx_t mctx) {
  current = this;
  listener_ = mtcp_socket(mctx, AF_UNSPEC, MOS_SOCK_MONITOR_STREAM, 0);
  if (listener_ < 0) Complain(listener_, "could not be opened");
  for (const event_t event :
       {MOS_ON_CONN_START, MOS_ON_TCP_STATE_CHANGE, MOS_ON_CONN_END}) {
    for (const int hook : {MOS_HK_SND, MOS_HK_RCV}) {
      if (mtcp_register_callback(mctx, listener_, event, hook, &Forward) != 0) {
        Complain(listener_, "could not register");
      }
    }
  }
}

Sentinel::~Sentinel() { current = nullptr; }

void Sentinel::Forward(mctx_t mctx, int socket, int side, event_t event,
                       filter_arg_t*) {
  current->On(mctx, socket, side, event);
}

void Sentinel::On(mctx_t mctx, int socket, int side, event_t event) {
  if (side != MOS_SIDE_CLI && side != MOS_SIDE_SVR) {
    Complain(socket, "was called for no side");
    return;
  }
  if (event == MOS_ON_CONN_START) {
    if (++flows_[socket].starts[side] != 1) Complain(socket, "started twice");
    return;
  }
  const auto found = flows_.find(socket);
  if (found == flows_.end()) {
    Complain(socket, "was told of before its start, or after its end");
    return;
  }
  Told& told = found->second;
  if (event != MOS_ON_CONN_END) {
    if (told.ends[side] == 2) Complain(socket, "changed after its end");
    return;
  }
  int state = -1;
  socklen_t length = sizeof(state);
  if (mtcp_getsockopt(
          mctx, socket, SOL_MONSOCKET,
          side == MOS_SIDE_CLI ? MOS_TCP_STATE_CLI : MOS_TCP_STATE_SVR, &state,
          &length) != 0 ||
      state != TCP_CLOSED) {
    Complain(socket, "was not closed at its end");
  }
  if (++told.ends[side] > 2) Complain(socket, "ended more than once at a hook");
  if (told.ends[0] + told.ends[1] != 4) return;
  if (told.starts[0] != 1 || told.starts[1] != 1) {
    Complain(socket, "ended without having started at both sides");
  }
  flows_.erase(found);
  ++ended_;
}

void Sentinel::Complain(int socket, const char* what) {
  if (complaint_.empty()) {
    complaint_ = absl::StrCat("sentinel's socket ", socket, " ", what);
  }
}

std::string Sentinel::Finish() const {
  if (!complaint_.empty() || flows_.empty()) return complaint_;
  return absl::StrCat(flows_.size(), " flows never ended");
}

}  // namespace mosd::testing
