#include "api/context/dispatcher.h"

#include <algorithm>
#include <functional>

namespace mosd::api {
namespace {

using UserCallbacks = std::vector<CallbackSet::UserCallback>;

// The first event after `last` that goes back to one of `roots` (bits); null:
// there is none.
const UserEvent* NextOf(const UserCallbacks& callbacks, const UserEvent* last,
                        uint32_t roots) {
  auto next = std::ranges::upper_bound(callbacks, last, std::less<>(),
                                       &CallbackSet::UserCallback::event);
  while (next != callbacks.end() && !(roots & IdOf(next->event->root()))) {
    ++next;
  }
  return next == callbacks.end() ? nullptr : next->event;
}

// Null: there is none.
callback_t CallbackOf(const UserCallbacks& callbacks, const UserEvent* event) {
  const auto found = std::ranges::lower_bound(
      callbacks, event, std::less<>(), &CallbackSet::UserCallback::event);
  return found != callbacks.end() && found->event == event ? found->callback
                                                           : nullptr;
}

}  // namespace

Dispatcher::Dispatcher(mctx_t mctx)
    : mctx_(mctx), memos_(EventRegistry::kCapacity) {}

void Dispatcher::CallUserDefined(int socket, CallbackSet* const* set, Hook hook,
                                 int side, uint32_t events,
                                 const uint8_t* stopped, uint8_t sides) {
  const UserEvent* event = nullptr;
  // Filters and callbacks may change the set: nothing of it is held across one,
  // and one may end the socket.
  while ((event = NextOf((*set)->user[At(hook)], event, events)) != nullptr) {
    const bool fires = Fires(socket, side, *event);
    if (*stopped & sides) return;
    const callback_t callback = CallbackOf((*set)->user[At(hook)], event);
    if (!fires || callback == nullptr) continue;
    callback(mctx_, socket, side, event->id(), event->argument());
    if (*stopped & sides) return;
  }
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
