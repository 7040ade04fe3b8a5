"""What must not compile, and what must: pins as constants."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
COMPILERS = [path for path in map(shutil.which, ("g++", "clang++-19")) if path]
VALUE = "I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s="
SHA384 = "p6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6en"
HEX = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b"

GOOD = ["sha256/" + VALUE, "spki-sha256/" + VALUE, "cert-sha256/" + VALUE, "key-sha256/" + VALUE, "sha384/" + SHA384,
        "cert-sha384/" + SHA384, "sha512/" + "x" * 85 + "A==", "spki-der/MAA=", "cert-der/MAA=", "key-der/MAA="]

BAD = {
    "": "nothing",
    "sha256/": "no value",
    VALUE: "no prefix",
    "SHA256/" + VALUE: "a prefix in upper case",
    "sha1/lYbaunSetVcQOHoqFoHKGlid45s=": "SHA-1",
    "md5/AAAAAAAAAAAAAAAAAAAAAA==": "MD5",
    "sha256:" + HEX: "an ambiguous prefix",
    HEX: "bare hex",
    "sha256/" + HEX: "hex for base64",
    "sha384/" + HEX: "hex for base64, in the right length",
    "sha256//" + VALUE: "curl's spelling: a constant is written canonically",
    "pin-sha256=" + VALUE: "HPKP's spelling",
    "file:leaf.pem": "a file",
    "sha256/" + VALUE[:-1]: "no padding",
    "sha256/" + VALUE[:-4] + "55t=": "bits in the padding",
    "sha256/" + VALUE + "=": "too much padding",
    "sha256/" + VALUE + "A": "something after the end",
    "sha256/" + VALUE[:-4]: "three octets too few",
    "sha256/" + SHA384: "the length of another digest",
    "sha384/" + VALUE: "the length of another digest",
    "sha256/" + VALUE.replace("/", "_"): "base64url",
    " sha256/" + VALUE: "white space before it",
    "sha256/" + VALUE + " ": "white space after it",
    "sha256/" + VALUE[:20] + " " + VALUE[20:]: "white space inside",
    "sha256/" + VALUE[:20] + "!" + VALUE[21:]: "a letter outside the alphabet",
    "sha256/" + VALUE + ";sha256/" + VALUE: "a list",
    "sha256/" + "A" * 43 + "=": "zero bytes",
}


def compile_source(compiler, standard, source):
    """Exit code and messages of a look at that source that makes no object file."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "source.cc"
        file.write_text(source)
        unlimited = ["-fmax-errors=0"] if "clang" not in compiler else ["-ferror-limit=0"]
        result = subprocess.run([compiler, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic",
                                 "-Wconversion", "-Werror", *unlimited, "-I", str(INCLUDE), str(file)],
                                capture_output=True, text=True, timeout=300, check=False)
        return result.returncode, result.stderr


def constants(texts):
    """A source with one constant a line; the first stands in line 3."""
    lines = ["#include <cotter/pin_literal.h>", "using namespace cotter::literals;"]
    lines += [f'inline constexpr auto kPin{number} = "{text}"_pin;' for number, text in enumerate(texts)]
    return "\n".join(lines) + "\n"


class Literals(unittest.TestCase):
    def test_there_is_a_compiler(self):
        self.assertTrue(COMPILERS)

    def test_canonical_pins_compile(self):
        for compiler in COMPILERS:
            for standard in ("c++20", "c++23"):
                with self.subTest(compiler=compiler, standard=standard):
                    code, messages = compile_source(compiler, standard, constants(GOOD))
                    self.assertEqual(code, 0, messages)

    def test_A58_no_malformed_pin_compiles(self):
        # Good lines stand between the bad ones: the compiler must complain of each bad line and of no good one.
        texts = [text for bad in BAD for text in (GOOD[0], bad)]
        for compiler in COMPILERS:
            code, messages = compile_source(compiler, "c++20", constants(texts))
            self.assertNotEqual(code, 0)
            for number, text in enumerate(texts):
                with self.subTest(compiler=compiler, text=text, reason=BAD.get(text, "good")):
                    is_named = f"source.cc:{number + 3}:" in messages
                    self.assertEqual(is_named, text in BAD)


if __name__ == "__main__":
    unittest.main()
