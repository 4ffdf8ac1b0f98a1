// The comparison of the dataplane's parser with the obvious one. In a header of
// its own, so that tests which do without the dataplane need not link it. Any
// thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>

#include "dataplane/base/drop_reason.h"
#include "dataplane/packet/parser.h"
#include "tests/support/bytes.h"
#include "tests/support/reference_parser.h"

namespace mosd::testing {

// ParseFrame of the first `size` bytes, in an allocation of just that size: a
// sanitizer sees a read beyond them. Fields that it leaves alone are not 0.
inline dataplane::DropReason ParseExactBytes(const Bytes& frame, size_t size,
                                             uint32_t wire_bytes,
                                             dataplane::ParsedFrame* parsed) {
  const auto bytes = std::make_unique<uint8_t[]>(size);
  std::copy_n(frame.begin(), size, bytes.get());
  std::memset(static_cast<void*>(parsed), 0xa5, sizeof(*parsed));
  return dataplane::ParseFrame(
      {bytes.get(), size},
      dataplane::FrameLength{static_cast<uint32_t>(frame.size()), wire_bytes},
      parsed);
}

// What is in `got` and not as in `want`; empty if nothing.
inline std::string Differences(const dataplane::ParsedFrame& got,
                               const dataplane::ParsedFrame& want) {
  std::ostringstream text;
  if (!(got.key == want.key)) text << " key";
  const auto compare = [&text](const char* name, uint32_t a, uint32_t b) {
    if (a != b) text << " " << name << " " << a << " instead of " << b;
  };
  compare("source_index", got.source_index, want.source_index);
  compare("tcp_flags", got.tcp_flags, want.tcp_flags);
  compare("window_scale", got.window_scale, want.window_scale);
  compare("ip_offset", got.ip_offset, want.ip_offset);
  compare("tcp_offset", got.tcp_offset, want.tcp_offset);
  compare("payload_offset", got.payload_offset, want.payload_offset);
  compare("window", got.window, want.window);
  compare("ip_length", got.ip_length, want.ip_length);
  compare("payload_length", got.payload_length, want.payload_length);
  compare("seq", got.seq, want.seq);
  compare("ack", got.ack, want.ack);
  return text.str();
}

// Gives the frame to ParseFrame and to ReferenceParse; the empty text if they
// agree, else what they differ in.
inline std::string ParserDisagreement(const Bytes& frame, uint32_t wire_bytes) {
  const ReferenceResult want = ReferenceParse(frame, wire_bytes);
  // The headers alone, and a caller that passes all there is.
  for (const size_t size :
       {std::min<size_t>(frame.size(), dataplane::kMaxHeaderBytes),
        frame.size()}) {
    dataplane::ParsedFrame parsed;
    const dataplane::DropReason reason =
        ParseExactBytes(frame, size, wire_bytes, &parsed);
    if (reason != want.reason) {
      return std::string(DropReasonName(reason)) + " instead of " +
             std::string(DropReasonName(want.reason));
    }
    if (reason == dataplane::DropReason::kNone) {
      const std::string differences = Differences(parsed, want.parsed);
      if (!differences.empty()) return differences;
    }
  }
  return {};
}

}  // namespace mosd::testing
