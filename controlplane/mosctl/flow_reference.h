// The ways a person names a flow and an endpoint, read and written. Pure
// functions, any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mos/v1/flow.pb.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::mosctl {

// "10.0.0.1:80" or "[fd00::1]:80". INVALID_ARGUMENT says what is wrong.
absl::StatusOr<mos::v1::Endpoint> ParseEndpoint(absl::string_view text);

// A flow id as mosd printed it, or two endpoints of one address family with
// "-" between them: 10.0.0.1:4321-10.0.0.2:80, [fd00::1]:4321-[fd00::2]:80.
// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<mos::v1::FlowRef> ParseFlowReference(absl::string_view text);

// As ParseEndpoint reads it. An address that has neither 4 nor 16 bytes is
// written as hexadecimal digits.
std::string FormatEndpoint(const mos::v1::Endpoint& endpoint);
void AppendEndpoint(const mos::v1::Endpoint& endpoint, std::string* text);

// "10.0.0.1:4321-10.0.0.2:80".
std::string FormatTuple(const mos::v1::FlowTuple& tuple);

// An IPv4 (4 bytes) or IPv6 (16 bytes) address, network order.
std::string FormatAddress(absl::string_view address);

}  // namespace mosd::mosctl
