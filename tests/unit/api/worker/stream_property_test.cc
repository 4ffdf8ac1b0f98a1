// Whole streams through the C functions: however they were cut into segments,
// lost, sent again, repeated and reordered, and wherever their numbers wrap,
// what is peeked is what was sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "tests/support/api/wire.h"
#include "tests/support/api/worker_program.h"
#include "tests/support/packet.h"

namespace mosd::testing {
namespace {

using dataplane::Index;
using dataplane::Other;
using dataplane::Side;

// How a stream gets to the tap.
struct Trip {
  bool ipv6;
  size_t burst;
  bool holes;  // some bytes got by it, and never pass again
};

// Bytes [begin, end) of a stream in one segment.
struct Piece {
  uint32_t begin;
  uint32_t end;
};

class Connection {
 public:
  Connection(uint32_t seed, const Trip& trip)
      : trip_(trip),
        random_(seed),
        program_({.max_flows = 4, .buffer_bytes = 8192}) {
    for (uint32_t& seq : first_) {
      // Half of them wrap within the stream.
      seq = static_cast<uint32_t>(random_());
      if (Chance(2)) seq = 0u - static_cast<uint32_t>(random_() % 30'000);
    }
  }

  // How many bytes of each stream were on the wire behind the tap's back.
  uint32_t missed(Side sender) const { return missed_[Index(sender)]; }

  WorkerProgram& program() { return program_; }

  // Returns the lengths of both streams.
  std::vector<uint32_t> Run() {
    Send(C, "S", first_[0] - 1, 0, 0);
    Send(S, "SA", first_[1] - 1, first_[0], 0);
    Send(C, "A", first_[0], first_[1], 0);
    const uint32_t lengths[] = {Below(60'000), Below(60'000)};
    uint32_t sent[] = {0, 0};
    while (sent[0] < lengths[0] || sent[1] < lengths[1]) {
      const Side sender = Chance(2) ? C : S;
      uint32_t& done = sent[Index(sender)];
      const uint32_t end =
          std::min(done + Below(9'000), lengths[Index(sender)]);
      SendPart(sender, done, end, sent[Index(Other(sender))]);
      done = end;
      Acknowledge(sender, sent);
    }
    const uint32_t last[] = {first_[0] + lengths[0], first_[1] + lengths[1]};
    Send(C, "FA", last[0], last[1], 0);
    Send(S, "FA", last[1], last[0] + 1, 0);
    Send(C, "A", last[0] + 1, last[1] + 1, 0);
    EXPECT_TRUE(program_.Turn());
    return {lengths[0], lengths[1]};
  }

  uint32_t first_seq(Side sender) const { return first_[Index(sender)]; }

 private:
  uint32_t Below(uint32_t limit) {
    return static_cast<uint32_t>(random_() % limit);
  }
  bool Chance(uint32_t of) { return random_() % of == 0; }

  void Send(Side sender, std::string_view flags, uint32_t seq, uint32_t ack,
            size_t bytes) {
    const bool client = sender == C;
    const char* const addresses[] = {trip_.ipv6 ? "2001:db8::1" : "10.0.0.1",
                                     trip_.ipv6 ? "2001:db8::2" : "10.0.0.2"};
    Packet packet;
    trip_.ipv6 ? packet.Ipv6(addresses[!client], addresses[client])
               : packet.Ipv4(addresses[!client], addresses[client]);
    const Bytes frame = packet.Tcp(client ? 40'000 : 80, client ? 80 : 40'000)
                            .Flags(ParseTcpFlags(flags))
                            .Seq(seq)
                            .Ack(ack)
                            .Payload(PayloadFrom(seq, bytes))
                            .Build();
    program_.Add(frame, Chance(8) ? 1 + Below(1'000) : 0);
    if (program_.waiting() >= trip_.burst) {
      EXPECT_TRUE(program_.Turn());
    }
  }

  void Acknowledge(Side sender, const uint32_t (&sent)[2]) {
    Send(Other(sender), "A",
         first_[Index(Other(sender))] + sent[Index(Other(sender))],
         first_[Index(sender)] + sent[Index(sender)], 0);
  }

  // A part of a stream, as the tap sees it before it is acknowledged.
  void SendPart(Side sender, uint32_t begin, uint32_t end, uint32_t received) {
    std::vector<Piece> pieces;
    for (uint32_t at = begin; at < end;) {
      const uint32_t next = std::min(end, at + 1 + Below(1'460));
      if (trip_.holes && Chance(6)) {
        missed_[Index(sender)] += next - at;
      } else {
        pieces.push_back({at, next});
        if (Chance(5)) pieces.push_back(Again({at, next}));
      }
      at = next;
    }
    // What was lost ahead of the tap comes behind all the others.
    std::shuffle(pieces.begin(), pieces.end(), random_);
    for (const Piece& piece : pieces) {
      Send(sender, Chance(3) ? "PA" : "A", first_[Index(sender)] + piece.begin,
           first_[Index(Other(sender))] + received, piece.end - piece.begin);
    }
  }

  // The same once more, or a part of it.
  Piece Again(Piece piece) {
    const uint32_t length = piece.end - piece.begin;
    return {piece.begin + (Chance(2) ? Below(length) : 0), piece.end};
  }

  const Trip trip_;
  std::mt19937 random_;
  uint32_t first_[2];
  uint32_t missed_[2] = {0, 0};
  WorkerProgram program_;
};

// What a program got of the stream of one sender.
struct Got {
  uint32_t first_seq;
  uint64_t position = 0;
  uint64_t lost = 0;
  bool right = true;
};
Got got[2];
std::mt19937 rooms;
int ends = 0;

void OnData(mctx_t mctx, int socket, int side, event_t, filter_arg_t*) {
  Got& of = got[1 - side];
  char bytes[8192];
  for (;;) {
    const ssize_t count =
        mtcp_peek(mctx, socket, side, bytes, 1 + rooms() % sizeof(bytes));
    if (count == 0) return;
    if (count < 0) {
      ASSERT_EQ(errno, ENODATA);
      of.lost += static_cast<uint64_t>(-count);
      of.position += static_cast<uint64_t>(-count);
      continue;
    }
    for (ssize_t i = 0; i < count; ++i) {
      const uint32_t seq = of.first_seq + static_cast<uint32_t>(of.position++);
      of.right &= static_cast<uint8_t>(bytes[i]) == PayloadByteAt(seq);
    }
  }
}

void OnEnd(mctx_t, int, int, event_t, filter_arg_t*) { ++ends; }

class StreamPropertyTest : public ::testing::TestWithParam<Trip> {
 protected:
  static void Check(uint32_t seed) {
    Connection connection(seed, GetParam());
    const mctx_t mctx = connection.program().mctx();
    const int socket = mtcp_socket(mctx, AF_UNSPEC, MOS_SOCK_MONITOR_STREAM, 0);
    // Of a gap behind which nothing comes, MOS_ON_ERROR alone tells.
    for (const event_t event : {MOS_ON_CONN_NEW_DATA, MOS_ON_ERROR}) {
      ASSERT_EQ(mtcp_register_callback(mctx, socket, event, MOS_NULL, &OnData),
                0);
    }
    ASSERT_EQ(mtcp_register_callback(mctx, socket, MOS_ON_CONN_END, MOS_HK_SND,
                                     &OnEnd),
              0);
    rooms.seed(seed);
    ends = 0;
    for (const Side sender : {C, S}) {
      got[Index(sender)] = {connection.first_seq(sender)};
    }
    const std::vector<uint32_t> lengths = connection.Run();
    EXPECT_EQ(ends, 2);
    for (const Side sender : {C, S}) {
      const Got& of = got[Index(sender)];
      EXPECT_TRUE(of.right) << "a byte that was not sent there";
      EXPECT_EQ(of.position, lengths[Index(sender)]);
      EXPECT_EQ(of.lost, connection.missed(sender));
    }
  }
};

TEST_P(StreamPropertyTest, WhatIsPeekedIsWhatWasSent) {
  for (uint32_t seed = 0; seed < 150; ++seed) {
    Check(seed);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Trips, StreamPropertyTest,
    ::testing::Values(Trip{false, 1, false}, Trip{false, 32, false},
                      Trip{true, 1, false}, Trip{true, 32, false},
                      Trip{false, 1, true}, Trip{true, 32, true}),
    [](const auto& param) {
      const Trip& trip = param.param;
      return std::string(trip.ipv6 ? "Ipv6" : "Ipv4") + "Burst" +
             std::to_string(trip.burst) + (trip.holes ? "Holes" : "");
    });

}  // namespace
}  // namespace mosd::testing
