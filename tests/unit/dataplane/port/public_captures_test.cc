// Captures of others, hundreds of them: a port delivers what libpcap reads.
#include <pcap/pcap.h>

#include <cinttypes>
#include <filesystem>
#include <set>

#include "tests/support/shared_dir.h"
#include "tests/unit/dataplane/port/port_fixture.h"

namespace mosd::dataplane {
namespace {

struct Counted {
  bool opened = false;  // and of Ethernet frames
  uint64_t frames = 0;
  uint64_t bytes = 0;
  bool broken = false;
};

Counted CountByLibpcap(const std::filesystem::path& path) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline(path.c_str(), error);
  Counted counted;
  if (capture == nullptr) return counted;
  counted.opened = pcap_datalink(capture) == DLT_EN10MB;
  pcap_pkthdr* header;
  const u_char* bytes;
  int result;
  while ((result = pcap_next_ex(capture, &header, &bytes)) == 1) {
    ++counted.frames;
    counted.bytes += header->caplen;
  }
  counted.broken = result != PCAP_ERROR_BREAK;
  pcap_close(capture);
  return counted;
}

class PublicCapturesTest : public PortTest {};

TEST_F(PublicCapturesTest, DeliverWhatLibpcapReads) {
  const auto shared = mosd::testing::SharedDirectory();
  if (!shared || !std::filesystem::exists(*shared / "pcaps")) {
    GTEST_SKIP() << "there is no ../shared/pcaps";
  }
  PortContext context;
  context.packet_buffers = 4096;
  int files = 0;
  int refused = 0;
  uint64_t all_frames = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(*shared / "pcaps")) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path();
    SCOPED_TRACE(path);
    ++files;
    const Counted expected = CountByLibpcap(path);
    auto port = Open({.device = "pcap:" + path}, 0, context);
    ASSERT_EQ(port.ok(), expected.opened) << port.status();
    if (!port.ok()) {
      EXPECT_TRUE(absl::IsInvalidArgument(port.status())) << port.status();
      ++refused;
      continue;
    }
    ASSERT_TRUE((*port)->Start().ok());
    uint64_t frames = 0;
    uint64_t bytes = 0;
    uint64_t promised = 0;
    ASSERT_TRUE(PollUntil(
        **port,
        [&](rte_mbuf* frame) {
          ++frames;
          bytes += frame->pkt_len;
          EXPECT_GE(StampOf(frame)->wire_length, frame->pkt_len);
        },
        [&] { return (*port)->exhausted(&promised) && frames >= promised; }));
    EXPECT_EQ(frames, expected.frames);
    EXPECT_EQ(bytes, expected.bytes);
    const PortSnapshot snapshot = (*port)->Snapshot();
    EXPECT_EQ(snapshot.rx_frames, expected.frames);
    EXPECT_EQ(snapshot.rx_bytes, expected.bytes);
    EXPECT_EQ(!snapshot.error.empty(), expected.broken) << snapshot.error;
    all_frames += frames;
  }
  EXPECT_GT(files, 0);
  std::printf("%d files, %d refused, %" PRIu64 " frames\n", files, refused,
              all_frames);
}

}  // namespace
}  // namespace mosd::dataplane
