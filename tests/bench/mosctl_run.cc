#include "tests/bench/mosctl_run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include "tests/bench/report.h"

namespace mosd::bench {

std::string BuiltMosctl() {
  // BUILD/tests/bench/NAME and BUILD/mosctl.
  const std::filesystem::path self =
      std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path().parent_path() / "mosctl";
}

uint64_t LinesOfFlows(const std::string& mosctl, const std::string& address) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Fail("no pipe to be had");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const char* const arguments[] = {mosctl.c_str(), "--server", address.c_str(),
                                   "flows",        "list",     nullptr};
  pid_t child;
  const int error = posix_spawn(&child, mosctl.c_str(), &actions, nullptr,
                                const_cast<char**>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) Fail(mosctl + ": " + std::strerror(error));
  uint64_t lines = 0;
  std::vector<char> text(1 << 16);
  for (ssize_t got; (got = read(ends[0], text.data(), text.size())) > 0;) {
    lines += static_cast<uint64_t>(
        std::count(text.begin(), text.begin() + got, '\n'));
  }
  close(ends[0]);
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) {
    Fail(mosctl + " flows list did not end well");
  }
  return lines;
}

}  // namespace mosd::bench
