"""The manual of libmos: every function has a page, which formats without a
warning, has the prototype of the header, and names the errnos of the contract."""

import re
import shlex
import subprocess
import unittest

from e2e.environment import PATIENCE, ROOT, needs_program, temp_dir

_API = ROOT / "api"
_MAN = _API / "man"
_LINK = re.compile(r"\.so man3/(\w+\.3)\n")

_CONTEXT = "EACCES"
_OWN_THREAD = "EACCES EPERM"
_SOCKET = "EACCES EBADF"
_OWN_SOCKET = "EACCES EPERM EBADF"

# What a program may rely on; headers and pages may name more.
_ERRNOS = {
    "mos_start": "EINVAL ENOENT EACCES EADDRINUSE EBUSY ENOMEM EIO",
    "mos_find_flow": "EINVAL ENOENT EACCES",
    "mos_getlastpkt_r": "EINVAL EBADF ENODATA EAGAIN EACCES",
    "mos_flow_id": f"{_OWN_SOCKET} ENOTSOCK EINVAL",
    "mos_rx_time_ns": _OWN_THREAD,
    "mtcp_init": "ENOENT EACCES EINVAL EBUSY EADDRINUSE ENOMEM EIO",
    "mtcp_destroy": "EBUSY EDEADLK",
    "mtcp_getconf": "EINVAL EBUSY",
    "mtcp_setconf": "EINVAL EBUSY",
    "mtcp_core_affinitize": "EINVAL",
    "mtcp_create_context": "EINVAL EEXIST EACCES",
    "mtcp_destroy_context": _CONTEXT,
    "mtcp_register_signal": "EINVAL",
    "mtcp_app_join": _CONTEXT,
    "mtcp_socket": "EACCES EAFNOSUPPORT EINVAL ENFILE",
    "mtcp_close": _SOCKET,
    "mtcp_bind_monitor_filter": f"{_SOCKET} EINVAL ENOPROTOOPT",
    "mtcp_register_callback": f"{_SOCKET} EINVAL",
    "mtcp_define_event": "EINVAL ENOMEM",
    "mtcp_alloc_event": "EINVAL ENOMEM",
    "mtcp_raise_event": f"{_OWN_THREAD} EINVAL",
    "mtcp_set_uctx": _OWN_SOCKET,
    "mtcp_get_uctx": _SOCKET,
    "mtcp_peek": f"{_OWN_SOCKET} EINVAL ENODATA ENOTSOCK",
    "mtcp_ppeek": f"{_OWN_SOCKET} EINVAL ENODATA ESOCKTNOSUPPORT",
    "mtcp_getlastpkt": f"{_OWN_SOCKET} EINVAL ENODATA",
    "mtcp_setlastpkt": f"{_OWN_SOCKET} EINVAL EMSGSIZE ENODATA",
    "mtcp_sendpkt": f"{_OWN_SOCKET} EOPNOTSUPP",
    "mtcp_reset_conn": f"{_OWN_SOCKET} EOPNOTSUPP",
    "mtcp_settimer": "EACCES EINVAL ENOMEM",
    "mtcp_cb_get_ts": _OWN_THREAD,
    "mtcp_getpeername": f"{_OWN_SOCKET} EINVAL ENOTCONN",
    "mtcp_getsockopt": f"{_OWN_SOCKET} ENOTSOCK ENOPROTOOPT EINVAL",
    "mtcp_setsockopt": f"{_SOCKET} ENOPROTOOPT EINVAL EPERM",
    "mtcp_get_connection_cnt": _CONTEXT,
    "GetRSSCPUCore": "EINVAL EACCES",
    "StrToArgs": "EINVAL E2BIG",
}
_WITHOUT_ERRORS = {"mos_stop", "mos_error", "mos_ip_version", "mos_ip6h", "EventToString"}
# Every other one is an end host's.
_OF_END_HOSTS = "EOPNOTSUPP"


def exported_names():
    return re.findall(r"^    (\w+);$", (_API / "libmos.map").read_text(), re.M)


def page_of(name):
    """Text of a function's page, links followed."""
    text = (_MAN / f"{name}.3").read_text()
    link = _LINK.fullmatch(text)
    return (_MAN / link[1]).read_text() if link else text


