#include "controlplane/mosctl/command_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/mosctl/flow_reference.h"

namespace mosd::mosctl {

CLI::Option* AddChoice(CLI::App* app, const std::string& name,
                       const std::vector<std::string>& words,
                       std::function<void(size_t)> take,
                       const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name,
          [name, words, take = std::move(take)](const std::string& word) {
            for (size_t i = 0; i < words.size(); ++i) {
              if (words[i] == word) return take(i);
            }
            throw CLI::ValidationError(
                name, absl::StrCat("\"", word, "\" is none of ",
                                   absl::StrJoin(words, ", ")));
          },
          help)
      ->type_name(absl::StrJoin(words, "|"));
}

void AddOutput(CLI::App* app, const std::vector<OutputFormat>& formats,
               OutputFormat* format) {
  *format = formats.front();
  std::vector<std::string> words;
  for (const OutputFormat each : formats) {
    words.emplace_back(NameOf(each));
  }
  AddChoice(
      app, "-o,--output", words,
      [formats, format](size_t i) { *format = formats[i]; },
      absl::StrCat("How to write it [", words.front(), "]"));
}

void AddFlow(CLI::App* app, std::string* flow) {
  app->add_option("FLOW", *flow, "Flow id, or client-server")
      ->required()
      ->type_name("")
      ->check([](const std::string& text) {
        return std::string(ParseFlowReference(text).status().message());
      });
}

}  // namespace mosd::mosctl
