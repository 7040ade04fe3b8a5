// The passphrase of a file that somebody hands to a command: out of another file, or asked for on the terminal, never
// out of an argument or the environment, which others can see.
#pragma once

#include "x509/unpack.h"

#include <cotter/error.h>

#include <string>

namespace cotter::cli {

/// Gives the first line of `passphrase_file`, a file that only we may read; where none is named, asks on the terminal
/// without echo. `source`: the file to open, for the prompt.
[[nodiscard]] x509::AskPassphrase passphrase_from(std::string passphrase_file, std::string source);

/// A passphrase for a file that is being made: out of `passphrase_file`, else asked for twice. Fewer than eight octets
/// are refused.
[[nodiscard]] Result<x509::Passphrase> new_passphrase(const std::string& passphrase_file, const std::string& target);

/// Twenty-five random letters and digits without look-alikes, 125 bits, in groups of five.
[[nodiscard]] Result<x509::Passphrase> random_passphrase();

/// The blocks of a file, PKCS#7, PKCS#12 and encrypted keys opened.
[[nodiscard]] Result<std::vector<x509::PemBlock>> read_unpacked(const std::string& path,
                                                                const std::string& passphrase_file);

}  // namespace cotter::cli
