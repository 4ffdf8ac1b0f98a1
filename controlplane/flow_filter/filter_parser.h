// The compiler of filters of flows: one grammar, which a language of filters
// may extend by fields. Pure functions, any thread.
//
//   expression = term { ("and" | "&" | "&&" | "or" | "|" | "||") term }
//   term       = { "not" | "!" } ( "(" expression ")" | words | field | value )
//   words      = "tcp" | "ip" | "ip6"
//              | [ "tcp" | "ip" | "ip6" ] [ ends ] [ what ] values
//   ends       = "src" | "dst" | "src or dst" | "src and dst"
//   what       = "host" | "net" | "port" | "portrange"; without: "host"
//   values     = { "not" | "!" } ( "(" values of the same kind ")" | value )
//   value      = ADDRESS | ADDRESS/BITS | ADDRESS "mask" ADDRESS
//              | NUMBER | NUMBER-NUMBER
//
// As in pcap-filter(7), "and" and "or" bind equally and from left to right, a
// value without words in front takes those of the words before it ("port 80 or
// 443"), and a short IPv4 network names its leading bytes ("net 10.1"). "src"
// is the client and "dst" the server: a flow has no direction of its own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/flow_filter/filter_cursor.h"
#include "controlplane/flow_filter/filter_step.h"

namespace mosd::controlplane {

enum class FieldOutcome : uint8_t { kNoField, kTaken, kWrong };

// What one language has and the other has not.
struct FilterLanguage {
  size_t max_text_bytes;
  bool has_ip_words;  // "ip" and "ip6"
  // Takes a test such as "state=ended" from the cursor. kWrong sets what was
  // expected where the cursor stands. nullptr: there are no fields.
  FieldOutcome (*take_field)(FilterCursor* cursor, FilterStep* step,
                             std::string* expectation);
  absl::string_view term;  // what an error says that it had expected
  absl::string_view words;
};

// The steps of a filter, at most kMaxFilterNesting + 3 operands open at once.
// Empty or blank text: no steps. INVALID_ARGUMENT says where, counting bytes
// from 1, and what was expected: "at 6: expected an address after 'host'".
absl::StatusOr<std::vector<FilterStep>> ParseFilter(
    absl::string_view text, const FilterLanguage& language);

}  // namespace mosd::controlplane
