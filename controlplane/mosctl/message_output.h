// Responses for programs: the protobuf JSON mapping, and the same structure as
// YAML. Fields without presence are written even when they are zero, so that
// every object has the same keys. Any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace mosd::mosctl {

enum class OutputFormat {
  kTable,
  kWide,
  kJson,
  kJsonl,
  kYaml,
  kText,
  kHex,
  kRaw,
  kPcapng,
};

// The name that -o takes: "table", "jsonl".
absl::string_view NameOf(OutputFormat format);

// Many lines, ending in a newline.
std::string ToJson(const google::protobuf::Message& message);
// One line, ending in a newline.
std::string ToJsonLine(const google::protobuf::Message& message);
// A block of lines, ending in a newline.
std::string ToYaml(const google::protobuf::Message& message);

// As `format` says, one of kJson, kJsonl and kYaml.
std::string Serialize(const google::protobuf::Message& message,
                      OutputFormat format);

}  // namespace mosd::mosctl
