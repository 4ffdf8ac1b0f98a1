// Any segment on any connection: first the sender's end is moved by what it
// sent, then the receiver's by what it received. Unhurried; TcpApply comes here
// when a segment is not the expected one. Internal to the tracker;
// thread-compatible.
#pragma once

#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

TcpUpdate ApplyGeneral(TcpConnection* connection, Side side,
                       const TcpSegment& segment);

}  // namespace mosd::dataplane
