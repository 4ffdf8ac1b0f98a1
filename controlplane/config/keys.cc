#include "controlplane/config/keys.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

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

// Levenshtein distance.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
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

std::string Nearest(absl::string_view text,
                    const std::vector<std::string>& candidates) {
  constexpr size_t kLongestMisspelling = 100;
  if (text.size() > kLongestMisspelling) return "";
  std::string nearest;
  size_t least = std::max<size_t>(2, text.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = Distance(text, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
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
