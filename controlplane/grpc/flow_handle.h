// The text by which a client names a flow: 24 lower-case hexadecimal digits,
// the epoch of appliance and start (8) and the dataplane's id (16). Opaque to
// clients. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "dataplane/flow/flow_id.h"

namespace mosd::controlplane {

struct FlowHandle {
  static constexpr size_t kTextSize = 24;

  uint32_t epoch = 0;  // BootIdentity::flow_epoch()
  dataplane::FlowId id;

  std::string ToText() const;
  // The same, to where there are kTextSize bytes.
  void Write(char* text) const;

  // Accepts exactly what ToText() writes. False: not a flow id at all.
  static bool Parse(absl::string_view text, FlowHandle* handle);

  friend bool operator==(const FlowHandle&, const FlowHandle&) = default;
};

}  // namespace mosd::controlplane
