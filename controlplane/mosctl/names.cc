#include "controlplane/mosctl/names.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace mosd::mosctl {
namespace {

constexpr uint64_t kThousand = 1000;

template <typename Enum>
std::string UpperName(Enum value, absl::string_view prefix) {
  if (static_cast<int>(value) == 0) return "-";
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>();
  const auto* entry = descriptor->FindValueByNumber(static_cast<int>(value));
  if (entry == nullptr) return absl::StrCat(static_cast<int>(value));
  return entry->name().substr(prefix.size());
}

template <typename Enum>
std::string LowerName(Enum value, absl::string_view prefix) {
  return absl::AsciiStrToLower(UpperName(value, prefix));
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
  return absl::StrFormat("%.*f%s%s%s", decimals, scaled.value, gap,
                         scaled.prefix, unit);
}

}  // namespace

std::string Name(mos::v1::FlowState state) {
  return LowerName(state, "FLOW_STATE_");
}
std::string Name(mos::v1::EndReason reason) {
  return LowerName(reason, "END_REASON_");
}
std::string Name(mos::v1::Side side) { return LowerName(side, "SIDE_"); }
std::string Name(mos::v1::DropReason reason) {
  return LowerName(reason, "DROP_REASON_");
}
std::string Name(mos::v1::FlowEventKind kind) {
  return LowerName(kind, "FLOW_EVENT_KIND_");
}
std::string Name(mos::v1::TcpState state) {
  return UpperName(state, "TCP_STATE_");
}

std::string HumanCount(uint64_t count) { return ScaledText(count, "", ""); }

std::string HumanBytes(uint64_t bytes) { return ScaledText(bytes, " ", "B"); }

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 0.0995) return absl::StrFormat("%.0fms", seconds * 1e3);
  if (seconds < 59.95) return absl::StrFormat("%.1fs", seconds);
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
