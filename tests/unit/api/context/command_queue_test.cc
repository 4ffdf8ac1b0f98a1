#include "api/context/command_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace mosd::api {
namespace {

constexpr auto kNothing = [] {};

TEST(CommandQueueTest, ConcurrentCallsRunOnTheQueuesThreadOneByOne) {
  constexpr int kCallers = 3;
  constexpr int kCalls = 300;
  CommandQueue queue;
  std::atomic<bool> end{false};
  int served = 0;  // of the queue's thread alone
  std::thread::id server_id;
  std::thread server([&] {
    server_id = std::this_thread::get_id();
    while (!end.load()) queue.Serve();
  });
  std::vector<std::thread> callers;
  std::atomic<int> mistaken{0};
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < kCalls; ++call) {
        std::thread::id ran_on;
        const bool called = queue.Call(
            [&] {
              ++served;
              ran_on = std::this_thread::get_id();
            },
            kNothing);
        if (!called || ran_on != server_id) ++mistaken;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  end = true;
  server.join();
  EXPECT_EQ(served, kCallers * kCalls);
  EXPECT_EQ(mistaken, 0);
}

TEST(CommandQueueTest, ConcurrentContextsThatCallEachOtherDoNotWaitForEver) {
  CommandQueue queues[2];
  std::atomic<int> done{0};
  int calls[2] = {0, 0};
  const auto run = [&](int own) {
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE(queues[1 - own].Call([&, own] { ++calls[1 - own]; },
                                       [&, own] { queues[own].Serve(); }));
      queues[own].Serve();
    }
    ++done;
    while (done.load() != 2) queues[own].Serve();
  };
  std::thread other(run, 1);
  run(0);
  other.join();
  EXPECT_EQ(calls[0], 200);
  EXPECT_EQ(calls[1], 200);
}

TEST(CommandQueueTest, ConcurrentlyClosedItRefusesWhatWaitsAndWhatComes) {
  CommandQueue queue;
  bool ran = false;
  std::atomic<int> refused{0};
  std::thread caller([&] {
    if (!queue.Call([&] { ran = true; }, kNothing)) ++refused;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  queue.Close();
  caller.join();
  EXPECT_FALSE(queue.Call([&] { ran = true; }, kNothing));
  EXPECT_EQ(refused, 1);
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace mosd::api
