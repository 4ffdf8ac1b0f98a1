// From the dataplane's plain structs to the messages of mos.v1. Pure
// functions, any thread. Times are nanoseconds since 1970 on the one side,
// google.protobuf.Timestamp on the other.
#pragma once

#include <cstdint>

#include "dataplane/dataplane.h"
#include "dataplane/flow/flow_snapshot.h"
#include "google/protobuf/timestamp.pb.h"
#include "mos/v1/appliance_service.pb.h"
#include "mos/v1/flow.pb.h"

namespace mosd::controlplane {

inline mos::v1::Side ToProto(dataplane::Side side) {
  return static_cast<mos::v1::Side>(static_cast<int>(side) + 1);
}
inline mos::v1::TcpState ToProto(dataplane::TcpState state) {
  return static_cast<mos::v1::TcpState>(static_cast<int>(state) + 1);
}
inline mos::v1::FlowState ToProto(dataplane::FlowState state) {
  return static_cast<mos::v1::FlowState>(state);
}
inline mos::v1::EndReason ToProto(dataplane::EndReason reason) {
  return static_cast<mos::v1::EndReason>(reason);
}

// As Timestamp has it: nanos count forward, before 1970 too.
struct SplitTime {
  int64_t seconds;
  int32_t nanos;
};
SplitTime SplitTimeOf(int64_t time_ns);

void FillTimestamp(int64_t time_ns, google::protobuf::Timestamp* timestamp);

// `epoch` goes into flow_id; `flow` is expected to be empty.
void FillFlow(const dataplane::FlowSnapshot& snapshot, uint32_t epoch,
              mos::v1::Flow* flow);

// Everything but the bytes: LastPkt.frame is left alone. `pkt` is expected to
// be empty but for those.
void FillLastPkt(const dataplane::FlowSnapshot& flow, dataplane::Side side,
                 const dataplane::LastFrameInfo& info, uint32_t epoch,
                 mos::v1::LastPkt* pkt);

void FillWorker(const dataplane::WorkerSnapshot& snapshot, uint32_t index,
                mos::v1::Worker* worker);

void FillPort(const dataplane::PortSnapshot& snapshot, uint32_t index,
              mos::v1::Port* port);

// Sums over workers and ports.
void FillStats(const dataplane::Dataplane& dataplane,
               mos::v1::GetStatsResponse* stats);

}  // namespace mosd::controlplane
