// Calls callbacks: those of built-in events from the lowest bit to the highest,
// then those of user-defined events whose filters say so, by age. Owned by a
// context; its worker's thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "api/context/callback_set.h"
#include "api/event/event_registry.h"
#include "mos_api.h"

namespace mosd::api {

class Dispatcher {
 public:
  explicit Dispatcher(mctx_t mctx);

  mctx_t mctx() const { return mctx_; }

  // The events of another packet or hook: filters are asked anew.
  void Begin() { ++round_; }

  // Calls what a socket registered for built-in `events` (bits) at `hook`. Its
  // set is read anew for each callback, for a callback may change it. Ends when
  // one has set a bit of `sides` in `*stopped`.
  void Call(int socket, CallbackSet* const* set, Hook hook, int side,
            uint32_t events, const uint8_t* stopped, uint8_t sides) {
    for (uint32_t rest = events & (*set)->mask[At(hook)]; rest != 0;
         rest &= rest - 1) {
      const auto bit = static_cast<size_t>(__builtin_ctz(rest));
      const callback_t callback = (*set)->builtin[At(hook)][bit];
      if (callback == nullptr) continue;
      callback(mctx_, socket, side, event_t{1} << bit, nullptr);
      if (*stopped & sides) return;
    }
    if (!(*set)->user[At(hook)].empty()) {
      CallUserDefined(socket, set, hook, side, events, stopped, sides);
    }
  }

  // mtcp_raise_event. False: the filter of the event's parent is not running.
  bool Raise(event_t event);

 private:
  // What is known of a user-defined event in this round.
  struct Memo {
    uint64_t round = 0;
    bool asked = false;  // its filter has run
    bool fires = false;
  };

  void CallUserDefined(int socket, CallbackSet* const* set, Hook hook, int side,
                       uint32_t events, const uint8_t* stopped, uint8_t sides);
  bool Fires(int socket, int side, const UserEvent& event);
  Memo* MemoOf(const UserEvent& event);

  const mctx_t mctx_;
  uint64_t round_ = 1;
  std::vector<Memo> memos_;  // by the events' numbers
  // The event whose filter is running; null: none.
  const UserEvent* filtering_ = nullptr;
};

}  // namespace mosd::api
