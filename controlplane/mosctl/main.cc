// mosctl: asks a mosd for flows, last frames and its own state.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

#include "controlplane/mosctl/command_line.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/output_file.h"

int main(int argc, char** argv) {
  using mosd::mosctl::ExitCode;
  // A reader that left shows as EPIPE and is no error.
  std::signal(SIGPIPE, SIG_IGN);
  mosd::mosctl::DescriptorBuffer buffer(STDOUT_FILENO);
  std::ostream out(&buffer);
  ExitCode code = mosd::mosctl::RunCommandLine(argc, argv, out, std::cerr);
  out.flush();
  if (buffer.error() != 0 && buffer.error() != EPIPE) {
    std::cerr << "mosctl: cannot write: " << std::strerror(buffer.error())
              << "\n";
    code = ExitCode::kFailure;
  }
  return static_cast<int>(code);
}
