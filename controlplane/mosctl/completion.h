// Shell completion, derived from the command line itself, so that it knows
// every command, option and value that mosctl does. Pure, any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
}

namespace mosd::mosctl {

// A script for "bash", "zsh" or "fish" that completes the commands of `app`.
// Values of an option are those its type name lists with "|" between them.
// Empty: no such shell.
std::string CompletionScript(const CLI::App& app, absl::string_view shell);

}  // namespace mosd::mosctl
