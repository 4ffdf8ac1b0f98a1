// Events: callbacks for them, and those that programs define.
#include "api/call.h"
#include "api/log.h"
#include "mos_api.h"

namespace mosd::api {
namespace {

// What a registration names.
struct Registration {
  BuiltinEvent root;
  const UserEvent* user;  // null: the built-in event itself
  Hook hook;
  callback_t callback;

  void Apply(CallbackSets* sets, CallbackSet** set) const {
    if (user == nullptr) {
      sets->SetBuiltin(set, hook, root, callback);
    } else {
      sets->SetUser(set, hook, user, callback);
    }
  }
};

int Register(Context* context, int socket, const Registration& registration) {
  CallbackSets& sets = context->callback_sets();
  if (Listener* const listener = context->FindListener(socket)) {
    registration.Apply(&sets, &listener->callbacks);
    context->UpdateInterest();
    const EventSocket kind = listener->type == MOS_SOCK_MONITOR_RAW
                                 ? EventSocket::kRaw
                                 : EventSocket::kListener;
    if (registration.callback != nullptr &&
        !CanFire(registration.root, registration.hook, kind)) {
      Log().warn("mtcp_register_callback: {} never occurs there",
                 InfoOf(registration.root).name);
    }
    return 0;
  }
  FlowSocket* const flow_socket = context->flows().Find(socket);
  if (flow_socket == nullptr) return EBADF;
  registration.Apply(&sets, &flow_socket->callbacks);
  context->flows().UpdateMask(*flow_socket);
  return 0;
}

// Sets errno and returns event 0.
event_t FailEvent(const absl::Status& status) {
  errno = absl::IsResourceExhausted(status) ? ENOMEM : EINVAL;
  return MOS_NULL_EVENT;
}

}  // namespace
}  // namespace mosd::api

using namespace mosd::api;  // NOLINT: the functions below are C's

int mtcp_register_callback(mctx_t mctx, int socket, event_t event, int hook,
                           callback_t callback) {
  return OnContext(mctx, [&](Context* context) {
    const std::optional<BuiltinEvent> root =
        EventRegistry::Process().RootOf(event);
    const std::optional<Hook> at = HookOf(hook);
    if (context->FindListener(socket) == nullptr &&
        context->flows().Find(socket) == nullptr) {
      return EBADF;
    }
    if (!root || !at || !IsLegal(*root, *at)) return EINVAL;
    return Register(
        context, socket,
        {*root, EventRegistry::Process().Find(event), *at, callback});
  });
}

event_t mtcp_define_event(event_t base, filter_t filter,
                          struct filter_arg* argument) {
  const auto event = EventRegistry::Process().Define(base, filter, argument);
  return event.ok() ? *event : FailEvent(event.status());
}

event_t mtcp_alloc_event(event_t parent) {
  const auto event = EventRegistry::Process().Alloc(parent);
  return event.ok() ? *event : FailEvent(event.status());
}

int mtcp_raise_event(mctx_t mctx, event_t event) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  return context->dispatcher().Raise(event) ? 0 : Fail(EINVAL);
}
