#include "api/context/callback_set.h"

#include <algorithm>
#include <functional>

namespace mosd::api {
namespace {

void UpdateMask(CallbackSet* set, Hook hook) {
  uint32_t mask = 0;
  for (size_t bit = 0; bit < kBuiltinEvents; ++bit) {
    if (set->builtin[At(hook)][bit] != nullptr) mask |= 1u << bit;
  }
  for (const CallbackSet::UserCallback& user : set->user[At(hook)]) {
    mask |= static_cast<uint32_t>(IdOf(user.event->root()));
  }
  set->mask[At(hook)] = mask;
}

}  // namespace

CallbackSet* CallbackSets::New() {
  CallbackSet* set;
  if (free_.empty()) {
    set = &all_.emplace_back();
    // So that giving back never allocates.
    free_.reserve(all_.size());
  } else {
    set = free_.back();
    free_.pop_back();
  }
  set->references = 1;
  return set;
}

void CallbackSets::Release(CallbackSet* set) {
  if (--set->references != 0) return;
  set->mask = {};
  for (auto& callbacks : set->builtin) std::ranges::fill(callbacks, nullptr);
  for (auto& callbacks : set->user) callbacks.clear();
  free_.push_back(set);
}

void CallbackSets::MakeOwn(CallbackSet** set) {
  CallbackSet* const from = *set;
  if (from->references == 1) return;
  CallbackSet* const own = New();
  own->mask = from->mask;
  for (size_t hook = 0; hook < kHooks; ++hook) {
    std::ranges::copy(from->builtin[hook], own->builtin[hook]);
    own->user[hook] = from->user[hook];
  }
  --from->references;
  *set = own;
}

void CallbackSets::SetBuiltin(CallbackSet** set, Hook hook, BuiltinEvent event,
                              callback_t callback) {
  MakeOwn(set);
  (*set)->builtin[At(hook)][static_cast<size_t>(event)] = callback;
  UpdateMask(*set, hook);
}

void CallbackSets::SetUser(CallbackSet** set, Hook hook, const UserEvent* event,
                           callback_t callback) {
  MakeOwn(set);
  auto& callbacks = (*set)->user[At(hook)];
  const auto place = std::ranges::lower_bound(
      callbacks, event, std::less<>(), &CallbackSet::UserCallback::event);
  const bool there = place != callbacks.end() && place->event == event;
  if (callback == nullptr) {
    if (there) callbacks.erase(place);
  } else if (there) {
    place->callback = callback;
  } else {
    callbacks.insert(place, {event, callback});
  }
  UpdateMask(*set, hook);
}

}  // namespace mosd::api
