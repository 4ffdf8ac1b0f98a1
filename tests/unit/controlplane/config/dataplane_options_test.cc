#include "controlplane/config/dataplane_options.h"

#include "controlplane/config/config_builder.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

TEST(DataplaneOptionsTest, DefaultsOfBothSidesAgree) {
  const dataplane::DataplaneOptions from =
      ToDataplaneOptions(*ConfigBuilder().Build());
  const dataplane::DataplaneOptions own;
  EXPECT_TRUE(from.ports.empty());
  EXPECT_EQ(from.workers, own.workers);
  EXPECT_EQ(from.cpus, own.cpus);
  EXPECT_EQ(from.max_flows, own.max_flows);
  EXPECT_EQ(from.max_ended_flows, own.max_ended_flows);
  EXPECT_EQ(from.ended_retention_ns, own.ended_retention_ns);
  EXPECT_EQ(from.timeouts.half_open_ns, own.timeouts.half_open_ns);
  EXPECT_EQ(from.timeouts.established_ns, own.timeouts.established_ns);
  EXPECT_EQ(from.timeouts.closing_ns, own.timeouts.closing_ns);
  EXPECT_EQ(from.timeouts.time_wait_ns, own.timeouts.time_wait_ns);
  EXPECT_EQ(from.midstream_pickup, own.midstream_pickup);
  EXPECT_EQ(from.last_frame, own.last_frame);
  EXPECT_EQ(from.snaplen_bytes, own.snaplen_bytes);
  EXPECT_EQ(from.last_frame_bytes, own.last_frame_bytes);
  EXPECT_EQ(from.hugepages, own.hugepages);
  EXPECT_EQ(from.packet_buffers, own.packet_buffers);
  EXPECT_EQ(from.idle, own.idle);
}

TEST(DataplaneOptionsTest, CarriesEveryValue) {
  ConfigBuilder builder;
  ASSERT_EQ(builder.ReadText(R"(
dataplane:
  ports: [{device: "pcap:x", queues: 3, loop: true, pace: timestamps}]
  workers: 2
  cpus: [4, 5]
  max_flows: 77
  timeouts: {half_open: 1s, established: 2s, closing: 3s, time_wait: 4ms}
  last_frame: {enabled: false, snaplen: 65, memory: 2MiB}
  ended_flows: {max_count: 9, retention: 5s}
  midstream_pickup: false
  memory: {hugepages: "off", packet_buffers: 5000}
  idle: busy_poll
)",
                             "f"),
            absl::OkStatus());
  const dataplane::DataplaneOptions options =
      ToDataplaneOptions(*builder.Build());
  ASSERT_EQ(options.ports.size(), 1u);
  EXPECT_EQ(options.ports[0].device, "pcap:x");
  EXPECT_EQ(options.ports[0].queues, 3u);
  EXPECT_TRUE(options.ports[0].loop);
  EXPECT_EQ(options.ports[0].pace, dataplane::CapturePace::kTimestamps);
  EXPECT_EQ(options.workers, 2u);
  EXPECT_EQ(options.cpus, (std::vector<uint32_t>{4, 5}));
  EXPECT_EQ(options.max_flows, 77u);
  EXPECT_EQ(options.timeouts.half_open_ns, 1'000'000'000);
  EXPECT_EQ(options.timeouts.established_ns, 2'000'000'000);
  EXPECT_EQ(options.timeouts.closing_ns, 3'000'000'000);
  EXPECT_EQ(options.timeouts.time_wait_ns, 4'000'000);
  EXPECT_FALSE(options.last_frame);
  EXPECT_EQ(options.snaplen_bytes, 65u);
  EXPECT_EQ(options.last_frame_bytes, 2u << 20);
  EXPECT_EQ(options.max_ended_flows, 9u);
  EXPECT_EQ(options.ended_retention_ns, 5'000'000'000);
  EXPECT_FALSE(options.midstream_pickup);
  EXPECT_EQ(options.hugepages, dataplane::Hugepages::kOff);
  EXPECT_EQ(options.packet_buffers, 5000u);
  EXPECT_EQ(options.idle, dataplane::IdlePolicy::kBusyPoll);
}

}  // namespace
}  // namespace mosd::controlplane
