"""The headers of libmos: every constant and every layout that programs were
compiled with, which header has what, and company of the system's headers."""

import itertools
import subprocess
import unittest

from e2e.environment import PATIENCE, ROOT, temp_dir

_INCLUDE = ROOT / "api" / "include"
_HEADERS = sorted(path.name for path in _INCLUDE.glob("*.h"))
_C = (("gcc", "-std=gnu99"), ("clang-14", "-std=gnu99"))
_CXX = (("g++", "-x", "c++"), ("clang++-14", "-x", "c++"))
_WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")


def _bits(prefix, names):
    return {f"{prefix}{name}": 1 << bit for bit, name in enumerate(names.split())}


def _numbers(prefix, names, first=0):
    return {f"{prefix}{name}": first + number for number, name in enumerate(names.split())}


_VALUES = {
    "mtcp_api.h": {
        **_numbers("MOS_SOCK_", "UNUSED STREAM_LISTEN PROXY_LISTEN MONITOR_STREAM STREAM PROXY "
                                "MONITOR_STREAM_ACTIVE MONITOR_RAW EPOLL PIPE"),
        "MOS_APP": 20, "MOS_APP_ARGC": 20, "INPORT_ANY": 0,
    },
    "mos_api.h": {
        "MOS_NULL": 1 << 29, "MOS_HK_RCV": 1 << 30, "MOS_HK_SND": -(1 << 31),
        "MOS_NULL_EVENT": 0,
        **_bits("MOS_ON_", "PKT_IN PKT_OUT CONN_START CONN_SETUP CONN_NEW_DATA ERROR TIMEOUT "
                           "TCP_STATE_CHANGE ORPHAN REXMIT CONN_END DEBUG_MESSAGE"),
        **_bits("MOS_", "ETH_HDR IP_HDR TCP_HDR TCP_PAYLOAD UPDATE_IP_CHKSUM UPDATE_TCP_CHKSUM "
                        "DROP OVERWRITE CHOMP INSERT"),
        **_numbers("MOS_SIDE_", "CLI SVR BOTH"),
        "SOL_MONSOCKET": 0xfffe,
        **_numbers("MOS_", "FRAGINFO_CLIBUF FRAGINFO_SVRBUF INFO_CLIBUF INFO_SVRBUF "
                           "TCP_STATE_CLI TCP_STATE_SVR TIMESTAMP", first=1),
        **_numbers("MOS_", "CLIBUF SVRBUF SEQ_REMAP STOP_MON FRAG_CLIBUF FRAG_SVRBUF "
                           "CLIOVERLAP SVROVERLAP", first=9),
        **_numbers("MOS_OVERLAP_", "POLICY_FIRST POLICY_LAST CNT"),
        **_numbers("TCP_", "CLOSED LISTEN SYN_SENT SYN_RCVD ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 "
                           "CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT"),
        "PKT_INFO_LEN": 40,
    },
    "mtcp_epoll.h": {
        **_numbers("MOS_EPOLL_CTL_", "ADD DEL MOD", first=1),
        **_bits("MOS_EPOLL", "NONE IN PRI OUT RDNORM RDBAND WRNORM WRBAND MSG ERR HUP RDHUP"),
        "MOS_EPOLLONESHOT": 1 << 30, "MOS_EPOLLET": -(1 << 31),
    },
}

# Header, structure, its size on a 64-bit machine, its members and their offsets.
_LAYOUTS = (
    ("mtcp_api.h", "struct mtcp_context", 4, "cpu 0"),
    ("mtcp_api.h", "struct mtcp_conf", 3488,
     "num_cores 0 max_concurrency 4 cpu_mask 8 max_num_buffers 16 rcvbuf_size 20 sndbuf_size 24 "
     "tcp_timewait 28 tcp_timeout 32 app_cpu_mask 40 app_argv 200 app_argc 3400 num_app 3480"),
    ("mos_api.h", "struct pkt_info", 72,
     "cur_ts 0 in_ifidx 4 eth_len 6 ip_len 8 offset 16 payloadlen 24 seq 28 ack_seq 32 window 36 "
     "ethh 40 iph 48 tcph 56 payload 64"),
    ("mos_api.h", "struct pkt_ctx", 80, "p 0 direction 72 forward 73 out_ifidx 74 batch_index 75"),
    ("mos_api.h", "struct tcp_buf_info", 16,
     "tcpbi_init_seq 0 tcpbi_last_byte_read 4 tcpbi_next_byte_expected 8 "
     "tcpbi_last_byte_received 12"),
    ("mos_api.h", "struct tcp_ring_fragment", 16, "offset 0 len 8"),
    ("mos_api.h", "filter_arg_t", 16, "arg 0 len 8"),
    ("mos_api.h", "seq_remap_info", 16, "seq_off 0 side 8 base_seq 12"),
    ("mos_api.h", "union monitor_filter", 16,
     "raw_pkt_filter 0 stream_syn_filter 0 stream_orphan_filter 8"),
    ("mtcp_epoll.h", "struct mtcp_epoll_event", 16, "events 0 data 8"),
)

