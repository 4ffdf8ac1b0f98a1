#include "api/event/event_id.h"

#include <bit>

namespace mosd::api {
namespace {

constexpr uint8_t Bit(Hook hook) {
  return static_cast<uint8_t>(1u << static_cast<unsigned>(hook));
}

constexpr uint8_t kNowhere = 0;
constexpr uint8_t kAtNull = Bit(Hook::kNull);
constexpr uint8_t kAtEnds = Bit(Hook::kReceiver) | Bit(Hook::kSender);
constexpr uint8_t kAnywhere = kAtNull | kAtEnds;

// CONN_END, STATE_CHANGE and PKT_IN fire at both ends; CONN_START, too, for the
// client sends and the server receives; REXMIT at the receiver's alone.
constexpr BuiltinEventInfo kTable[] = {
    {BuiltinEvent::kPacketIn, "MOS_ON_PKT_IN", kAnywhere, kAtEnds, kAtNull},
    {BuiltinEvent::kPacketOut, "MOS_ON_PKT_OUT", kAnywhere, kNowhere, kNowhere},
    {BuiltinEvent::kConnStart, "MOS_ON_CONN_START", kAtEnds, kAtEnds, kNowhere},
    {BuiltinEvent::kConnSetup, "MOS_ON_CONN_SETUP", kAnywhere, kNowhere,
     kNowhere},
    {BuiltinEvent::kConnNewData, "MOS_ON_CONN_NEW_DATA", kAtNull, kAtNull,
     kNowhere},
    {BuiltinEvent::kError, "MOS_ON_ERROR", kAtNull, kAtNull, kNowhere},
    {BuiltinEvent::kTimeout, "MOS_ON_TIMEOUT", kAnywhere, kNowhere, kNowhere},
    {BuiltinEvent::kTcpStateChange, "MOS_ON_TCP_STATE_CHANGE", kAtEnds, kAtEnds,
     kNowhere},
    {BuiltinEvent::kOrphan, "MOS_ON_ORPHAN", kAtNull, kNowhere, kAtNull},
    {BuiltinEvent::kRexmit, "MOS_ON_REXMIT", kAtEnds, Bit(Hook::kReceiver),
     kNowhere},
    {BuiltinEvent::kConnEnd, "MOS_ON_CONN_END", kAtEnds, kAtEnds, kNowhere},
    {BuiltinEvent::kDebugMessage, "MOS_ON_DEBUG_MESSAGE", kAnywhere, kNowhere,
     kNowhere},
};
static_assert(std::size(kTable) == kBuiltinEvents);

// The table is in order, and nothing fires where it cannot be registered.
constexpr bool IsSound() {
  for (size_t i = 0; i < kBuiltinEvents; ++i) {
    const BuiltinEventInfo& info = kTable[i];
    if (static_cast<size_t>(info.event) != i) return false;
    const int fires = info.stream_hooks | info.other_hooks;
    if ((fires & ~info.legal_hooks) != 0) return false;
  }
  return true;
}
static_assert(IsSound());

}  // namespace

std::optional<BuiltinEvent> BuiltinOf(EventId id) {
  if (!std::has_single_bit(id)) return std::nullopt;
  const int number = std::countr_zero(id);
  if (static_cast<size_t>(number) >= kBuiltinEvents) return std::nullopt;
  return static_cast<BuiltinEvent>(number);
}

std::optional<Hook> HookOf(int mos_hook) {
  switch (static_cast<uint32_t>(mos_hook)) {
    case uint32_t{1} << 29:
      return Hook::kNull;
    case uint32_t{1} << 30:
      return Hook::kReceiver;
    case uint32_t{1} << 31:
      return Hook::kSender;
    default:
      return std::nullopt;
  }
}

std::span<const BuiltinEventInfo, kBuiltinEvents> BuiltinEventTable() {
  return kTable;
}

const BuiltinEventInfo& InfoOf(BuiltinEvent event) {
  return kTable[static_cast<size_t>(event)];
}

bool IsLegal(BuiltinEvent event, Hook hook) {
  return (InfoOf(event).legal_hooks & Bit(hook)) != 0;
}

bool CanFire(BuiltinEvent event, Hook hook, EventSocket socket) {
  const BuiltinEventInfo& info = InfoOf(event);
  int hooks = 0;
  switch (socket) {
    case EventSocket::kFlow:
      hooks = info.stream_hooks;
      break;
    case EventSocket::kListener:
      hooks = info.stream_hooks;
      if (event == BuiltinEvent::kOrphan) hooks |= info.other_hooks;
      break;
    case EventSocket::kRaw:
      hooks = info.other_hooks;
      break;
  }
  return (hooks & Bit(hook)) != 0;
}

}  // namespace mosd::api
