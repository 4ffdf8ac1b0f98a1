// The events of mOS: which there are, at which hooks each may be registered,
// and where it fires. Values are those of mos_api.h. Pure functions, any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mosd::api {

using EventId = uint64_t;  // event_t; 0 is no event

// One built-in event each; the number of its bit.
enum class BuiltinEvent : uint8_t {
  kPacketIn,
  kPacketOut,
  kConnStart,
  kConnSetup,
  kConnNewData,
  kError,
  kTimeout,
  kTcpStateChange,
  kOrphan,
  kRexmit,
  kConnEnd,
  kDebugMessage,
};
inline constexpr size_t kBuiltinEvents = 12;

constexpr EventId IdOf(BuiltinEvent event) {
  return EventId{1} << static_cast<unsigned>(event);
}

// nullopt: no bit, several, or one that is no built-in event.
std::optional<BuiltinEvent> BuiltinOf(EventId id);

// Where in a packet's way a callback runs.
enum class Hook : uint8_t { kNull, kReceiver, kSender };
inline constexpr size_t kHooks = 3;

// From MOS_NULL, MOS_HK_RCV or MOS_HK_SND; nullopt: none, or several.
std::optional<Hook> HookOf(int mos_hook);

// Where a callback is registered. A registration at a listener is one for each
// of its flows, and for what belongs to none.
enum class EventSocket : uint8_t { kListener, kFlow, kRaw };

struct BuiltinEventInfo {
  BuiltinEvent event;
  const char* name;      // as in mos_api.h
  uint8_t legal_hooks;   // bit n: Hook n
  uint8_t stream_hooks;  // those where it fires for a flow
  uint8_t other_hooks;   // for frames without a flow
};

// By the event's number.
std::span<const BuiltinEventInfo, kBuiltinEvents> BuiltinEventTable();
const BuiltinEventInfo& InfoOf(BuiltinEvent event);

// Registering elsewhere is EINVAL.
bool IsLegal(BuiltinEvent event, Hook hook);

// Whether a legal registration can ever be called. Those that cannot are
// accepted, and worth a warning.
bool CanFire(BuiltinEvent event, Hook hook, EventSocket socket);

}  // namespace mosd::api
