// gRPC's own log, as lines of ours.
#pragma once

namespace mosd::controlplane {

// To be called once, before gRPC is used and after StartLog(). What peers can
// provoke as often as they like, such as a failed handshake, fills no disk: of
// ten lines and more in a minute only the number is told. The lines come from
// any thread.
void RouteGrpcLog();

}  // namespace mosd::controlplane
