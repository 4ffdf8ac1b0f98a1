#include "controlplane/mosctl/tls_options.h"

#include <CLI/CLI.hpp>

namespace mosd::mosctl {

void AddTlsOptions(CLI::App* app, TlsOptions* options) {
  app->add_flag("--tls", options->wanted,
                "Speak TLS; trust the authorities of this system")
      ->envname("MOSCTL_TLS");
  app->add_option("--cacert", options->authorities,
                  "Speak TLS; trust the authorities in this file")
      ->envname("MOSCTL_CACERT")
      ->type_name("FILE");
  CLI::Option* certificate =
      app->add_option("--cert", options->certificate,
                      "One's own certificate, where mosd asks for one")
          ->envname("MOSCTL_CERT")
          ->type_name("FILE");
  CLI::Option* key = app->add_option("--key", options->key, "The key of --cert")
                         ->envname("MOSCTL_KEY")
                         ->type_name("FILE");
  certificate->needs(key);
  key->needs(certificate);
  app->add_option("--server-name", options->server_name,
                  "Name in mosd's certificate, if not that in --server")
      ->envname("MOSCTL_SERVER_NAME")
      ->type_name("NAME");
}

}  // namespace mosd::mosctl
