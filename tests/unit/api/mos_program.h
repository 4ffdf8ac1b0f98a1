// A mOS program inside a test: a capture of the test's own frames, a mos.conf,
// one context, callbacks that are std::functions. One program at a time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet/parser.h"
#include "mos_api.h"
#include "mtcp_api.h"
#include "tests/support/packet.h"
#include "tests/support/tcp_script.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/port/capture_bytes.h"

namespace mosd::testing {

class MosProgram : public ::testing::Test {
 protected:
  static constexpr uint32_t kFirstSecond = 1'700'000'000;

  // What a callback was called with.
  struct Call {
    mctx_t mctx;
    int socket;
    int side;
    event_t event;
    filter_arg_t* argument;
  };
  using OnCall = std::function<void(const Call&)>;

  ~MosProgram() override {
    mtcp_destroy();
    on_call_ = nullptr;
  }

  // A segment of the flow between a client's port 40000 and port 80 of a
  // server, a millisecond after the one before.
  void Add(dataplane::Side sender, std::string_view flags, uint32_t seq,
           uint32_t ack, std::string_view payload = "",
           uint16_t client_port = 40000) {
    const bool client = sender == C;
    Add(Packet()
            .Ipv4(client ? "10.0.0.1" : "10.0.0.2",
                  client ? "10.0.0.2" : "10.0.0.1")
            .Tcp(client ? client_port : 80, client ? 80 : client_port)
            .Flags(ParseTcpFlags(flags))
            .Seq(seq)
            .Ack(ack)
            .Window(65535)
            .Payload(payload));
  }
  void Add(const Packet& packet) { Add(packet.Build()); }
  // Of the frame, `wire_length` bytes were on the wire; 0: no more than it has.
  void Add(const Bytes& frame, size_t wire_length = 0) {
    frames_.push_back({kFirstSecond + time_us_ / 1'000'000,
                       time_us_ % 1'000'000, frame, wire_length});
    time_us_ += 1'000;
  }
  void Wait(uint32_t seconds) { time_us_ += seconds * 1'000'000; }
  // Client 1000, server 5000.
  void Handshake(uint16_t client_port = 40000) {
    Add(C, "S", 1000, 0, "", client_port);
    Add(S, "SA", 5000, 1001, "", client_port);
    Add(C, "A", 1001, 5001, "", client_port);
  }

  // Starts the program, without a context yet.
  ::testing::AssertionResult Init() {
    dataplane::Classic capture;
    capture.Header();
    for (const Frame& frame : frames_) {
      capture.Frame(frame.second, frame.microsecond,
                    {frame.bytes.begin(), frame.bytes.end()},
                    frame.wire_length);
    }
    dataplane::WriteFile(dir_ / "frames.pcap", capture.text);
    std::ofstream(dir_ / "appliance.yaml")
        << "dataplane:\n  burst: " << burst_ << "\n"
        << appliance_;
    std::ofstream(dir_ / "mos.conf")
        << "mos {\n  appliance = appliance.yaml\n"
        << mos_ << "  netdev {\n    pcap:" << dir_ / "frames.pcap"
        << " " << core_mask_ << "\n  }\n}\n";
    if (mtcp_init((dir_ / "mos.conf").c_str()) != 0) {
      return ::testing::AssertionFailure() << "mtcp_init: errno " << errno;
    }
    return ::testing::AssertionSuccess();
  }

  // The whole life of a program.
  void Run(const std::function<void(mctx_t)>& set_up) {
    ASSERT_TRUE(Init());
    const mctx_t mctx = mtcp_create_context(0);
    ASSERT_NE(mctx, nullptr);
    set_up(mctx);
    mtcp_app_join(mctx);
    EXPECT_EQ(mtcp_destroy(), 0);
  }

  // A stream socket with a callback for each of the events, at every hook
  // where it may be; all go to `on_call`.
  int Watch(mctx_t mctx, event_t events, OnCall on_call) {
    on_call_ = std::move(on_call);
    const int socket = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
    EXPECT_GE(socket, 0);
    for (event_t bit = 1; bit <= events; bit <<= 1) {
      if (!(events & bit)) continue;
      for (const int hook : {MOS_HK_SND, MOS_HK_RCV, MOS_NULL}) {
        if (bit == MOS_ON_PKT_IN && hook == static_cast<int>(MOS_NULL)) {
          continue;
        }
        mtcp_register_callback(mctx, socket, bit, hook, &Forward);
      }
    }
    return socket;
  }

  static void Forward(mctx_t mctx, int socket, int side, event_t event,
                      filter_arg_t* argument) {
    on_call_({mctx, socket, side, event, argument});
  }

  TempDir dir_;
  std::string mos_;        // more lines of the mos block
  std::string appliance_;  // more lines of the dataplane block
  std::string core_mask_ = "0x1";
  int burst_ = 1;  // frames that a worker takes at a time
  static inline OnCall on_call_;

 private:
  struct Frame {
    uint32_t second;
    uint32_t microsecond;
    Bytes bytes;
    size_t wire_length;
  };
  std::vector<Frame> frames_;
  uint32_t time_us_ = 0;
};

}  // namespace mosd::testing
