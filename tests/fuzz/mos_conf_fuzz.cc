// The grammar of mOS configuration files, and what is read from it. An input
// is a file. Of what can be parsed, the tree written out again parses to the
// same tree.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/mos_conf_parser.h"
#include "controlplane/config/mos_settings.h"

namespace {

using mosd::controlplane::MosConfNode;
using mosd::controlplane::ParseMosConf;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::string ToText(const MosConfNode& block) {
  std::string text = "\n";
  for (const MosConfNode& node : block.children) {
    text += node.text;
    if (node.is_block) text += " {" + ToText(node) + "}";
    text += node.is_block ? "\n" : ";\n";
  }
  return text;
}

bool Same(const MosConfNode& a, const MosConfNode& b) {
  if (a.text != b.text || a.is_block != b.is_block ||
      a.children.size() != b.children.size()) {
    return false;
  }
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!Same(a.children[i], b.children[i])) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = ParseMosConf(text, "mos.conf");
  if (!file.ok()) {
    Require(!file.status().message().empty(), "an error without a reason");
    return 0;
  }
  const auto again = ParseMosConf(ToText(*file), "again");
  Require(again.ok(), "what was parsed does not parse when written again");
  Require(Same(*file, *again), "what was parsed parses differently again");
  mosd::controlplane::MosConfReport report("mos.conf");
  mosd::controlplane::ReadMosSettings(*file, &report);
  return 0;
}
