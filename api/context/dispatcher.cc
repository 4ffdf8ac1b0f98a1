#include "api/context/dispatcher.h"

#include <algorithm>
#include <functional>

namespace mosd::api {

Dispatcher::Dispatcher(mctx_t mctx)
    : mctx_(mctx), memos_(EventRegistry::kCapacity) {}

void Dispatcher::CallUserDefined(int socket, CallbackSet* const* set, Hook hook,
                                 int side, uint32_t events,
                                 const uint8_t* stopped, uint8_t sides) {
  const UserEvent* last = nullptr;
  while (CallNext(socket, **set, hook, side, events, &last)) {
    if (*stopped & sides) return;
  }
}

// Filters and callbacks may change the set: nothing of it is held across one.
bool Dispatcher::CallNext(int socket, const CallbackSet& set, Hook hook,
                          int side, uint32_t events, const UserEvent** last) {
  const auto& user = set.user[At(hook)];
  auto next = std::ranges::upper_bound(user, *last, std::less<>(),
                                       &CallbackSet::UserCallback::event);
  while (next != user.end() && !(events & IdOf(next->event->root()))) ++next;
  if (next == user.end()) return false;
  const auto [event, callback] = *next;
  *last = event;
  if (Fires(socket, side, *event)) {
    callback(mctx_, socket, side, event->id(), event->argument());
  }
  return true;
}

bool Dispatcher::Fires(int socket, int side, const UserEvent& event) {
  Memo& memo = *MemoOf(event);
  if (memo.asked) return memo.fires;
  const UserEvent* const parent = EventRegistry::Process().Find(event.parent());
  const bool parent_fires = parent == nullptr || Fires(socket, side, *parent);
  memo.asked = true;
  // One without a filter fires if its parent's filter, which has been asked by
  // now, has raised it.
  if (event.filter() == nullptr || !parent_fires) return memo.fires;
  const UserEvent* const outer = filtering_;
  filtering_ = &event;
  memo.fires =
      event.filter()(mctx_, socket, side, event.parent(), event.argument());
  filtering_ = outer;
  return memo.fires;
}

Dispatcher::Memo* Dispatcher::MemoOf(const UserEvent& event) {
  Memo& memo = memos_[EventRegistry::Process().NumberOf(event)];
  if (memo.round != round_) memo = {round_, false, false};
  return &memo;
}

bool Dispatcher::Raise(event_t event) {
  const UserEvent* const raised = EventRegistry::Process().Find(event);
  if (raised == nullptr || filtering_ == nullptr ||
      raised->parent() != filtering_->id()) {
    return false;
  }
  MemoOf(*raised)->fires = true;
  return true;
}

}  // namespace mosd::api
