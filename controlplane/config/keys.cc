#include "controlplane/config/keys.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/nearest.h"

namespace mosd::controlplane {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

void AddKeys(const Descriptor& message, const std::string& prefix,
             bool in_element, std::vector<Key>* keys) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string path = absl::StrCat(prefix, field.name());
    if (IsValue(field) || field.is_repeated()) {
      const std::string environment =
          in_element
              ? ""
              : absl::StrCat("MOSD_", absl::AsciiStrToUpper(absl::StrReplaceAll(
                                          path, {{".", "_"}})));
      keys->push_back({path, environment, &field});
    }
    if (!IsValue(field)) {
      AddKeys(*field.message_type(),
              absl::StrCat(path, field.is_repeated() ? "[]." : "."),
              in_element || field.is_repeated(), keys);
    }
  }
}

std::vector<std::string> FieldNames(const Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) {
    names.push_back(message.field(i)->name());
  }
  return names;
}

}  // namespace

const mos::v1::KeyRule& Key::rule() const { return RuleOf(*field); }

const std::vector<Key>& Keys() {
  static const auto* const keys = [] {
    auto* all = new std::vector<Key>;
    AddKeys(*mos::v1::Config::descriptor(), "", false, all);
    return all;
  }();
  return *keys;
}

const mos::v1::KeyRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(mos::v1::key);
}

bool IsValue(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         field.message_type()->full_name() == "google.protobuf.Duration";
}

std::string SuggestKey(absl::string_view name, const Descriptor& message) {
  std::string suggestion = Nearest(name, FieldNames(message));
  if (suggestion.empty()) {
    for (const Key& key : Keys()) {
      if (key.field->name() == name && !key.environment.empty()) {
        suggestion = key.path;
      }
    }
  }
  if (suggestion.empty()) {
    return absl::StrCat("; the keys here are ", KeyNames(message));
  }
  return absl::StrCat("; did you mean ", suggestion, "?");
}

std::string KeyNames(const Descriptor& message) {
  return absl::StrJoin(FieldNames(message), ", ");
}

}  // namespace mosd::controlplane
