// Page tokens of ListFlows: where the scan goes on, authenticated together
// with the filter and view of the list under the secret of this start. One
// that was altered, invented, or given out for another list or by another
// start does not open. Pure functions, any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/grpc/boot_identity.h"
#include "dataplane/dataplane.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::controlplane {

// base64url without padding (RFC 4648, section 5).
std::string SealPageToken(const BootIdentity& boot, absl::string_view filter,
                          mos::v1::FlowView view,
                          const dataplane::ScanCursor& cursor);

// False: not a token that SealPageToken made from the same arguments.
bool OpenPageToken(const BootIdentity& boot, absl::string_view filter,
                   mos::v1::FlowView view, absl::string_view token,
                   dataplane::ScanCursor* cursor);

}  // namespace mosd::controlplane
