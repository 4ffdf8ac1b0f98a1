#include "controlplane/flow_filter/filter_parser.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/flow_filter/filter_value.h"

namespace mosd::controlplane {
namespace {

using dataplane::IpVersion;
using End = FilterStep::End;
using Kind = FilterTokenKind;
using Op = FilterStep::Op;

// The words in front of a value, which the next value may do without.
struct Qualifiers {
  IpVersion version{};  // {}: any
  End end = End::kEither;
  FilterValueKind what = FilterValueKind::kNone;
  bool is_host_implied = false;
};

// Recursive descent with one token of look-ahead. A function that returns
// false has set status_.
class Parser {
 public:
  Parser(absl::string_view text, const FilterLanguage& language)
      : cursor_(text), language_(language) {}

  absl::StatusOr<std::vector<FilterStep>> Run() {
    if (cursor_.At(Kind::kEnd)) return std::move(steps_);
    if (!Expression()) return status_;
    if (!cursor_.At(Kind::kEnd)) {
      Fail("expected 'and', 'or' or the end");
      return status_;
    }
    return std::move(steps_);
  }

 private:
  bool Fail(absl::string_view expectation) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("at ", cursor_.token().position, ": ", expectation));
    return false;
  }

  void Push(Op op) { steps_.push_back(FilterStep{.op = op}); }

  bool Expression() {
    if (!Term()) return false;
    while (cursor_.AtAnd() || cursor_.AtOr()) {
      const Op op = cursor_.AtAnd() ? Op::kAnd : Op::kOr;
      cursor_.Advance();
      if (!Term()) return false;
      Push(op);
    }
    return true;
  }

  bool Enter() {
    if (nesting_ == kMaxFilterNesting) {
      return Fail(
          absl::StrCat("nested more than ", kMaxFilterNesting, " deep"));
    }
    ++nesting_;
    cursor_.Advance();
    return true;
  }

  bool Term() {
    if (cursor_.AtNot()) {
      if (!Enter() || !Term()) return false;
      --nesting_;
      Push(Op::kNot);
      return true;
    }
    if (cursor_.At(Kind::kOpen)) {
      if (!Enter() || !Expression()) return false;
      if (!cursor_.At(Kind::kClose)) return Fail("expected ')'");
      --nesting_;
      cursor_.Advance();
      return true;
    }
    return only_values_ ? Value() : Test();
  }

  bool Test() {
    if (!cursor_.At(Kind::kWord)) return Fail(language_.term);
    if (language_.take_field != nullptr) {
      FilterStep step{};
      std::string expectation;
      switch (language_.take_field(&cursor_, &step, &expectation)) {
        case FieldOutcome::kTaken:
          qualifiers_ = Qualifiers{};
          steps_.push_back(step);
          return true;
        case FieldOutcome::kWrong:
          return Fail(expectation);
        case FieldOutcome::kNoField:
          break;
      }
    }
    if (qualifiers_.what != FilterValueKind::kNone && LooksLikeValue()) {
      return Value();
    }
    return Words();
  }

  // Words that a value may follow, and their values.
  bool Words() {
    qualifiers_ = Qualifiers{};
    const bool has_protocol = TakeProtocol();
    const bool has_end = cursor_.AtWord("src") || cursor_.AtWord("dst");
    if (has_end && !TakeEnds()) return false;
    qualifiers_.what = TakeWhat();
    if (qualifiers_.what == FilterValueKind::kNone) {
      if (has_protocol && !has_end && !AtAddress()) return Protocol();
      qualifiers_.what = FilterValueKind::kHost;
      qualifiers_.is_host_implied = true;
    }
    if (!has_end && qualifiers_.is_host_implied && !AtAddress()) return Value();
    only_values_ = true;
    const bool good = Term();
    only_values_ = false;
    return good;
  }

  // No word of the language does.
  bool LooksLikeValue() const {
    const absl::string_view text = cursor_.token().text;
    return absl::ascii_isdigit(static_cast<unsigned char>(text[0])) ||
           absl::StrContains(text, ':');
  }

  bool AtAddress() const {
    return cursor_.At(Kind::kWord) &&
           ParseFilterAddress(cursor_.token().text).has_value();
  }

  bool AtProtocol() const {
    return cursor_.AtWord("tcp") ||
           (language_.has_ip_words &&
            (cursor_.AtWord("ip") || cursor_.AtWord("ip6")));
  }

  bool TakeProtocol() {
    if (!AtProtocol()) return false;
    if (cursor_.AtWord("ip")) qualifiers_.version = IpVersion::kIpv4;
    if (cursor_.AtWord("ip6")) qualifiers_.version = IpVersion::kIpv6;
    cursor_.Advance();
    return true;
  }

  // A protocol with nothing behind it: no value can follow.
  bool Protocol() {
    steps_.push_back(
        FilterStep{.op = Op::kVersion, .version = qualifiers_.version});
    qualifiers_ = Qualifiers{};
    return true;
  }

  bool TakeEnds() {
    const bool is_client = cursor_.AtWord("src");
    qualifiers_.end = is_client ? End::kClient : End::kServer;
    cursor_.Advance();
    if (!cursor_.AtAnd() && !cursor_.AtOr()) return true;
    qualifiers_.end = cursor_.AtAnd() ? End::kBoth : End::kEither;
    cursor_.Advance();
    if (cursor_.TakeWord(is_client ? "dst" : "src")) return true;
    return Fail(is_client ? "expected 'dst' to go with 'src'"
                          : "expected 'src' to go with 'dst'");
  }

  FilterValueKind AtWhat() const {
    if (cursor_.AtWord("host")) return FilterValueKind::kHost;
    if (cursor_.AtWord("net")) return FilterValueKind::kNet;
    if (cursor_.AtWord("port")) return FilterValueKind::kPort;
    if (cursor_.AtWord("portrange")) return FilterValueKind::kPortRange;
    return FilterValueKind::kNone;
  }

  FilterValueKind TakeWhat() {
    const FilterValueKind what = AtWhat();
    if (what != FilterValueKind::kNone) cursor_.Advance();
    return what;
  }

  bool Value() {
    FilterStep step{.op = Op::kAddress, .end = qualifiers_.end};
    std::string expectation;
    if (!TakeFilterValue(qualifiers_.what, &cursor_, &step, &expectation)) {
      return Fail(qualifiers_.is_host_implied ? language_.words
                                              : absl::string_view(expectation));
    }
    steps_.push_back(step);
    if (qualifiers_.version != IpVersion{}) {
      steps_.push_back(
          FilterStep{.op = Op::kVersion, .version = qualifiers_.version});
      Push(Op::kAnd);
    }
    return true;
  }

  FilterCursor cursor_;
  const FilterLanguage& language_;
  std::vector<FilterStep> steps_;
  Qualifiers qualifiers_;
  absl::Status status_;
  size_t nesting_ = 0;
  bool only_values_ = false;  // behind words such as "port"
};

}  // namespace

absl::StatusOr<std::vector<FilterStep>> ParseFilter(
    absl::string_view text, const FilterLanguage& language) {
  if (text.size() > language.max_text_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("at ", language.max_text_bytes + 1, ": longer than ",
                     language.max_text_bytes, " bytes"));
  }
  return Parser(text, language).Run();
}

}  // namespace mosd::controlplane
