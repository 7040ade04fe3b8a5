// Certificate: one X.509 certificate as it came, for programs that look at what a verdict was about.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>
#include <cotter/export.h>
#include <cotter/pin.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter {

namespace x509 {
class Certificate;
}

/// Immutable, cheap to copy, and to be read by any number of threads at once.
class COTTER_EXPORT Certificate {
  public:
    /// Reads exactly one certificate (RFC 5280 4.1) from DER, whose octets are copied. Refused as malformed, with the
    /// place: what is not strict DER, octets behind it, a serial number of zero or below or over 20 octets, an
    /// extension that is there twice, times that are not in the Z form, a key that can't be read.
    [[nodiscard]] static Result<Certificate> parse(Bytes der);

    /// The very octets that came; valid as long as this certificate or a copy of it.
    [[nodiscard]] Bytes der() const;
    [[nodiscard]] std::string subject() const;                  ///< RFC 4514, escaped for a terminal
    [[nodiscard]] std::string issuer() const;                   ///< RFC 4514, escaped for a terminal
    [[nodiscard]] std::string serial() const;                   ///< hexadecimal, lower case
    [[nodiscard]] std::chrono::sys_seconds not_before() const;  ///< the first second that counts (RFC 5280 4.1.2.5)
    [[nodiscard]] std::chrono::sys_seconds not_after() const;   ///< the last second that counts
    [[nodiscard]] bool is_ca() const;                           ///< basicConstraints says so (RFC 5280 4.2.1.9)
    /// "DNS:db.example", "IP:192.0.2.1", … (RFC 5280 4.2.1.6), escaped for a terminal.
    [[nodiscard]] std::vector<std::string> subject_alternative_names() const;

    /// This certificate's pin of that target and form, over the octets that came. Nothing for PinTarget::kKey where the
    /// key's octets alone don't bind its group (docs/pins.md).
    [[nodiscard]] std::optional<Pin> pin(PinTarget target, PinForm form) const;
    /// Whether that is a pin of this certificate: target, form and every octet count.
    [[nodiscard]] bool matches(const Pin& pin) const;

    /// For the library itself.
    explicit Certificate(const x509::Certificate& certificate);

  private:
    std::shared_ptr<const x509::Certificate> certificate_;
};

/// The certificates of a PEM or DER file (regular, at most 16 MiB; at least one), in order. Text around PEM blocks,
/// CRLF and a byte-order mark are tolerated; other labels and a block that breaks off are not.
[[nodiscard]] COTTER_EXPORT Result<std::vector<Certificate>> read_certificates(const std::string& path);

}  // namespace cotter
