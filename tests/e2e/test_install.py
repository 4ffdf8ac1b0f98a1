"""What cmake --install gives to those who write programs."""

import os
import re
import subprocess
import unittest

from e2e.environment import BUILD, PATIENCE, ROOT, SAMPLE, needs_program, temp_dir

_HEADERS = sorted(path.name for path in (ROOT / "api" / "include").glob("*.h"))

_PROGRAM = r"""
#include <stdio.h>
#include "mos_api.h"
static void on_end(mctx_t mctx, int sock, int side, event_t event, filter_arg_t *arg) {
  struct pkt_info last;
  (void)event, (void)arg;
  if (side != MOS_SIDE_CLI || mtcp_getlastpkt(mctx, sock, side, &last) != 0) return;
  printf("%u\n", (unsigned)last.seq);
}
int main(int argc, char **argv) {
  mctx_t mctx;
  int sock;
  if (argc != 2 || mtcp_init(argv[1]) != 0) return 1;
  mctx = mtcp_create_context(0);
  sock = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
  if (mtcp_register_callback(mctx, sock, MOS_ON_CONN_END, MOS_HK_SND, on_end) != 0) return 1;
  mtcp_app_join(mctx);
  return mtcp_destroy() == 0 ? 0 : 1;
}
"""


def _run(*command, **options):
    return subprocess.run(tuple(map(str, command)), capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False, **options)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = temp_dir() / "prefix"
        done = _run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.include = cls.prefix / "include" / "mos"
        cls.library = next(cls.prefix.glob("lib*/**/libmos.so"))

    def compile_text(self, text, compiler, *flags, suffix=".c"):
        source = temp_dir() / f"program{suffix}"
        source.write_text(text)
        done = _run(*compiler, "-Wall", "-Wextra", "-Werror", f"-I{self.include}", source, *flags,
                    cwd=source.parent)
        self.assertEqual(done.returncode, 0, f"{' '.join(compiler)}:\n{text}\n{done.stderr}")
        return source.parent

    def test_shows_what_is_documented_and_nothing_else(self):
        listed = re.findall(r"^    (\w+);$", (ROOT / "api" / "libmos.map").read_text(), re.M)
        shown = _run("nm", "-D", "--defined-only", self.library).stdout
        self.assertEqual(sorted(line.split()[-1].split("@")[0] for line in shown.splitlines()),
                         sorted(listed))

    def test_each_header_compiles_alone(self):
        for compiler, suffix in ((("gcc", "-std=gnu99"), ".c"), (("clang-14", "-std=gnu99"), ".c"),
                                 (("g++",), ".cc"), (("clang++-14",), ".cc")):
            for header in _HEADERS:
                with self.subTest(compiler=compiler, header=header):
                    self.compile_text(f'#include "{header}"\n', compiler, "-fsyntax-only",
                                      suffix=suffix)

    def run_program(self, folder):
        config = folder / "mos.conf"
        config.write_text(f"mos {{\n  netdev {{\n    pcap:{SAMPLE} 0x1\n  }}\n}}\n")
        done = _run(folder / "program", config,
                    env={**os.environ, "LD_LIBRARY_PATH": str(self.library.parent)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_programs_by_pkg_config(self):
        path = {**os.environ, "PKG_CONFIG_PATH": str(self.library.parent / "pkgconfig")}
        flags = _run("pkg-config", "--cflags", "--libs", "mos", env=path).stdout.split()
        self.assertIn("-lmos", flags)
        told = []
        for compiler, suffix in ((("gcc", "-std=gnu99"), ".c"), (("clang-14",), ".c"),
                                 (("g++",), ".cc"), (("clang++-14",), ".cc")):
            folder = self.compile_text(_PROGRAM, compiler, "-o", "program", *flags, suffix=suffix)
            told.append(self.run_program(folder))
        self.assertGreater(len(told[0]), 10)
        self.assertEqual(told, [told[0]] * len(told))

    @needs_program("cmake")
    def test_a_program_by_find_package(self):
        folder = temp_dir()
        (folder / "program.c").write_text(_PROGRAM)
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(program C)\n"
            "find_package(mos 0.1 REQUIRED)\nadd_executable(program program.c)\n"
            "target_link_libraries(program mos::mos)\n")
        for command in (("cmake", "-S", ".", "-B", ".", f"-DCMAKE_PREFIX_PATH={self.prefix}"),
                        ("cmake", "--build", ".")):
            done = _run(*command, cwd=folder)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(self.run_program(folder))

    def test_programs_and_pages_are_there(self):
        for name in ("bin/mosd", "bin/mosctl", "share/man/man3/mtcp_getlastpkt.3"):
            self.assertTrue((self.prefix / name).exists(), name)
