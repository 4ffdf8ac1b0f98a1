#include "controlplane/mosctl/completion.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace mosd::mosctl {
namespace {

// A command and what may follow it.
struct Node {
  std::string path;  // "flows list"; empty: mosctl itself
  std::vector<const CLI::App*> commands;
  std::vector<const CLI::Option*> options;  // those of its parents included
};

std::vector<std::string> Values(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (!absl::StrContains(type, "|")) return {};
  return absl::StrSplit(type, '|');
}

std::vector<std::string> Flags(const CLI::Option& option) {
  std::vector<std::string> flags;
  for (const std::string& name : option.get_lnames()) {
    flags.push_back("--" + name);
  }
  for (const std::string& name : option.get_snames()) {
    flags.push_back("-" + name);
  }
  return flags;
}

void Collect(const CLI::App& app, const std::string& path,
             const std::vector<const CLI::Option*>& inherited,
             std::vector<Node>* nodes) {
  Node node{.path = path, .commands = app.get_subcommands({}), .options = {}};
  for (const CLI::Option* option : app.get_options({})) {
    node.options.push_back(option);
  }
  for (const CLI::Option* option : inherited) {
    if (option->get_lnames() != std::vector<std::string>{"help"}) {
      node.options.push_back(option);
    }
  }
  nodes->push_back(node);
  for (const CLI::App* command : node.commands) {
    Collect(*command,
            path.empty() ? command->get_name()
                         : absl::StrCat(path, " ", command->get_name()),
            node.options, nodes);
  }
}

// Words that may come next: commands, flags, values of positional arguments.
std::vector<std::string> Words(const Node& node) {
  std::vector<std::string> words;
  for (const CLI::App* command : node.commands) {
    words.push_back(command->get_name());
  }
  for (const CLI::Option* option : node.options) {
    const std::vector<std::string> more =
        option->get_positional() ? Values(*option) : Flags(*option);
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

std::string BashScript(const std::vector<Node>& nodes) {
  std::string paths, values, words;
  for (const Node& node : nodes) {
    if (!node.path.empty()) {
      absl::StrAppend(&paths, paths.empty() ? "" : "|", "\"", node.path, "\"");
    }
    absl::StrAppend(&words, "    \"", node.path, "\") words=\"",
                    absl::StrJoin(Words(node), " "), "\" ;;\n");
    for (const CLI::Option* option : node.options) {
      const std::vector<std::string> list = Values(*option);
      if (list.empty() || option->get_positional()) continue;
      for (const std::string& flag : Flags(*option)) {
        absl::StrAppend(&values, "    \"", node.path, " ", flag, "\") words=\"",
                        absl::StrJoin(list, " "), "\" ;;\n");
      }
    }
  }
  return absl::StrReplaceAll(
      R"(_mosctl() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
  local path="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${path:+$path }${COMP_WORDS[i]}" in
      @PATHS@) path="${path:+$path }${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $previous" in
@VALUES@    *" --output-file") COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  [ -n "$words" ] || case "$path" in
@WORDS@  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _mosctl mosctl
)",
      {{"@PATHS@", paths}, {"@VALUES@", values}, {"@WORDS@", words}});
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string FishScript(const std::vector<Node>& nodes) {
  std::string script = "complete -c mosctl -f\n";
  for (const Node& node : nodes) {
    std::string condition = "__fish_use_subcommand";
    if (!node.path.empty()) {
      condition.clear();
      for (const absl::string_view word : absl::StrSplit(node.path, ' ')) {
        absl::StrAppend(&condition, condition.empty() ? "" : "; and ",
                        "__fish_seen_subcommand_from ", word);
      }
    }
    for (const CLI::App* command : node.commands) {
      absl::StrAppend(&script, "complete -c mosctl -n ", Quoted(condition),
                      " -a ", command->get_name(), " -d ",
                      Quoted(command->get_description()), "\n");
    }
    for (const CLI::Option* option : node.options) {
      const std::string list = absl::StrJoin(Values(*option), " ");
      absl::StrAppend(&script, "complete -c mosctl -n ", Quoted(condition));
      if (option->get_positional()) {
        absl::StrAppend(&script, " -a ", Quoted(list), "\n");
        continue;
      }
      for (const std::string& name : option->get_lnames()) {
        absl::StrAppend(&script, " -l ", name);
      }
      for (const std::string& name : option->get_snames()) {
        absl::StrAppend(&script, " -s ", name);
      }
      if (!list.empty()) {
        absl::StrAppend(&script, " -x -a ", Quoted(list));
      } else if (option->get_items_expected_max() > 0) {
        absl::StrAppend(&script, " -r");
      }
      absl::StrAppend(&script, " -d ", Quoted(option->get_description()), "\n");
    }
  }
  return script;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, absl::string_view shell) {
  std::vector<Node> nodes;
  Collect(app, "", {}, &nodes);
  if (shell == "fish") return FishScript(nodes);
  if (shell == "bash") return BashScript(nodes);
  if (shell == "zsh") {
    return absl::StrCat(
        "autoload -Uz compinit bashcompinit\n"
        "(( $+functions[compdef] )) || compinit\nbashcompinit\n",
        BashScript(nodes));
  }
  return "";
}

}  // namespace mosd::mosctl
