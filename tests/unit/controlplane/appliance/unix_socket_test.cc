#include "controlplane/appliance/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::testing::HasSubstr;

// A socket somebody serves, until Close(); its file stays.
class Server {
 public:
  explicit Server(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)),
              0);
    EXPECT_EQ(::listen(fd_, 0), 0);
  }
  ~Server() { Close(); }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

TEST(UnixSocketClaimTest, TakesAFreePathAndLeavesNothing) {
  const mosd::testing::TempDir directory;
  const std::string path = directory / "new/mosd.sock";
  {
    const auto claim = UnixSocketClaim::Take(path);
    ASSERT_TRUE(claim.ok()) << claim.status();
    const Server server(path);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory / "new"));
}

TEST(UnixSocketClaimTest, RemovesAStaleSocket) {
  const mosd::testing::TempDir directory;
  const std::string path = directory / "s";
  Server(path).Close();
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto claim = UnixSocketClaim::Take(path);
  ASSERT_TRUE(claim.ok()) << claim.status();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(UnixSocketClaimTest, RefusesALivingSocket) {
  const mosd::testing::TempDir directory;
  const std::string path = directory / "s";
  const Server server(path);
  const auto claim = UnixSocketClaim::Take(path);
  EXPECT_EQ(claim.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(claim.status().message()),
              HasSubstr("another mosd serves"));
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".lock"));
}

TEST(UnixSocketClaimTest, RefusesWhatAnotherClaimed) {
  // Also before its server listens: two that start at once.
  const mosd::testing::TempDir directory;
  auto first = UnixSocketClaim::Take(directory / "s");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(UnixSocketClaim::Take(directory / "s").status().code(),
            absl::StatusCode::kAlreadyExists);
  first = absl::UnknownError("released");
  EXPECT_TRUE(UnixSocketClaim::Take(directory / "s").ok());
}

TEST(UnixSocketClaimTest, NeverRemovesAFile) {
  const mosd::testing::TempDir directory;
  const std::string path = directory / "precious";
  std::ofstream(path) << "data";
  const auto claim = UnixSocketClaim::Take(path);
  EXPECT_EQ(claim.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(claim.status().message()), HasSubstr("no socket"));
  EXPECT_EQ(std::filesystem::file_size(path), 4u);
}

TEST(UnixSocketClaimTest, SaysWhatIsWrongWithAPath) {
  for (const std::string& path :
       {std::string(""), std::string("/nonexistent/a/b/mosd.sock"),
        "/tmp/" + std::string(200, 'x'), std::string("/proc/mosd.sock"),
        std::string("/dev/null/mosd.sock")}) {
    const auto claim = UnixSocketClaim::Take(path);
    EXPECT_FALSE(claim.ok()) << path;
    EXPECT_THAT(std::string(claim.status().message()), HasSubstr(path));
  }
}

TEST(UnixSocketClaimTest, MovesWithItsLock) {
  const mosd::testing::TempDir directory;
  auto first = UnixSocketClaim::Take(directory / "s");
  ASSERT_TRUE(first.ok());
  {
    const UnixSocketClaim moved = *std::move(first);
    EXPECT_EQ(moved.path(), directory / "s");
    EXPECT_FALSE(UnixSocketClaim::Take(directory / "s").ok());
  }
  EXPECT_TRUE(UnixSocketClaim::Take(directory / "s").ok());
}

}  // namespace
}  // namespace mosd::controlplane
