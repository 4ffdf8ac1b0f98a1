#include "controlplane/config/defaults.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/default_socket.h"
#include "controlplane/config/keys.h"
#include "controlplane/config/value.h"

namespace mosd::controlplane {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

std::string HostName() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') {
    return "localhost";
  }
  return name;
}

}  // namespace

std::string DefaultText(const FieldDescriptor& field) {
  const std::string& text = RuleOf(field).default_value();
  if (!absl::StrContains(text, '$')) return text;
  return absl::StrReplaceAll(
      text, {{"$SOCKET", DefaultSocketPath()}, {"$HOSTNAME", HostName()}});
}

std::vector<std::string> SplitList(absl::string_view text) {
  if (text.empty()) return {};
  std::vector<std::string> items = absl::StrSplit(text, ',');
  for (std::string& item : items) {
    item = std::string(absl::StripAsciiWhitespace(item));
  }
  return items;
}

void SetDefaults(Message* message) {
  const auto& descriptor = *message->GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (!IsValue(field)) {
      if (!field.is_repeated()) {
        SetDefaults(message->GetReflection()->MutableMessage(message, &field));
      }
      continue;
    }
    const std::string text = DefaultText(field);
    if (text.empty()) continue;
    const std::vector<std::string> items =
        field.is_repeated() ? SplitList(text) : std::vector{text};
    for (const std::string& item : items) {
      // A default that breaks its own rule would be our mistake; a unit test
      // reads all of them.
      SetValue(item, field, message).IgnoreError();
    }
  }
}

}  // namespace mosd::controlplane
