#include "controlplane/config/value.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "controlplane/config/keys.h"
#include "controlplane/config/utf8.h"

namespace mosd::controlplane {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

// "BUSY_POLL" of IDLE_MODE_BUSY_POLL, in lower case.
std::string EnumeratorName(const EnumValueDescriptor& value) {
  // The prefix is what the zero value, *_UNSPECIFIED, has before its last word.
  absl::string_view prefix = value.type()->value(0)->name();
  prefix = absl::StripSuffix(prefix, "UNSPECIFIED");
  return absl::AsciiStrToLower(absl::StripPrefix(value.name(), prefix));
}

std::vector<std::string> EnumeratorNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i) {
    names.push_back(EnumeratorName(*type.value(i)));
  }
  return names;
}

// "a, b or c"
std::string JoinAlternatives(const std::vector<std::string>& names) {
  if (names.size() < 2) return absl::StrJoin(names, "");
  return absl::StrCat(absl::StrJoin(names.begin(), names.end() - 1, ", "),
                      " or ", names.back());
}

bool CountsBytes(const FieldDescriptor& field) {
  return RuleOf(field).unit() == "bytes";
}

// A number, with its binary suffix where bytes are counted.
std::optional<uint64_t> ParseNumber(absl::string_view text, bool bytes) {
  uint64_t scale = 1;
  if (bytes) {
    for (const auto& [suffix, shift] :
         {std::pair{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}}) {
      if (absl::ConsumeSuffix(&text, suffix)) {
        scale = uint64_t{1} << shift;
        text = absl::StripTrailingAsciiWhitespace(text);
        break;
      }
    }
  }
  uint64_t number = 0;
  if (text.empty() ||
      !std::all_of(text.begin(), text.end(),
                   [](char c) {
                     return absl::ascii_isdigit(static_cast<unsigned char>(c));
                   }) ||
      !absl::SimpleAtoi(text, &number) ||
      number > std::numeric_limits<uint64_t>::max() / scale) {
    return std::nullopt;
  }
  return number * scale;
}

// "64" for bytes is fine as it is; 1073741824 reads better as 1GiB.
std::string FormatNumber(uint64_t number, bool bytes) {
  if (bytes && number != 0) {
    for (const auto& [suffix, shift] :
         {std::pair{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}}) {
      if ((number & ((uint64_t{1} << shift) - 1)) == 0) {
        return absl::StrCat(number >> shift, suffix);
      }
    }
  }
  return absl::StrCat(number);
}

absl::Status Wrong(absl::string_view text, const FieldDescriptor& field) {
  constexpr size_t kShown = 60;
  return absl::InvalidArgumentError(
      absl::StrCat("must be ", DescribeValue(field), ", not \"",
                   absl::CHexEscape(text.substr(0, kShown)),
                   text.size() > kShown ? "...\"" : "\""));
}

absl::Status SetNumber(absl::string_view text, const FieldDescriptor& field,
                       Message* message) {
  const bool bytes = CountsBytes(field);
  const mos::v1::KeyRule& rule = RuleOf(field);
  const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
  const uint64_t min = ParseNumber(rule.min(), bytes).value_or(0);
  const uint64_t max =
      ParseNumber(rule.max(), bytes)
          .value_or(wide ? std::numeric_limits<uint64_t>::max()
                         : std::numeric_limits<uint32_t>::max());
  const std::optional<uint64_t> number = ParseNumber(text, bytes);
  if (!number || *number < min || *number > max) return Wrong(text, field);
  const Reflection& reflection = *message->GetReflection();
  if (wide) {
    reflection.SetUInt64(message, &field, *number);
  } else if (field.is_repeated()) {
    reflection.AddUInt32(message, &field, static_cast<uint32_t>(*number));
  } else {
    reflection.SetUInt32(message, &field, static_cast<uint32_t>(*number));
  }
  return absl::OkStatus();
}

absl::Duration DurationOr(const std::string& text, absl::Duration otherwise) {
  absl::Duration duration;
  return absl::ParseDuration(text, &duration) ? duration : otherwise;
}

