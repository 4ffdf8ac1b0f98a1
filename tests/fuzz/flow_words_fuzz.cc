// Filters of stream sockets: any text is refused or run, and where libpcap
// takes it, too, both say the same of some flows.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "api/filter/flow_filter.h"
#include "tests/support/flow_words.h"

namespace {

using mosd::testing::FlowTuple;
using mosd::testing::FlowWords;
using mosd::testing::PcapProgram;

// Lone & and | are arithmetic to pcap, and capital letters names of hosts,
// which it would look up. Its time is cubic.
bool IsForPcap(const std::string& text) {
  return text.size() <= 200 && text.find('\0') == std::string::npos &&
         text.find_first_of("&|") == std::string::npos &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto filter = mosd::api::FlowFilter::Parse(text);
  if (!filter.ok()) return 0;
  FlowWords words(1);
  const bool is_for_pcap = IsForPcap(text);
  const PcapProgram pcap(is_for_pcap ? text : "tcp", false);
  for (int i = 0; i < 16; ++i) {
    const FlowTuple tuple = words.Tuple();
    const bool matches =
        filter->Matches(tuple.version, tuple.source, tuple.destination);
    if (is_for_pcap && pcap.ok() && matches != pcap.Matches(SynOf(tuple))) {
      std::fprintf(stderr, "not what libpcap says: %s\n", text.c_str());
      std::abort();
    }
  }
  return 0;
}
