// A second parser of frames, written to be obvious instead of fast: byte by
// byte, each access checked, a missing byte is an exception. Any thread.
#pragma once

#include <cstdint>

#include "dataplane/base/drop_reason.h"
#include "dataplane/packet/parser.h"
#include "tests/support/bytes.h"

namespace mosd::testing {

struct ReferenceResult {
  dataplane::DropReason reason;
  dataplane::ParsedFrame parsed;  // if reason is kNone
};

// `frame` is what was captured of a frame with `wire_bytes` on the wire.
ReferenceResult ReferenceParse(const Bytes& frame, uint32_t wire_bytes);

}  // namespace mosd::testing
