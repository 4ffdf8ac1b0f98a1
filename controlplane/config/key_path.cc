#include "controlplane/config/key_path.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/keys.h"

namespace mosd::controlplane {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<KeyTarget> FindKey(absl::string_view path, Message* message) {
  const std::vector<absl::string_view> steps = absl::StrSplit(path, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::vector<absl::string_view> parts =
        absl::StrSplit(steps[i], absl::MaxSplits('[', 1));
    const FieldDescriptor* field =
        message->GetDescriptor()->FindFieldByName(std::string(parts[0]));
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unknown key", SuggestKey(parts[0], *message->GetDescriptor())));
    }
    const bool last = i + 1 == steps.size();
    if (last && parts.size() == 1 &&
        (IsValue(*field) || field->is_repeated())) {
      return KeyTarget{message, field};
    }
    if (IsValue(*field)) {
      return absl::InvalidArgumentError("has no keys below it");
    }
    if (last) {
      return absl::InvalidArgumentError(
          absl::StrCat("is a group; set one of its keys: ",
                       KeyNames(*field->message_type())));
    }
    if (!field->is_repeated()) {
      message = message->GetReflection()->MutableMessage(message, field);
      continue;
    }
    const int size = message->GetReflection()->FieldSize(*message, field);
    int index = 0;
    if (parts.size() != 2 || !absl::EndsWith(parts[1], "]") ||
        !absl::SimpleAtoi(parts[1].substr(0, parts[1].size() - 1), &index) ||
        index < 0 || index >= size) {
      return absl::InvalidArgumentError(absl::StrCat(parts[0], " is a list of ",
                                                     size, "; name one as ",
                                                     parts[0], "[0] ..."));
    }
    message =
        message->GetReflection()->MutableRepeatedMessage(message, field, index);
  }
  return absl::InternalError("unreachable: StrSplit returns at least one step");
}

}  // namespace mosd::controlplane
