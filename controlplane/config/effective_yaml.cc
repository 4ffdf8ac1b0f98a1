#include "controlplane/config/effective_yaml.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/str_cat.h"
#include "controlplane/config/keys.h"
#include "controlplane/config/value.h"

namespace mosd::controlplane {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

void EmitMessage(const Message& message, YAML::Emitter* out);

void EmitList(const Message& message, const FieldDescriptor& field,
              YAML::Emitter* out) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  if (size == 0) *out << YAML::Flow;
  *out << YAML::BeginSeq;
  for (int i = 0; i < size; ++i) {
    if (IsValue(field)) {
      *out << FormatValue(message, field, i);
    } else {
      EmitMessage(
          message.GetReflection()->GetRepeatedMessage(message, &field, i), out);
    }
  }
  *out << YAML::EndSeq;
}

void EmitMessage(const Message& message, YAML::Emitter* out) {
  const auto& descriptor = *message.GetDescriptor();
  *out << YAML::BeginMap;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    *out << YAML::Key << field.name() << YAML::Value;
    if (field.is_repeated()) {
      EmitList(message, field, out);
    } else if (IsValue(field)) {
      *out << FormatValue(message, field);
    } else {
      EmitMessage(message.GetReflection()->GetMessage(message, &field), out);
    }
  }
  *out << YAML::EndMap;
}

}  // namespace

std::string EffectiveYaml(const mos::v1::Config& config) {
  YAML::Emitter out;
  EmitMessage(config, &out);
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace mosd::controlplane
