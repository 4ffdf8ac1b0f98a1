#include "controlplane/grpc/flow_filter_field.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "mos/v1/flow.pb.h"

namespace mosd::controlplane {
namespace {

using Field = FilterStep::Field;
using Kind = FilterTokenKind;
using Relation = FilterStep::Relation;

struct FilterFieldInfo {
  // How a value is written.
  enum class Type : uint8_t { kNames, kNumber, kDuration };

  absl::string_view name;
  FilterStep::Field field;
  Type type;
  // kNames: the enum of mos.v1 that has the names, with the prefix they lose;
  // empty: true and false. A value of the dataplane is the enum's minus
  // `enum_offset`.
  absl::string_view enum_name;
  absl::string_view enum_prefix;
  int enum_offset;

  bool has_names() const { return type == Type::kNames; }

  bool Accepts(FilterTokenKind relation) const;
  // Reads one value into `step`. False: there is no such value.
  bool Take(absl::string_view word, FilterStep* step) const;
  // Completes a step that has its values.
  void Finish(FilterTokenKind relation, FilterStep* step) const;

  // For errors: "expected one of ...".
  std::string ExpectedRelation() const;
  std::string ExpectedValue() const;
};

using Type = FilterFieldInfo::Type;

constexpr FilterFieldInfo kFields[] = {
    {"state", Field::kFlowState, Type::kNames, "FlowState", "FLOW_STATE_", 0},
    {"client.state", Field::kClientState, Type::kNames, "TcpState",
     "TCP_STATE_", 1},
    {"server.state", Field::kServerState, Type::kNames, "TcpState",
     "TCP_STATE_", 1},
    {"end_reason", Field::kEndReason, Type::kNames, "EndReason", "END_REASON_",
     0},
    {"last_speaker", Field::kLastSpeaker, Type::kNames, "Side", "SIDE_", 1},
    {"midstream", Field::kMidstream, Type::kNames, "", "", 0},
    {"worker", Field::kWorker, Type::kNumber, "", "", 0},
    {"frames", Field::kFrames, Type::kNumber, "", "", 0},
    {"idle", Field::kIdle, Type::kDuration, "", "", 0},
};

const google::protobuf::EnumDescriptor* EnumOf(const FilterFieldInfo& field) {
  return mos::v1::Flow::descriptor()->file()->FindEnumTypeByName(
      std::string(field.enum_name));
}

bool TakeName(const FilterFieldInfo& field, absl::string_view word,
              FilterStep* step) {
  if (field.enum_name.empty()) {
    const bool is_true = absl::EqualsIgnoreCase(word, "true");
    if (!is_true && !absl::EqualsIgnoreCase(word, "false")) return false;
    step->members |= is_true ? 2 : 1;
    return true;
  }
  const auto* value = EnumOf(field)->FindValueByName(
      absl::StrCat(field.enum_prefix, absl::AsciiStrToUpper(word)));
  if (value == nullptr || value->number() == 0) return false;
  step->members |= 1u << (value->number() - field.enum_offset);
  return true;
}

bool TakeDuration(absl::string_view word, FilterStep* step) {
  absl::Duration duration;
  if (!absl::ParseDuration(word, &duration) ||
      duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return false;
  }
  step->number = absl::ToInt64Nanoseconds(duration);
  return true;
}

Relation ToRelation(Kind kind) {
  switch (kind) {
    case Kind::kNotEqual:
      return Relation::kNe;
    case Kind::kLess:
      return Relation::kLt;
    case Kind::kLessEqual:
      return Relation::kLe;
    case Kind::kGreater:
      return Relation::kGt;
    case Kind::kGreaterEqual:
      return Relation::kGe;
    default:
      return Relation::kEq;
  }
}

bool FilterFieldInfo::Accepts(FilterTokenKind relation) const {
  switch (relation) {
    case Kind::kEqual:
    case Kind::kNotEqual:
      return true;
    case Kind::kLess:
    case Kind::kLessEqual:
    case Kind::kGreater:
    case Kind::kGreaterEqual:
      return !has_names();
    default:
      return false;
  }
}

bool FilterFieldInfo::Take(absl::string_view word, FilterStep* step) const {
  switch (type) {
    case Type::kNames:
      return TakeName(*this, word, step);
    case Type::kNumber:
      return absl::SimpleAtoi(word, &step->number) && step->number >= 0;
    case Type::kDuration:
      return TakeDuration(word, step);
  }
  return false;
}

void FilterFieldInfo::Finish(FilterTokenKind relation, FilterStep* step) const {
  step->field = field;
  if (has_names()) {
    step->op = FilterStep::Op::kMember;
    if (relation == Kind::kNotEqual) step->members = ~step->members;
  } else {
    step->op = FilterStep::Op::kCompare;
    step->relation = ToRelation(relation);
  }
}

std::string FilterFieldInfo::ExpectedRelation() const {
  return absl::StrCat(
      "expected ",
      has_names() ? "= or !=" : "=, !=, <, <=, > or >=", " after '", name, "'");
}

std::string FilterFieldInfo::ExpectedValue() const {
  switch (type) {
    case Type::kNumber:
      return absl::StrCat("expected a number for '", name, "'");
    case Type::kDuration:
      return absl::StrCat("expected a duration such as 30s or 1h30m for '",
                          name, "'");
    case Type::kNames:
      break;
  }
  if (enum_name.empty()) {
    return absl::StrCat("expected true or false for '", name, "'");
  }
  std::string names;
  const auto* descriptor = EnumOf(*this);
  for (int i = 1; i < descriptor->value_count(); ++i) {
    absl::StrAppend(
        &names, i == 1 ? "" : ", ",
        absl::AsciiStrToLower(absl::string_view(descriptor->value(i)->name())
                                  .substr(enum_prefix.size())));
  }
  return absl::StrCat("expected one of ", names, " for '", name, "'");
}

// nullptr: there is no such field.
const FilterFieldInfo* FindField(absl::string_view name) {
  for (const FilterFieldInfo& field : kFields) {
    if (absl::EqualsIgnoreCase(name, field.name)) return &field;
  }
  return nullptr;
}

}  // namespace

FieldOutcome TakeFilterField(FilterCursor* cursor, FilterStep* step,
                             std::string* expectation) {
  const FilterFieldInfo* field = FindField(cursor->token().text);
  if (field == nullptr) return FieldOutcome::kNoField;
  cursor->Advance();
  const FilterTokenKind relation = cursor->token().kind;
  if (!field->Accepts(relation)) {
    *expectation = field->ExpectedRelation();
    return FieldOutcome::kWrong;
  }
  do {
    cursor->Advance();
    if (!cursor->At(Kind::kWord) || !field->Take(cursor->token().text, step)) {
      *expectation = field->ExpectedValue();
      return FieldOutcome::kWrong;
    }
    cursor->Advance();
  } while (cursor->At(Kind::kComma) && field->has_names());
  field->Finish(relation, step);
  return FieldOutcome::kTaken;
}

}  // namespace mosd::controlplane
