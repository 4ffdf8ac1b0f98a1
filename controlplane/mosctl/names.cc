#include "controlplane/mosctl/names.h"

#include <array>
#include <charconv>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace mosd::mosctl {
namespace {

constexpr uint64_t kThousand = 1000;

// The names of an enum's values by number, without their prefix; empty where
// there is none. Made once: a long list asks for millions.
using Words = std::vector<std::string>;

template <typename Enum>
Words UpperWords(absl::string_view prefix) {
  Words words;
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const auto* value = descriptor->value(i);
    const auto number = static_cast<size_t>(value->number());
    if (number >= words.size()) words.resize(number + 1);
    words[number] = value->name().substr(prefix.size());
  }
  words[0] = "-";
  return words;
}

template <typename Enum>
Words LowerWords(absl::string_view prefix) {
  Words words = UpperWords<Enum>(prefix);
  for (std::string& word : words) absl::AsciiStrToLower(&word);
  return words;
}

std::string WordOf(int number, const Words& words) {
  const auto at = static_cast<size_t>(number);  // a negative one is too large
  return at < words.size() && !words[at].empty() ? words[at]
                                                 : absl::StrCat(number);
}

// As printf writes it with %.*f, in a fraction of the time.
std::string FixedText(double value, int decimals) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::fixed, decimals);
  return std::string(text.data(), end.ptr);
}

struct Scaled {
  double value;
  const char* prefix;
};

// The largest unit that leaves at least 1.
Scaled Scale(uint64_t number) {
  constexpr std::array<const char*, 7> kPrefixes = {"",  "k", "M", "G",
                                                    "T", "P", "E"};
  size_t power = 0;
  double value = static_cast<double>(number);
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && power + 1 < kPrefixes.size()) {
    value /= static_cast<double>(kThousand);
    ++power;
  }
  return {value, kPrefixes[power]};
}

std::string ScaledText(uint64_t number, absl::string_view gap,
                       absl::string_view unit) {
  if (number < kThousand) return absl::StrCat(number, gap, unit);
  const Scaled scaled = Scale(number);
  const int decimals = scaled.value < 9.95 ? 1 : 0;
  return absl::StrCat(FixedText(scaled.value, decimals), gap, scaled.prefix,
                      unit);
}

}  // namespace

std::string Name(mos::v1::FlowState state) {
  static const Words words = LowerWords<mos::v1::FlowState>("FLOW_STATE_");
  return WordOf(state, words);
}
std::string Name(mos::v1::EndReason reason) {
  static const Words words = LowerWords<mos::v1::EndReason>("END_REASON_");
  return WordOf(reason, words);
}
std::string Name(mos::v1::Side side) {
  static const Words words = LowerWords<mos::v1::Side>("SIDE_");
  return WordOf(side, words);
}
std::string Name(mos::v1::DropReason reason) {
  static const Words words = LowerWords<mos::v1::DropReason>("DROP_REASON_");
  return WordOf(reason, words);
}
std::string Name(mos::v1::FlowEventKind kind) {
  static const Words words =
      LowerWords<mos::v1::FlowEventKind>("FLOW_EVENT_KIND_");
  return WordOf(kind, words);
}
std::string Name(mos::v1::TcpState state) {
  static const Words words = UpperWords<mos::v1::TcpState>("TCP_STATE_");
  return WordOf(state, words);
}

std::string HumanCount(uint64_t count) { return ScaledText(count, "", ""); }

std::string HumanBytes(uint64_t bytes) { return ScaledText(bytes, " ", "B"); }

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 0.0995) return FixedText(seconds * 1e3, 0) + "ms";
  if (seconds < 59.95) return FixedText(seconds, 1) + "s";
  const int64_t whole = absl::ToInt64Seconds(duration);
  constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86400;
  if (whole < kHour) {
    return absl::StrFormat("%dm%02ds", whole / kMinute, whole % kMinute);
  }
  if (whole < kDay) {
    return absl::StrFormat("%dh%02dm", whole / kHour, whole % kHour / kMinute);
  }
  constexpr int64_t kYear = 365 * kDay;
  return whole < 2 * kYear ? absl::StrCat(whole / kDay, "d")
                           : absl::StrCat(whole / kYear, "y");
}

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

std::string HumanAge(absl::Time time, absl::Time now) {
  return absl::StrCat(HumanDuration(now - time), " ago");
}

std::string TimeText(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9S%Ez", time, zone);
}

}  // namespace mosd::mosctl
