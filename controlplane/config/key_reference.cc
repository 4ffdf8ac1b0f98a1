#include "controlplane/config/key_reference.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/defaults.h"
#include "controlplane/config/keys.h"
#include "controlplane/config/value.h"

namespace mosd::controlplane {

using google::protobuf::FieldDescriptor;

namespace {

constexpr absl::string_view kIntroduction =
    R"(Configuration of mosd. A later source wins: default, file (--config),
environment, flag. Any key can be set by flag: --set dataplane.workers=2

Numbers are decimal; bytes also take KiB, MiB, GiB, TiB. Durations have a unit:
250ms, 30s, 1h30m. In the environment and in --set, the items of a list are
separated by commas, and nothing is the empty list. A port may be written as its
device alone:

    dataplane:
      ports: ["af_packet:eth0"]
      max_flows: 2000000
    grpc:
      listen: ["unix:/run/mosd/mosd.sock"]

)";

std::string Values(const FieldDescriptor& field) {
  if (!IsValue(field)) return "a list of maps, or of texts";
  const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const std::string one = is_text ? "text" : DescribeValue(field);
  return field.is_repeated() ? absl::StrCat("a list: ", one) : one;
}

std::string Default(const FieldDescriptor& field) {
  const std::string text = IsValue(field) ? DefaultText(field) : "";
  if (field.is_repeated()) return absl::StrCat("[", text, "]");
  if (text.empty()) return "none";
  return text;
}

}  // namespace

std::string KeyReference() {
  std::string text(kIntroduction);
  for (const Key& key : Keys()) {
    absl::StrAppend(&text, key.path, "\n    ", key.rule().help(),
                    "\n    values:      ", Values(*key.field),
                    "\n    default:     ", Default(*key.field), "\n");
    if (!key.environment.empty()) {
      absl::StrAppend(&text, "    environment: ", key.environment, "\n");
    }
    text += '\n';
  }
  return text;
}

}  // namespace mosd::controlplane
