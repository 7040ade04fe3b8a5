"""Calls that the product never makes, each with the rule that it would break.

Looks at src/ and include/ without tests and what serves them. Prints each and exits 1 if there is one.
"""

import pathlib
import re
import sys

# A function of a library, not a member of that name: `system(`, `::system(`, `std::system(`, but neither `Anchors::system(`
# nor `Result<Anchors> system(`.
_BARE = r"(?:(?<![\w>.:])(?<!> )(?:std::|::)?)"

RULES = (
    # Text that a peer chose would be read as more names, or as a file to include.
    ("A153", r"\b(X509V3_EXT_\w*conf\w*|X509V3_EXT_\w*add_nconf\w*|X509V3_EXT_add_alias|X509V3_set_nconf|X509V3_set_conf_lhash|"
             r"a2i_GENERAL_NAME|v2i_GENERAL_NAME\w*|ASN1_generate_v3|ASN1_generate_nconf)\s*\(",
     "extensions are built from typed structures, not from OpenSSL's configuration language"),
    # A shell, or a program with what a peer said on its command line or in its environment.
    ("A154", _BARE + r"(system|popen|execlp?|execle|execvp?e?|execveat|fexecve|posix_spawnp?|v?fork|wordexp|setenv|putenv)\s*\(",
     "no program is started but by src/observatory/hook.cc, where a peer's text comes on standard input alone"),
)
# The one place of each, where the rule is kept by other means, which its own tests show.
PLACES = {"A154": "src/observatory/hook.cc"}


def faults(path, text):
    """What `text`, the file at `path`, calls that it must not."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//", 1)[0]
        for rule, pattern, why in RULES:
            if str(path) != PLACES.get(rule) and (call := re.search(pattern, code)):
                found.append(f"{path}:{number}: {call.group(1)}: {why} ({rule})")
    return found


def faults_of_tree(top):
    found = []
    for path in sorted([*top.glob("src/**/*"), *top.glob("include/**/*")]):
        relative = path.relative_to(top)
        if path.suffix in (".cc", ".h") and not path.name.endswith("_test.cc") and "testing" not in relative.parts:
            found += faults(relative, path.read_text(encoding="utf-8"))
    return found


def main():
    found = faults_of_tree(pathlib.Path(__file__).resolve().parents[2])
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
