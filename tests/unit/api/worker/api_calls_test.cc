// Programs that do anything; see tests/support/api/api_calls.h.
#include "tests/support/api/api_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <vector>

#include "api/log.h"

namespace mosd::testing {
namespace {

constexpr int kPrograms = 4'000;
constexpr size_t kInputBytes = 1'500;

std::vector<uint8_t> RandomInput(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> input(kInputBytes);
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  return input;
}

TEST(ApiCallsTest, WhateverIsCalledIsAnsweredAsDocumented) {
  api::Log().set_level(spdlog::level::off);  // each mistake is a line
  ApiCalls::Met met;
  uint64_t bytes_checked = 0;
  uint64_t flows_ended = 0;
  for (uint32_t seed = 0; seed < kPrograms; ++seed) {
    const std::vector<uint8_t> input = RandomInput(seed);
    ApiCalls calls(input);
    ASSERT_EQ(calls.Run(), "") << "seed " << seed;
    for (const auto& [answer, times] : calls.met()) met[answer] += times;
    bytes_checked += calls.bytes_checked();
    flows_ended += calls.flows_ended();
  }
  EXPECT_GT(bytes_checked, 500'000u);
  EXPECT_GT(flows_ended, 10'000u);
  // Each of the documented answers that a context's own thread can get.
  const std::vector<std::pair<std::string, std::vector<int>>> documented = {
      {"mtcp_socket", {0, EACCES, EAFNOSUPPORT, EINVAL}},
      {"mtcp_close", {0, EACCES, EBADF}},
      {"mtcp_bind_monitor_filter", {0, EACCES, EBADF, EINVAL, ENOPROTOOPT}},
      {"mtcp_register_callback", {0, EACCES, EBADF, EINVAL}},
      {"mtcp_raise_event", {0, EACCES, EINVAL}},
      {"mtcp_set_uctx", {0, EACCES, EBADF}},
      {"mtcp_get_uctx", {0, EACCES, EBADF}},
      {"mtcp_peek", {0, EACCES, EBADF, EINVAL, ENOTSOCK, ENODATA}},
      {"mtcp_ppeek", {0, EACCES, EBADF, EINVAL, ESOCKTNOSUPPORT, ENODATA}},
      {"mtcp_getlastpkt", {0, EACCES, EBADF, EINVAL, ENODATA}},
      {"mtcp_setlastpkt", {0, EACCES, EBADF, EINVAL, EMSGSIZE, ENODATA}},
      {"mtcp_sendpkt", {EACCES, EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP}},
      {"mtcp_reset_conn", {EACCES, EBADF, ENOTSOCK, EOPNOTSUPP}},
      {"mtcp_settimer", {0, EACCES, EINVAL}},
      {"mtcp_getpeername", {0, EACCES, EBADF, EINVAL, ENOTCONN}},
      {"mtcp_getsockopt", {0, EACCES, EBADF, EINVAL, ENOTSOCK, ENOPROTOOPT}},
      {"mtcp_setsockopt", {0, EACCES, EBADF, EINVAL, ENOPROTOOPT, EPERM}},
      {"mos_flow_id", {0, EACCES, EBADF, EINVAL, ENOTSOCK}},
      {"mtcp_cb_get_ts", {0, EACCES}},
      {"mtcp_get_connection_cnt", {0, EACCES}},
      {"mtcp_destroy_context", {0, EACCES}},
  };
  for (const auto& [function, errors] : documented) {
    for (const int error : errors) {
      EXPECT_NE(met.count({function, error}), 0u)
          << function << " never answered errno " << error;
    }
  }
}

}  // namespace
}  // namespace mosd::testing
