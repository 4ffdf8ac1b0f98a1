// mosctl: asks a mosd for flows, last frames and its own state.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "controlplane/mosctl/command_line.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/output_file.h"
#include "grpc/support/log.h"

namespace {

void Ignore(gpr_log_func_args*) {}

}  // namespace

int main(int argc, char** argv) {
  using mosd::mosctl::ExitCode;
  // A reader that left shows as EPIPE and is no error.
  std::signal(SIGPIPE, SIG_IGN);
  // What gRPC would say of failures, mosctl says better; who wants its log asks
  // for it.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function(Ignore);
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
