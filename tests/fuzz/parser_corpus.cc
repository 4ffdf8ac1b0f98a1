// Writes the first inputs of parser_fuzz into the folder that is named:
//   parser_corpus FOLDER
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/parser_seeds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: parser_corpus FOLDER\n");
    return 2;
  }
  const std::vector<mosd::testing::Bytes> seeds = mosd::testing::ParserSeeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    const std::string name =
        std::string(argv[1]) + "/seed-" + std::to_string(i);
    std::ofstream file(name, std::ios::binary);
    file.write("\0\0", 2);  // nothing was cut off
    file.write(reinterpret_cast<const char*>(seeds[i].data()),
               static_cast<std::streamsize>(seeds[i].size()));
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", name.c_str());
      return 1;
    }
  }
  return 0;
}
