// The value of every key that nobody sets. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// Sets every value of `message`, and of the messages in it, to the default of
// its rule.
void SetDefaults(google::protobuf::Message* message);

// The default of a field as text, with $SOCKET and $HOSTNAME replaced.
std::string DefaultText(const google::protobuf::FieldDescriptor& field);

// Splits a list at its commas; the empty text has no items.
std::vector<std::string> SplitList(absl::string_view text);

}  // namespace mosd::controlplane
