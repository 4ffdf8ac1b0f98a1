// Splits the text of a flow filter into tokens. Thread-compatible; the tokens
// point into the text, which must outlive them. Positions count bytes from 1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace mosd::controlplane {

enum class FilterTokenKind : uint8_t {
  kEnd,
  kWord,  // letters, digits and _ . : / - : keywords, addresses, numbers
  kOpen,  // (
  kClose,
  kComma,
  kNot,           // !
  kAnd,           // & &&
  kOr,            // | ||
  kEqual,         // = ==
  kNotEqual,      // !=
  kLess,          // <
  kLessEqual,     // <=
  kGreater,       // >
  kGreaterEqual,  // >=
  kUnknown,       // a byte that starts no token
};

struct FilterToken {
  FilterTokenKind kind = FilterTokenKind::kEnd;
  size_t position = 1;  // of its first byte; of the end: one past the last
  absl::string_view text;
};

class FilterLexer {
 public:
  explicit FilterLexer(absl::string_view text) : text_(text) {}

  // The next token; kEnd again and again once the text is used up.
  FilterToken Next();

 private:
  FilterToken Take(FilterTokenKind kind, size_t size);

  absl::string_view text_;
  size_t offset_ = 0;
};

}  // namespace mosd::controlplane