def section(page, title):
    found = re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH |\Z)", page, re.M | re.S)
    return found[1] if found else ""


def plain(declarations):
    """Without what is of no meaning: blanks, but those between words."""
    return re.sub(r" ?(\W) ?", r"\1", re.sub(r"\s+", " ", declarations))


def synopsis(page):
    """As C: alternating fonts are words that stand together."""
    lines = section(page, "SYNOPSIS").splitlines()
    return plain(" ".join("".join(shlex.split(line[4:])) for line in lines
                          if line.startswith(".BI ")))


class Pages(unittest.TestCase):
    def setUp(self):
        self.names = exported_names()
        self.assertGreater(len(self.names), 50)

    def test_every_function_has_one(self):
        for name in self.names:
            with self.subTest(name):
                self.assertIn(f"{name}(", synopsis(page_of(name)))
                self.assertRegex(section(page_of(name), "NAME"), rf"\b{name}\b")

    def test_sections(self):
        for name in self.names:
            titles = re.findall(r"^\.SH (.*)$", page_of(name), re.M)
            with self.subTest(name):
                self.assertEqual(titles[:3], ["NAME", "SYNOPSIS", "DESCRIPTION"])
                self.assertEqual(titles[-1], "SEE ALSO")
                self.assertTrue({"RETURN VALUE", "ERRORS"} <= set(titles))

    def test_prototypes_are_those_of_the_headers(self):
        headers = "".join(path.read_text() for path in sorted((_API / "include").glob("*.h")))
        for name in self.names:
            declared = re.search(rf"^[a-z][\w* ]*\b{name}\([^;]*\);", headers, re.M)
            with self.subTest(name):
                self.assertIsNotNone(declared)
                self.assertIn(plain(declared[0]), synopsis(page_of(name)))

    def test_errnos(self):
        self.assertEqual((set(_ERRNOS) | _WITHOUT_ERRORS) - set(self.names), set())
        for name in set(self.names) - _WITHOUT_ERRORS:
            expected = set(_ERRNOS.get(name, _OF_END_HOSTS).split())
            errors = section(page_of(name), "ERRORS")
            with self.subTest(name):
                self.assertLessEqual(expected, set(re.findall(r"^\.TP\n\.B (E\w+)$", errors, re.M)))

    def test_tables_are_whole(self):
        header = (_API / "include" / "mos_api.h").read_text()
        info = (_API / "include" / "mos_pkt_info.h").read_text()
        options = re.search(r"SOL_MONSOCKET 0xfffe\nenum mos_socket_opts \{(.*?)\}", header, re.S)[1]
        names_of = {
            "mtcp_register_callback": re.findall(r"^  MOS_ON_(\w+) =", header, re.M),
            "mtcp_getsockopt mtcp_setsockopt": re.findall(r"MOS_\w+", options),
            "mtcp_getlastpkt": re.findall(r"^  [\w ]+\*? (\w+);", info, re.M),
        }
        for pages, names in names_of.items():
            text = "".join(map(page_of, pages.split()))
            self.assertGreater(len(names), 10)
            for name in names:
                with self.subTest(pages, name=name):
                    self.assertRegex(text, rf"\b{name}\b")

    def test_what_is_referred_to_exists(self):
        for path in sorted(_MAN.glob("*.3")):
            see = section(page_of(path.stem), "SEE ALSO")
            with self.subTest(path.name):
                for other in re.findall(r"^\.BR (\w+) \(3\)", see, re.M):
                    self.assertTrue((_MAN / f"{other}.3").exists(), other)

    @needs_program("groff")
    def test_format_without_a_warning(self):
        folder = temp_dir()  # .so lines name pages as man(1) does
        (folder / "man3").symlink_to(_MAN)
        for path in sorted(_MAN.glob("*.3")):
            with self.subTest(path.name):
                done = subprocess.run(("groff", "-s", "-t", "-Tutf8", "-man", "-ww", "-z",
                                       f"man3/{path.name}"), cwd=folder, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      timeout=PATIENCE)
                self.assertEqual((done.returncode, done.stdout), (0, ""))
