#include "controlplane/flow_filter/filter_lexer.h"

#include "absl/strings/ascii.h"

namespace mosd::controlplane {
namespace {

struct Operator {
  absl::string_view text;
  FilterTokenKind kind;
};

// The longer ones first: the first that fits is taken.
constexpr Operator kOperators[] = {
    {"!=", FilterTokenKind::kNotEqual},     {"<=", FilterTokenKind::kLessEqual},
    {">=", FilterTokenKind::kGreaterEqual}, {"==", FilterTokenKind::kEqual},
    {"&&", FilterTokenKind::kAnd},          {"||", FilterTokenKind::kOr},
    {"!", FilterTokenKind::kNot},           {"<", FilterTokenKind::kLess},
    {">", FilterTokenKind::kGreater},       {"=", FilterTokenKind::kEqual},
    {"&", FilterTokenKind::kAnd},           {"|", FilterTokenKind::kOr},
    {"(", FilterTokenKind::kOpen},          {")", FilterTokenKind::kClose},
    {",", FilterTokenKind::kComma},
};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '.' || c == ':' || c == '/' || c == '-';
}

}  // namespace

FilterToken FilterLexer::Take(FilterTokenKind kind, size_t size) {
  const FilterToken token{kind, offset_ + 1, text_.substr(offset_, size)};
  offset_ += size;
  return token;
}

FilterToken FilterLexer::Next() {
  while (offset_ < text_.size() &&
         absl::ascii_isspace(static_cast<unsigned char>(text_[offset_]))) {
    ++offset_;
  }
  const absl::string_view rest = text_.substr(offset_);
  if (rest.empty()) return Take(FilterTokenKind::kEnd, 0);
  size_t word = 0;
  while (word < rest.size() && IsWordByte(rest[word])) ++word;
  if (word > 0) return Take(FilterTokenKind::kWord, word);
  for (const Operator& candidate : kOperators) {
    if (rest.substr(0, candidate.text.size()) == candidate.text) {
      return Take(candidate.kind, candidate.text.size());
    }
  }
  return Take(FilterTokenKind::kUnknown, 1);
}

}  // namespace mosd::controlplane