# Uses of one header alone.
_USES = (
    ("mos_api.h", "const char* use(void) { return EventToString(MOS_ON_PKT_IN); }"),
    ("mos_api.h", "const char* use(const struct pkt_info* p, char* text) "
                  "{ return inet_ntop(AF_INET, &p->iph->saddr, text, INET_ADDRSTRLEN); }"),
    ("mos_api.h", "int use(const struct tcphdr* t) "
                  "{ return t->ece + t->cwr + t->syn + t->th_flags + t->doff; }"),
    ("mos_api.h", "unsigned use(struct tcphdr* t) { return tcp_flag_word(t) & TCP_FLAG_SYN; }"),
    ("mos_api.h", "enum mos_event_type use(enum mtcp_hook_point hook) "
                  "{ return hook == MOS_NULL ? MOS_ON_ERROR : MOS_ON_PKT_IN; }"),
    ("mos_api.h", "bool use(const byte* b) { enum tcpstate s = TCP_CLOSED; UNUSED(s); "
                  "return *b == 1; }"),
    ("mtcp_api.h", "int use(mctx_t m) { return mtcp_socket(m, AF_INET, MOS_SOCK_STREAM, 0); }"),
    ("mtcp_api.h", "int use(const struct app_context* c) { return c->mctx->cpu + c->ep_id; }"),
    ("mtcp_util.h", "char* use(struct in_addr a) { (void)sleep(1); return inet_ntoa(a); }"),
    ("mos_ext.h", "int use(const struct pkt_info* p) { return mos_ip_version(p) == 6 "
                  "&& mos_ip6h(p) != NULL && MOS_SIDE_BOTH == 2; }"),
)

# What programs use of headers that they include themselves, before or after.
_SYSTEM = {
    "linux/tcp.h": "t->ece + (tcp_flag_word(t) & TCP_FLAG_SYN)",
    "netinet/tcp.h": "t->th_flags + t->th_seq + TH_SYN + TCPOPT_SACK + TCP_NODELAY",
    "linux/ip.h": "i->saddr", "netinet/ip.h": "i->saddr + sizeof(struct ip)",
    "net/ethernet.h": "ETH_ALEN + sizeof(struct ether_header)",
    "linux/if_ether.h": "ETH_P_IP", "netinet/in.h": "IPPROTO_TCP",
    "netinet/ip6.h": "sizeof(struct ip6_hdr)", "sys/socket.h": "SOL_SOCKET",
    "arpa/inet.h": "INET_ADDRSTRLEN",
}


class Headers(unittest.TestCase):
    def compile_text(self, text, compiler, *flags):
        source = temp_dir() / "program.c"
        source.write_text(text)
        done = subprocess.run((*compiler, "-fsyntax-only", f"-I{_INCLUDE}", *_WARNINGS, *flags,
                               str(source)), capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0, f"{' '.join(compiler)}:\n{text}\n{done.stderr}")

    def test_values(self):
        for header, values in _VALUES.items():
            text = f'#include "{header}"\n' + "".join(
                f'_Static_assert({name} == ({value}), "{name}");\n'
                for name, value in values.items())
            with self.subTest(header):
                self.compile_text(text, ("gcc", "-std=gnu11"))

    def test_layouts(self):
        for header, type_name, size, members in _LAYOUTS:
            words = members.split()
            text = (f'#include <stddef.h>\n#include "{header}"\n'
                    f'_Static_assert(sizeof({type_name}) == {size}, "size");\n')
            text += "".join(f'_Static_assert(offsetof({type_name}, {name}) == {offset}, "{name}");\n'
                            for name, offset in zip(words[::2], words[1::2]))
            with self.subTest(type_name):
                self.compile_text(text, ("gcc", "-std=gnu11"))

    def test_what_one_header_is_enough_for(self):
        for (header, use), compiler in itertools.product(_USES, _C + _CXX):
            text = (f'#include "{header}"\n{use[:use.index("{")]};\n{use}\n')
            with self.subTest(header=header, use=use, compiler=compiler):
                self.compile_text(text, compiler)

    def test_all_of_them_in_any_order(self):
        for order, compiler in itertools.product((_HEADERS, _HEADERS[::-1]), _C + _CXX):
            text = "".join(f'#include "{header}"\n' for header in order)
            with self.subTest(order=order, compiler=compiler):
                self.compile_text(text + "extern int used;\n", compiler)

    def test_each_of_them_after_and_before_those_of_the_system(self):
        for header, other in itertools.product(_HEADERS, _SYSTEM):
            text = (f'#include <{other}>\n#include "{header}"\nextern int used;\n',
                    f'#include "{header}"\n#include <{other}>\nextern int used;\n')
            for order, compiler in itertools.product(text, (_C[0], _CXX[0])):
                with self.subTest(order=order, compiler=compiler):
                    self.compile_text(order, compiler)

    def test_headers_of_the_system_keep_what_they_have(self):
        """The fields and names that a program includes them for are there."""
        for (header, use), compiler in itertools.product(_SYSTEM.items(), (_C[0], _CXX[0])):
            for first, second in ((header, "mos_api.h"), ("mos_api.h", header)):
                text = (f"#include <{first}>\n#include <{second}>\n"
                        "unsigned long use(struct tcphdr* t, struct iphdr* i);\n"
                        "unsigned long use(struct tcphdr* t, struct iphdr* i) {\n"
                        "  (void)t, (void)i;\n"
                        f"  return (unsigned long)({use}) + TCP_ESTABLISHED;\n}}\n"
                        "typedef char mos_state[TCP_ESTABLISHED == 4 ? 1 : -1];\n")
                with self.subTest(order=(first, second), compiler=compiler):
                    self.compile_text(text, compiler)
