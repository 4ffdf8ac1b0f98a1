// From a key's path to the field it names. Any thread.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// A value, or a list, in a message.
struct KeyTarget {
  google::protobuf::Message* message = nullptr;
  const google::protobuf::FieldDescriptor* field = nullptr;
};

// Walks "a.b[0].c" down from `message`. INVALID_ARGUMENT says why there is no
// such key, or what it is instead.
absl::StatusOr<KeyTarget> FindKey(absl::string_view path,
                                  google::protobuf::Message* message);

}  // namespace mosd::controlplane
