// The configuration keys, read off the descriptor of mos.v1.Config and the
// rules (mos.v1.key) written beside its fields. Nothing about a key is known
// anywhere else. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// One key that holds a value, a list of values, or a list of messages.
struct Key {
  std::string path;         // "dataplane.timeouts.half_open"
  std::string environment;  // "MOSD_DATAPLANE_TIMEOUTS_HALF_OPEN"; empty for a
                            // field of a list's element
  const google::protobuf::FieldDescriptor* field;

  const mos::v1::KeyRule& rule() const;
};

// All keys in the order of the proto. A list of messages is there itself
// ("dataplane.ports") and with its fields ("dataplane.ports[].device").
const std::vector<Key>& Keys();

// The rule of a field; empty if none is written.
const mos::v1::KeyRule& RuleOf(const google::protobuf::FieldDescriptor& field);

// A field that is written as one value: all but messages other than Duration.
bool IsValue(const google::protobuf::FieldDescriptor& field);

// "; did you mean X?", for a key that `message` does not have: X is a key of
// it with a similar name, or the full path of the same name elsewhere.
std::string SuggestKey(absl::string_view name,
                       const google::protobuf::Descriptor& message);

// "a, b, c"
std::string KeyNames(const google::protobuf::Descriptor& message);

}  // namespace mosd::controlplane
