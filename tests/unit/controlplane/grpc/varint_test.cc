// Varints made in a register against protobuf's, of every length.
#include "controlplane/grpc/varint.h"

#include <cstdint>
#include <random>
#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

std::string Made(uint32_t value) {
  const Varint varint = VarintOf(value);
  const auto* const bytes = reinterpret_cast<const char*>(&varint.bytes);
  // Nothing behind the last byte: what is stored there is of no use.
  EXPECT_EQ(varint.bytes >> 8 * varint.size, 0u) << value;
  return std::string(bytes, varint.size);
}

std::string Reference(uint32_t value) {
  using google::protobuf::io::CodedOutputStream;
  uint8_t bytes[5];
  return std::string(&bytes[0],
                     CodedOutputStream::WriteVarint32ToArray(value, bytes));
}

TEST(VarintTest, EveryLengthIsAsProtobufHasIt) {
  for (size_t bytes = 1; bytes <= 4; ++bytes) {
    const auto end = static_cast<uint32_t>(VarintEnd(bytes));
    EXPECT_EQ(Made(end - 1), Reference(end - 1));
    EXPECT_EQ(Made(end - 1).size(), bytes);
    EXPECT_EQ(Made(end / 128), Reference(end / 128));
  }
  EXPECT_EQ(Made(0), Reference(0));
  std::mt19937 random{7};
  for (int i = 0; i < 200'000; ++i) {
    const auto value = static_cast<uint32_t>(random() >> (4 + random() % 28));
    ASSERT_EQ(Made(value), Reference(value)) << value;
  }
}

}  // namespace
}  // namespace mosd::controlplane
