// Options that several commands have. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "controlplane/mosctl/message_output.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mosd::mosctl {

// An option that takes one of `words`; `take` gets its place in the list. Help
// and completion list the words.
CLI::Option* AddChoice(CLI::App* app, const std::string& name,
                       const std::vector<std::string>& words,
                       std::function<void(size_t)> take,
                       const std::string& help);

// -o: one of `formats`, of which the first is the default.
void AddOutput(CLI::App* app, const std::vector<OutputFormat>& formats,
               OutputFormat* format);

// The argument FLOW, which must be what ParseFlowReference takes.
void AddFlow(CLI::App* app, std::string* flow);

}  // namespace mosd::mosctl
