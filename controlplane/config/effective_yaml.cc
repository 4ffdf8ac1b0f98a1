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

void EmitValue(const Message& message, const FieldDescriptor& field, int index,
               YAML::Emitter* out) {
  // Text in quotes, or "null" would be read as nothing.
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    *out << YAML::DoubleQuoted;
  }
  *out << FormatValue(message, field, index);
}

void EmitList(const Message& message, const FieldDescriptor& field,
              YAML::Emitter* out) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  if (size == 0) *out << YAML::Flow;
  *out << YAML::BeginSeq;
  for (int i = 0; i < size; ++i) {
    if (IsValue(field)) {
      EmitValue(message, field, i, out);
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
      EmitValue(message, field, 0, out);
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
