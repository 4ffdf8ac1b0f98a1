// One configuration value between text and message field: the same reading
// for files, environment variables and flags. Any thread.
//
// Numbers are decimal; those that count bytes also take KiB, MiB, GiB, TiB.
// Durations are written as in Go: 30s, 250ms, 1h30m. Enumerators are written
// in lower case without their common prefix.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// Reads `text` by the type and the rule of `field`, which is a value
// (IsValue), and sets it in `*message`, or appends it if the field is a list.
// INVALID_ARGUMENT says what is wrong and what would be right.
absl::Status SetValue(absl::string_view text,
                      const google::protobuf::FieldDescriptor& field,
                      google::protobuf::Message* message);

// The value, or item `index` of a list, as SetValue() reads it.
std::string FormatValue(const google::protobuf::Message& message,
                        const google::protobuf::FieldDescriptor& field,
                        int index = 0);

// "1 to 64 threads", "1s to 24h", "true or false", "busy_poll or adaptive";
// for the reference and for errors.
std::string DescribeValue(const google::protobuf::FieldDescriptor& field);

}  // namespace mosd::controlplane
