#include "controlplane/grpc/flow_filter_parser.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/grpc/flow_filter_field.h"
#include "controlplane/grpc/flow_filter_lexer.h"
#include "controlplane/grpc/flow_filter_value.h"

namespace mosd::controlplane {
namespace {

using dataplane::IpVersion;
using End = FilterStep::End;
using Field = FilterStep::Field;
using Kind = FilterTokenKind;
using Op = FilterStep::Op;

// Recursive descent with one token of look-ahead. A function that returns
// false has set status_.
class Parser {
 public:
  explicit Parser(absl::string_view text) : lexer_(text) { Advance(); }

  absl::StatusOr<std::vector<FilterStep>> Run() {
    if (token_.kind == Kind::kEnd) return std::move(steps_);
    if (!Expression()) return status_;
    if (token_.kind != Kind::kEnd) {
      Fail("expected 'and', 'or' or the end");
      return status_;
    }
    return std::move(steps_);
  }

 private:
  void Advance() { token_ = lexer_.Next(); }

  bool Fail(absl::string_view expectation) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("at ", token_.position, ": ", expectation));
    return false;
  }

  bool IsWord(absl::string_view word) const {
    return token_.kind == Kind::kWord &&
           absl::EqualsIgnoreCase(token_.text, word);
  }

  bool TakeWord(absl::string_view word) {
    if (!IsWord(word)) return false;
    Advance();
    return true;
  }

  bool Expression() {
    if (!Term()) return false;
    while (true) {
      FilterStep step{};
      if (token_.kind == Kind::kAnd || IsWord("and")) {
        step.op = Op::kAnd;
      } else if (token_.kind == Kind::kOr || IsWord("or")) {
        step.op = Op::kOr;
      } else {
        return true;
      }
      Advance();
      if (!Term()) return false;
      steps_.push_back(step);
    }
  }

  bool Enter() {
    if (nesting_ == FlowFilter::kMaxNesting) {
      return Fail(
          absl::StrCat("nested more than ", FlowFilter::kMaxNesting, " deep"));
    }
    ++nesting_;
    return true;
  }

  bool Term() {
    if (token_.kind == Kind::kNot || IsWord("not")) {
      if (!Enter()) return false;
      Advance();
      if (!Term()) return false;
      --nesting_;
      steps_.push_back(FilterStep{.op = Op::kNot});
      return true;
    }
    if (token_.kind == Kind::kOpen) {
      if (!Enter()) return false;
      Advance();
      if (!Expression()) return false;
      if (token_.kind != Kind::kClose) return Fail("expected ')'");
      --nesting_;
      Advance();
      return true;
    }
    if (token_.kind != Kind::kWord) {
      return Fail("expected a word such as 'host', 'port' or 'state'");
    }
    if (const FilterFieldInfo* field = FindFilterField(token_.text)) {
      Advance();
      return FieldTest(*field);
    }
    return Words();
  }

  bool FieldTest(const FilterFieldInfo& field) {
    const FilterToken relation = token_;
    if (!field.Accepts(relation.kind)) return Fail(field.ExpectedRelation());
    FilterStep step{};
    do {
      Advance();
      if (token_.kind != Kind::kWord || !field.Take(token_.text, &step)) {
        return Fail(field.ExpectedValue());
      }
      Advance();
    } while (token_.kind == Kind::kComma && field.has_names());
    field.Finish(relation.kind, &step);
    steps_.push_back(step);
    return true;
  }

  // [tcp|ip|ip6] [src|dst] [host|net|port|portrange] ...
  bool Words() {
    const bool has_protocol = Protocol();
    FilterStep step{};
    bool has_end = true;
    if (TakeWord("src")) {
      step.end = End::kClient;
    } else if (TakeWord("dst")) {
      step.end = End::kServer;
    } else {
      has_end = false;
    }
    if (has_protocol && !has_end && !BeginsWhat()) return true;
    if (!What(&step)) return false;
    if (has_protocol) steps_.push_back(FilterStep{.op = Op::kAnd});
    return true;
  }

  // Pushes the test of a leading protocol word, if there is one.
  bool Protocol() {
    constexpr uint32_t kIpv4 = 1u << static_cast<int>(IpVersion::kIpv4);
    constexpr uint32_t kIpv6 = 1u << static_cast<int>(IpVersion::kIpv6);
    FilterStep step{.op = Op::kMember, .field = Field::kIpVersion};
    if (TakeWord("tcp")) {
      step.members = kIpv4 | kIpv6;
    } else if (TakeWord("ip")) {
      step.members = kIpv4;
    } else if (TakeWord("ip6")) {
      step.members = kIpv6;
    } else {
      return false;
    }
    steps_.push_back(step);
    return true;
  }

