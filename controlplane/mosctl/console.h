// Where a command writes and what the reader can see: data to `out`,
// everything else to `err`. One thread. Tests make their own with string
// streams; main makes it from the process.
#pragma once

#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace mosd::mosctl {

enum class Style { kPlain, kHeading, kGood, kWarning, kBad, kDim };

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;
  int width = 0;  // columns of `out`; 0: no limit
  absl::TimeZone zone = absl::UTCTimeZone();
  absl::Time now = absl::Now();  // ages are counted back from it

  // `text` with the escape sequences of `style`, if there is color.
  std::string Paint(Style style, absl::string_view text) const;
  void AppendPainted(Style style, absl::string_view text,
                     std::string* line) const;

  // One line "mosctl: TEXT" to `err`. `text` is already printable.
  void Complain(absl::string_view text) const;
};

enum class ColorMode { kAuto, kAlways, kNever };

// What the terminal and the environment (COLUMNS, NO_COLOR, TERM) say about
// `out` and `err`, which are the process's standard streams.
Console ProcessConsole(std::ostream& out, std::ostream& err, ColorMode color,
                       bool utc);

}  // namespace mosd::mosctl
