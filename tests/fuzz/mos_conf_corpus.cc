// Writes the first inputs of mos_conf_fuzz into the folder that is named:
//   mos_conf_corpus FOLDER
#include <array>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>

namespace {

constexpr std::array kSeeds = {
    "application {\n\ttype = monitor\n\trun = fw -f \"tcp; port 80\"\n"
    "\tcore_mask = 0x000F\n\tip_forward = 1\n}\n",
    "mos {\n\tforward = 1\n\tnb_mem_channels = 4\n"
    "\tnetdev {\n\t\tdpdk0 0x000F\n\t\tdpdk1 -1\n\t}\n"
    "\tnic_forward_table { dpdk0 dpdk1 }\n\tarp_table {\n\t}\n}\n",
    "# all\nmos{max_concurrency=100;rmem_size 8192;wmem_size = 010\n"
    "no_ring_buffers = 1\ntcp_timeout = -1\ntcp_tw_interval = 0\n"
    "lastpkt = current # as shipped\nappliance = \"my file.yaml\"}",
    "mos\n{\nnetdev =\n\n{ 0000:03:00.0 0x1 af_packet:eth0,framecnt=4 0x2 }\n"
    "stat_print =\nmultiprocess = 0 master }",
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mos_conf_corpus FOLDER\n");
    return 2;
  }
  for (size_t i = 0; i < kSeeds.size(); ++i) {
    const std::string name =
        std::string(argv[1]) + "/seed-" + std::to_string(i);
    std::ofstream file(name, std::ios::binary);
    file << kSeeds[i];
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", name.c_str());
      return 1;
    }
  }
  return 0;
}
