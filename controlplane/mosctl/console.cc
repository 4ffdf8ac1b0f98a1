#include "controlplane/mosctl/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosd::mosctl {
namespace {

constexpr int kMinWidth = 20;
constexpr int kMaxWidth = 10000;

absl::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? absl::string_view() : absl::string_view(value);
}

int TerminalWidth(bool is_terminal) {
  int columns = 0;
  if (absl::SimpleAtoi(Environment("COLUMNS"), &columns) &&
      columns >= kMinWidth && columns <= kMaxWidth) {
    return columns;
  }
  winsize size{};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col >= kMinWidth) {
    return size.ws_col;
  }
  return 0;
}

bool WantsColor(ColorMode mode, bool is_terminal) {
  switch (mode) {
    case ColorMode::kAlways:
      return true;
    case ColorMode::kNever:
      return false;
    case ColorMode::kAuto:
      break;
  }
  // https://no-color.org: any value that is not empty.
  return is_terminal && Environment("NO_COLOR").empty() &&
         Environment("TERM") != "dumb";
}

const char* EscapeOf(Style style) {
  switch (style) {
    case Style::kHeading:
      return "\033[1m";
    case Style::kGood:
      return "\033[32m";
    case Style::kWarning:
      return "\033[33m";
    case Style::kBad:
      return "\033[31m";
    case Style::kDim:
      return "\033[2m";
    case Style::kPlain:
      break;
  }
  return "";
}

}  // namespace

std::string Console::Paint(Style style, absl::string_view text) const {
  std::string painted;
  AppendPainted(style, text, &painted);
  return painted;
}

void Console::AppendPainted(Style style, absl::string_view text,
                            std::string* line) const {
  if (!color || style == Style::kPlain || text.empty()) {
    absl::StrAppend(line, text);
  } else {
    absl::StrAppend(line, EscapeOf(style), text, "\033[0m");
  }
}

void Console::Complain(absl::string_view text) const {
  err << "mosctl: " << std::string(text) << "\n";
}

Console ProcessConsole(std::ostream& out, std::ostream& err, ColorMode color,
                       bool utc) {
  Console console{.out = out, .err = err};
  console.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  console.err_is_terminal = isatty(STDERR_FILENO) == 1;
  console.color = WantsColor(color, console.out_is_terminal);
  console.width = TerminalWidth(console.out_is_terminal);
  console.zone = utc ? absl::UTCTimeZone() : absl::LocalTimeZone();
  return console;
}

}  // namespace mosd::mosctl
