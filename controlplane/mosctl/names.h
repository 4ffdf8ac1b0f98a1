// Enum values, numbers and times in the words of a table. What the filter
// language can select is spelled as it spells it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "mos/v1/appliance_service.pb.h"
#include "mos/v1/flow.pb.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::mosctl {

// "established", "fin_client", "client"; "-" when unspecified; a number that
// this build does not know as digits.
std::string Name(mos::v1::FlowState state);
std::string Name(mos::v1::EndReason reason);
std::string Name(mos::v1::Side side);
std::string Name(mos::v1::DropReason reason);
std::string Name(mos::v1::FlowEventKind kind);
// As RFC 9293 writes it, with underscores: "FIN_WAIT_1".
std::string Name(mos::v1::TcpState state);

// At most five characters: 999, 1.2k, 45M.
std::string HumanCount(uint64_t count);
// Powers of 1000: "0 B", "1.5 kB", "45 MB".
std::string HumanBytes(uint64_t bytes);
// "3.2s", "5m12s", "2h03m", "6d", "9y". Negative ones are 0.
std::string HumanDuration(absl::Duration duration);

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp);
absl::Duration DurationOf(const google::protobuf::Duration& duration);

// How long before `now`: "3.2s ago".
std::string HumanAge(absl::Time time, absl::Time now);
// RFC 3339 with nine decimals.
std::string TimeText(absl::Time time, absl::TimeZone zone);

}  // namespace mosd::mosctl
