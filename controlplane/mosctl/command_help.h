// The long texts of --help: what the commands are for, by example.
#pragma once

namespace mosd::mosctl {

inline constexpr char kAbout[] =
    R"(mosctl asks mosd which TCP flows there are, how they stand, and what the last
Ethernet frame was that each side sent.

Examples:
  mosctl flows list                            the live flows
  mosctl flows list --all --filter 'host 10.0.0.1 and port 443'
  mosctl flows list --ended --filter 'end_reason=rst_server'
  mosctl flows watch --existing                flows as they come and go
  mosctl flows get 10.0.0.1:4321-10.0.0.2:80   one flow, both sides
  mosctl lastpkt get FLOW                      the last frame of each side
  mosctl lastpkt get FLOW -o pcapng | wireshark -k -i -
  mosctl stats                                 what came in, and where it went
  mosctl --server tap1:50051 --cacert ca.pem info             over TLS
)";

inline constexpr char kNotes[] =
    R"(FLOW is an id from "flows list", or two endpoints in either order:
10.0.0.1:4321-10.0.0.2:80 or [fd00::1]:4321-[fd00::2]:80.

Without --server, mosctl asks the first of /run/mosd/mosd.sock and
$XDG_RUNTIME_DIR/mosd.sock (without XDG_RUNTIME_DIR: /tmp/mosd-UID.sock) at
which mosd listens. Global options may also stand behind the command. A Unix
socket never has TLS; where an address has, one of --tls and --cacert is needed.

Data goes to stdout, everything else to stderr. JSON is the protobuf mapping of
the response: addresses and frames are base64, 64-bit numbers are strings.

Exit codes:
)";

inline constexpr char kListNotes[] =
    R"(EXPR takes the flow words of pcap-filter(7) and typed fields:
  host 10.0.0.1      net 10.0.0.0/8      port 443      portrange 8000-8999
  src host ADDRESS (the client)          dst port NUMBER (the server's)
  state=established,closing              client.state=FIN_WAIT_1
  end_reason=rst_server                  last_speaker=client
  idle>30s           frames>=100         midstream=true      worker=0
joined by and, or, not and parentheses.

Examples:
  mosctl flows list --filter 'state=established and idle>30s'
  mosctl flows list --all -o jsonl | jq -r .flowId
)";

inline constexpr char kWatchNotes[] =
    R"(Ends with Ctrl-C. With -o jsonl, each line is a FlowEvent; where events were
lost, a line with only "missedEvents" says how many.

Example:
  mosctl flows watch --filter 'port 443' -o jsonl
)";

inline constexpr char kLastPktNotes[] =
    R"(Formats: text (decoded), hex (dump), json, yaml, pcapng (for Wireshark), raw
(the bytes of one frame and nothing else). Files are made readable by you alone.

Examples:
  mosctl lastpkt get FLOW --side server
  mosctl lastpkt get FLOW -o pcapng --output-file last.pcapng
  mosctl lastpkt get FLOW --side client -o raw | xxd
)";

inline constexpr char kCompletionNotes[] =
    R"(Examples:
  source <(mosctl completion bash)
  source <(mosctl completion zsh)
  mosctl completion fish > ~/.config/fish/completions/mosctl.fish
)";

}  // namespace mosd::mosctl
