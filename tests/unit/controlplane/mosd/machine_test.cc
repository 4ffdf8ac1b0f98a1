#include "controlplane/mosd/machine.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

// A folder that stands for the root of the file system.
class MachineTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  Machine Read() { return ReadMachine(root_ / ""); }

  testing::TempDir root_;
};

TEST_F(MachineTest, NothingIsKnownWhereThereIsNothing) {
  const Machine machine = Read();
  EXPECT_FALSE(machine.memory || machine.available || machine.group_limit ||
               machine.lock_limit);
  EXPECT_TRUE(machine.hugepages.empty());
  EXPECT_EQ(machine.transparent_hugepages, "");
}

TEST_F(MachineTest, ReadsMemory) {
  Write("proc/meminfo",
        "MemTotal:       24630668 kB\nMemFree:         1 kB\n"
        "MemAvailable:   22000000 kB\n");
  EXPECT_EQ(Read().memory, 24630668ull * 1024);
  EXPECT_EQ(Read().available, 22000000ull * 1024);
  Write("proc/meminfo", "MemTotal: much\n");
  EXPECT_FALSE(Read().memory);
}

TEST_F(MachineTest, ReadsGroupsOfVersion2) {
  Write("proc/self/cgroup", "0::/system.slice/mosd.service\n");
  EXPECT_FALSE(Read().group_limit);
  const std::string top = "sys/fs/cgroup/";
  Write(top + "system.slice/mosd.service/memory.max", "2147483648\n");
  Write(top + "system.slice/memory.max", "max\n");
  EXPECT_EQ(Read().group_limit, 2147483648u);
  // What is above counts as well.
  Write(top + "system.slice/memory.max", "1073741824\n");
  EXPECT_EQ(Read().group_limit, 1073741824u);
  Write("proc/self/cgroup", "0::/\n");
  EXPECT_FALSE(Read().group_limit);
}

TEST_F(MachineTest, ReadsItsOwnGroupWhereAContainerShowsItOnTop) {
  Write("proc/self/cgroup", "0::/kubepods/pod7/abc\n");
  Write("sys/fs/cgroup/memory.max", "536870912\n");
  EXPECT_EQ(Read().group_limit, 536870912u);
}

TEST_F(MachineTest, ReadsGroupsOfVersion1) {
  Write("proc/self/cgroup",
        "9:name=systemd:/\n4:cpu,memory:/a/b\n3:cpuset:/\n0::/\n");
  const std::string top = "sys/fs/cgroup/memory/";
  Write(top + "memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(Read().group_limit);  // is what "none" looks like
  Write(top + "a/b/memory.limit_in_bytes", "3221225472\n");
  Write(top + "a/memory.limit_in_bytes", "4294967296\n");
  EXPECT_EQ(Read().group_limit, 3221225472u);
}

TEST_F(MachineTest, ReadsWhatMayBeLocked) {
  Write("proc/self/limits",
        "Limit                     Soft Limit  Hard Limit  Units\n"
        "Max locked memory         8388608     9388608     bytes\n");
  Write("proc/self/status", "CapEff:\t0000000000000000\n");
  EXPECT_EQ(Read().lock_limit, 8388608u);
  Write("proc/self/status", "CapEff:\t0000000000004000\n");  // CAP_IPC_LOCK
  EXPECT_FALSE(Read().lock_limit);
  Write("proc/self/status", "CapEff:\t0000000000000000\n");
  Write("proc/self/limits", "Max locked memory   unlimited unlimited bytes\n");
  EXPECT_FALSE(Read().lock_limit);
}

TEST_F(MachineTest, ReadsHugePages) {
  const std::string pools = "sys/kernel/mm/hugepages/hugepages-";
  Write(pools + "1048576kB/nr_hugepages", "1\n");
  Write(pools + "1048576kB/free_hugepages", "1\n");
  Write(pools + "2048kB/nr_hugepages", "100\n");
  Write(pools + "2048kB/free_hugepages", "90\n");
  Write("sys/kernel/mm/transparent_hugepage/enabled",
        "always [madvise] never\n");
  Machine machine = Read();
  ASSERT_EQ(machine.hugepages.size(), 2u);
  EXPECT_EQ(machine.hugepages[0].page_bytes, 2048u * 1024);
  EXPECT_EQ(machine.hugepages[0].pages, 100u);
  EXPECT_EQ(machine.hugepages[0].free_bytes, 90u * 2048 * 1024);
  EXPECT_EQ(machine.hugepages[1].free_bytes, 1u << 30);
  EXPECT_EQ(machine.transparent_hugepages, "madvise");
  Write("sys/fs/cgroup/hugetlb.2MB.max", "4194304\n");
  EXPECT_EQ(Read().hugepages[0].free_bytes, 4194304u);
}

TEST_F(MachineTest, ReadsThisMachine) {
  EXPECT_GT(ReadMachine().memory.value_or(0), 1u << 20);
}

}  // namespace
}  // namespace mosd::controlplane