  bool BeginsWhat() const {
    return IsWord("host") || IsWord("net") || IsWord("port") ||
           IsWord("portrange") ||
           (token_.kind == Kind::kWord && ParseFilterAddress(token_.text));
  }

  bool What(FilterStep* step) {
    if (TakeWord("port")) return Port(step);
    if (TakeWord("portrange")) return PortRange(step);
    if (TakeWord("net")) return Net(step);
    if (TakeWord("host")) return Host(step, "expected an address after 'host'");
    return Host(step,
                "expected 'host', 'net', 'port', 'portrange', 'tcp', 'ip', "
                "'ip6', an address, or a field such as 'state'");
  }

  bool Push(FilterStep* step, Op op) {
    step->op = op;
    steps_.push_back(*step);
    Advance();
    return true;
  }

  std::optional<FilterAddress> AddressHere() const {
    if (token_.kind != Kind::kWord) return std::nullopt;
    return ParseFilterAddress(token_.text);
  }

  bool Host(FilterStep* step, absl::string_view expectation) {
    const std::optional<FilterAddress> address = AddressHere();
    if (!address) return Fail(expectation);
    step->version = address->version;
    step->address = address->bytes;
    step->mask.fill(0xff);
    return Push(step, Op::kAddress);
  }

  bool Net(FilterStep* step) {
    constexpr absl::string_view kExpectation =
        "expected ADDRESS/BITS, or ADDRESS mask ADDRESS, after 'net'";
    if (token_.kind != Kind::kWord) return Fail(kExpectation);
    const size_t slash = token_.text.find('/');
    const std::optional<FilterAddress> address =
        ParseFilterAddress(token_.text.substr(0, slash));
    if (!address) return Fail(kExpectation);
    step->version = address->version;
    if (slash != absl::string_view::npos) {
      const std::optional<uint32_t> bits =
          ParseFilterNumber(token_.text.substr(slash + 1), address->bits());
      if (!bits) {
        return Fail(
            absl::StrCat("expected 0 to ", address->bits(), " after '/'"));
      }
      for (uint32_t bit = 0; bit < *bits; ++bit) {
        step->mask[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
      }
    } else {
      Advance();
      if (!IsWord("mask")) return Fail("expected 'mask', or '/BITS' before");
      Advance();
      const std::optional<FilterAddress> mask = AddressHere();
      if (!mask || mask->version != address->version) {
        return Fail("expected an address of the same family after 'mask'");
      }
      step->mask = mask->bytes;
    }
    for (size_t i = 0; i < step->mask.size(); ++i) {
      if ((address->bytes[i] & ~step->mask[i]) != 0) {
        return Fail("the network address has bits outside its mask");
      }
    }
    step->address = address->bytes;
    return Push(step, Op::kAddress);
  }

  bool Port(FilterStep* step) {
    const std::optional<uint32_t> port = PortNumber(token_.text);
    if (!port) return Fail("expected 0 to 65535 after 'port'");
    step->low_port = step->high_port = static_cast<uint16_t>(*port);
    return Push(step, Op::kPort);
  }

  bool PortRange(FilterStep* step) {
    const size_t dash = token_.text.find('-');
    if (dash == absl::string_view::npos) {
      return Fail("expected FIRST-LAST after 'portrange'");
    }
    const std::optional<uint32_t> low = PortNumber(token_.text.substr(0, dash));
    const std::optional<uint32_t> high =
        PortNumber(token_.text.substr(dash + 1));
    if (!low || !high || *low > *high) {
      return Fail("expected FIRST-LAST, 0 to 65535, after 'portrange'");
    }
    step->low_port = static_cast<uint16_t>(*low);
    step->high_port = static_cast<uint16_t>(*high);
    return Push(step, Op::kPort);
  }

  static std::optional<uint32_t> PortNumber(absl::string_view word) {
    return ParseFilterNumber(word, std::numeric_limits<uint16_t>::max());
  }

  FlowFilterLexer lexer_;
  FilterToken token_;
  std::vector<FilterStep> steps_;
  absl::Status status_;
  size_t nesting_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<FilterStep>> ParseFlowFilter(
    absl::string_view text) {
  if (text.size() > FlowFilter::kMaxText) {
    return absl::InvalidArgumentError(
        absl::StrCat("at ", FlowFilter::kMaxText + 1, ": longer than ",
                     FlowFilter::kMaxText, " bytes"));
  }
  return Parser(text).Run();
}

}  // namespace mosd::controlplane
