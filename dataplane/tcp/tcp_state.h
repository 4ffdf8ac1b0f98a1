// Connection states, RFC 9293 section 3.3.2. Values are those of mOS's
// `enum tcpstate`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mosd::dataplane {

enum class TcpState : uint8_t {
  kClosed = 0,
  kListen,
  kSynSent,
  kSynRcvd,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,
};

inline constexpr size_t kTcpStates = 11;

}  // namespace mosd::dataplane
