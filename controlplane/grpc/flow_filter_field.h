// The typed fields of the filter language: one table of names, what each
// accepts and how its values are read. Immutable; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/grpc/flow_filter.h"
#include "controlplane/grpc/flow_filter_lexer.h"

namespace mosd::controlplane {

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

// nullptr: there is no such field. Upper and lower case are the same.
const FilterFieldInfo* FindFilterField(absl::string_view name);

}  // namespace mosd::controlplane
