// What a socket wants to be called for: callbacks by hook and event. A set is
// shared by the sockets that have the same one, and copied when one of them
// changes; nothing is allocated once as many sets exist as are ever in use at a
// time. Owned by a context; its worker's thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "api/event/event_id.h"
#include "api/event/event_registry.h"
#include "mos_api.h"

namespace mosd::api {

// Index of a hook in what is kept by hook.
constexpr size_t At(Hook hook) { return static_cast<size_t>(hook); }

struct CallbackSet {
  struct UserCallback {
    const UserEvent* event;
    callback_t callback;
  };

  uint32_t references = 0;
  // By hook: built-in events with a callback of their own or one of a
  // user-defined event that goes back to them.
  std::array<uint32_t, kHooks> mask{};
  callback_t builtin[kHooks][kBuiltinEvents] = {};
  std::vector<UserCallback> user[kHooks];  // the oldest event first

  bool empty() const { return (mask[0] | mask[1] | mask[2]) == 0; }
};

class CallbackSets {
 public:
  CallbackSets() = default;
  CallbackSets(const CallbackSets&) = delete;
  CallbackSets& operator=(const CallbackSets&) = delete;

  // One without callbacks, with one reference.
  CallbackSet* New();
  CallbackSet* Share(CallbackSet* set) {
    ++set->references;
    return set;
  }
  void Release(CallbackSet* set);

  // Replaces `*set` by one in which `callback` (null: none) is called for a
  // built-in event.
  void SetBuiltin(CallbackSet** set, Hook hook, BuiltinEvent event,
                  callback_t callback);
  // The same for a user-defined event.
  void SetUser(CallbackSet** set, Hook hook, const UserEvent* event,
               callback_t callback);

 private:
  // Makes `*set` one that nobody else has.
  void MakeOwn(CallbackSet** set);

  std::deque<CallbackSet> all_;
  std::vector<CallbackSet*> free_;
};

}  // namespace mosd::api
