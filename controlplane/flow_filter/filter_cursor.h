// A place in the text of a filter: one token of look-ahead. Thread-compatible;
// the text must outlive it.
#pragma once

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "controlplane/flow_filter/filter_lexer.h"

namespace mosd::controlplane {

class FilterCursor {
 public:
  explicit FilterCursor(absl::string_view text) : lexer_(text) { Advance(); }

  const FilterToken& token() const { return token_; }
  bool At(FilterTokenKind kind) const { return token_.kind == kind; }
  // Upper and lower case are the same.
  bool AtWord(absl::string_view word) const {
    return At(FilterTokenKind::kWord) &&
           absl::EqualsIgnoreCase(token_.text, word);
  }
  bool AtNot() const { return At(FilterTokenKind::kNot) || AtWord("not"); }
  bool AtAnd() const { return At(FilterTokenKind::kAnd) || AtWord("and"); }
  bool AtOr() const { return At(FilterTokenKind::kOr) || AtWord("or"); }

  void Advance() { token_ = lexer_.Next(); }
  bool TakeWord(absl::string_view word) {
    if (!AtWord(word)) return false;
    Advance();
    return true;
  }

 private:
  FilterLexer lexer_;
  FilterToken token_;
};

}  // namespace mosd::controlplane