absl::Status SetDuration(absl::string_view text, const FieldDescriptor& field,
                         Message* message) {
  const mos::v1::KeyRule& rule = RuleOf(field);
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    if (ParseNumber(text, false)) {
      return absl::InvalidArgumentError(
          absl::StrCat("needs a unit: ", text, "s, ", text, "ms, ..."));
    }
    return Wrong(text, field);
  }
  if (duration < DurationOr(rule.min(), absl::ZeroDuration()) ||
      duration > DurationOr(rule.max(), absl::InfiniteDuration()) ||
      duration == absl::InfiniteDuration()) {
    return Wrong(text, field);
  }
  auto* proto = static_cast<google::protobuf::Duration*>(
      message->GetReflection()->MutableMessage(message, &field));
  const int64_t seconds =
      absl::IDivDuration(duration, absl::Seconds(1), &duration);
  proto->set_seconds(seconds);
  proto->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return absl::OkStatus();
}

absl::Status SetEnum(absl::string_view text, const FieldDescriptor& field,
                     Message* message) {
  const EnumDescriptor& type = *field.enum_type();
  for (int i = 1; i < type.value_count(); ++i) {
    if (EnumeratorName(*type.value(i)) == text) {
      message->GetReflection()->SetEnum(message, &field, type.value(i));
      return absl::OkStatus();
    }
  }
  return Wrong(text, field);
}

absl::Status SetText(absl::string_view text, const FieldDescriptor& field,
                     Message* message) {
  constexpr size_t kLongestText = 4096;  // PATH_MAX
  if (text.empty() && !RuleOf(field).may_be_empty()) {
    return absl::InvalidArgumentError("must not be empty");
  }
  if (text.size() > kLongestText || FindInvalidUtf8(text) != text.npos ||
      std::any_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_iscntrl(static_cast<unsigned char>(c));
      })) {
    return Wrong(text, field);
  }
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(message, &field, std::string(text));
  } else {
    reflection.SetString(message, &field, std::string(text));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetValue(absl::string_view text, const FieldDescriptor& field,
                      Message* message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Wrong(text, field);
      message->GetReflection()->SetBool(message, &field, text == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetNumber(text, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(text, field, message);
    case FieldDescriptor::CPPTYPE_STRING:
      return SetText(text, field, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetDuration(text, field, message);
    default:
      // config.proto has no field of another type; a unit test visits all.
      return absl::InternalError(
          absl::StrCat(field.full_name(), " has a type that is not supported"));
  }
}

std::string FormatValue(const Message& message, const FieldDescriptor& field,
                        int index) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_UINT32:
      return FormatNumber(
          field.is_repeated()
              ? reflection.GetRepeatedUInt32(message, &field, index)
              : reflection.GetUInt32(message, &field),
          CountsBytes(field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return FormatNumber(reflection.GetUInt64(message, &field),
                          CountsBytes(field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumeratorName(*reflection.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return field.is_repeated()
                 ? reflection.GetRepeatedString(message, &field, index)
                 : reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const auto& proto = static_cast<const google::protobuf::Duration&>(
          reflection.GetMessage(message, &field));
      const absl::Duration duration =
          absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
      return duration == absl::ZeroDuration() ? "0s"
                                              : absl::FormatDuration(duration);
    }
    default:
      return "";
  }
}

std::string DescribeValue(const FieldDescriptor& field) {
  const mos::v1::KeyRule& rule = RuleOf(field);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return JoinAlternatives(EnumeratorNames(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text without control characters";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("a duration of ",
                          rule.min().empty() ? "0s" : rule.min(), " to ",
                          rule.max());
    default: {
      const bool bytes = CountsBytes(field);
      const std::string min =
          FormatNumber(ParseNumber(rule.min(), bytes).value_or(0), bytes);
      const std::string max =
          FormatNumber(ParseNumber(rule.max(), bytes).value_or(0), bytes);
      // A suffix such as GiB is a unit already.
      return absl::StrCat(min, " to ", max, absl::EndsWith(max, "B") ? "" : " ",
                          absl::EndsWith(max, "B") ? "" : rule.unit());
    }
  }
}

}  // namespace mosd::controlplane
