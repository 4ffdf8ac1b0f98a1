// Writes the first inputs of packet_edit_fuzz into the folder that is named:
//   packet_edit_corpus FOLDER
// Each is a frame of parser_fuzz behind four edits: an insertion, a removal and
// an overwriting of payload, and an insertion into a header.
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/parser_seeds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: packet_edit_corpus FOLDER\n");
    return 2;
  }
  constexpr std::array<uint8_t, 3 + 4 * 8> kEdits = {
      64,   0, 4,                     // room, cut off, edits
      0x3e, 0, 2,  0, 5, 0, 'x', 0,   // insert 5 bytes at 2
      0x3d, 0, 1,  0, 3, 0, 'x', 0,   // chomp 3 bytes at 1
      0x3c, 0, 0,  0, 1, 0, 'y', 0,   // overwrite one byte
      0x3a, 0, 20, 0, 4, 0, 1,   0};  // insert a word of TCP options
  const std::vector<mosd::testing::Bytes> seeds = mosd::testing::ParserSeeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    const std::string name =
        std::string(argv[1]) + "/seed-" + std::to_string(i);
    std::ofstream file(name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(kEdits.data()), kEdits.size());
    file.write(reinterpret_cast<const char*>(seeds[i].data()),
               static_cast<std::streamsize>(seeds[i].size()));
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", name.c_str());
      return 1;
    }
  }
  return 0;
}
