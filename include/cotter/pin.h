// Pin and PinSet: which object of a certificate is pinned, in which form, with which octets; and the text that people
// write for it. What a certificate's own pins are is asked of Certificate.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>
#include <cotter/export.h>

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter {

/// WHAT is pinned (docs/pins.md).
enum class PinTarget : std::uint8_t {
    kSubjectPublicKeyInfo,  ///< "spki": DER of the SubjectPublicKeyInfo (RFC 5280, 4.1.2.7)
    kCertificate,           ///< "cert": DER of the whole certificate
    kKey,                   ///< "key": content of the SubjectPublicKeyInfo's BIT STRING, without the unused-bits octet
};

/// In which FORM: the object's digest, or the object itself.
enum class PinForm : std::uint8_t {
    kSha256,  ///< 32 octets (FIPS 180-4)
    kSha384,  ///< 48 octets
    kSha512,  ///< 64 octets
    kDer,     ///< the object itself, of any length
};

/// Octets of a digest of that form; 0 for kDer, whose length is the object's own.
[[nodiscard]] constexpr std::size_t digest_size(PinForm form) {
    switch (form) {
        case PinForm::kSha256: return 32;
        case PinForm::kSha384: return 48;
        case PinForm::kSha512: return 64;
        case PinForm::kDer: return 0;
    }
    return 0;
}

/// One pin. Valid by construction: a digest has its form's length, DER is well-formed and of the pinned kind.
/// Two pins are equal only if target, form and every octet are (INVARIANT A59).
class COTTER_EXPORT Pin {
  public:
    /// Reads one pin in any accepted spelling but `file:` (see x509/pem.h): canonical text, `spki-sha256/…`,
    /// curl's `sha256//…`, HPKP's `pin-sha256="…"`, hex after `cert-sha256:`, `spki-sha256:` or `key-sha256:`, and the
    /// line that `openssl x509 -fingerprint -sha256` prints. Everything else is refused with what is wrong and where
    /// (Place::offset is in `text`). RFC 7469 2.4, RFC 4648 4 (base64, canonical, padded).
    [[nodiscard]] static Result<Pin> parse(std::string_view text);

    /// The pin of that target and form with these octets: a digest of exactly digest_size(form), or the object's DER
    /// (strict DER of a certificate, a SubjectPublicKeyInfo; or the key octets).
    [[nodiscard]] static Result<Pin> from_octets(PinTarget target, PinForm form, Bytes octets);

    [[nodiscard]] PinTarget target() const { return target_; }  ///< what octets() are of
    [[nodiscard]] PinForm form() const { return form_; }        ///< whether octets() are a digest, and which
    /// The digest, or the DER; valid as long as this Pin.
    [[nodiscard]] Bytes octets() const { return octets_; }

    /// Canonical text: `sha256/…`, `cert-sha256/…`, `key-der/…`. parse(to_string()) gives an equal pin.
    [[nodiscard]] std::string to_string() const;

    /// For lines that people read: the canonical text cut after 8 characters of base64, `sha256/Xk3aBc9Q…`.
    [[nodiscard]] std::string abbreviated() const;

    /// Whether this pin is a sample printed in an RFC or a manual, and in which: a warning, since it pins nothing real.
    [[nodiscard]] std::optional<std::string_view> sample_of() const;

    bool operator==(const Pin&) const = default;
    auto operator<=>(const Pin&) const = default;

  private:
    Pin(PinTarget target, PinForm form, ByteVector octets) : target_(target), form_(form), octets_(std::move(octets)) {}

    PinTarget target_;
    PinForm form_;
    ByteVector octets_;
};

/// An ordered set of pins without duplicates. May be empty; an empty set matches nothing (INVARIANT A55).
class COTTER_EXPORT PinSet {
  public:
    PinSet() = default;
    explicit PinSet(std::vector<Pin> pins);  ///< in their order; of equal ones the first stays

    /// Reads curl's list, pins joined by `;`. One bad pin refuses all; so does an empty list or an empty element.
    [[nodiscard]] static Result<PinSet> parse(std::string_view text);

    [[nodiscard]] bool empty() const { return pins_.empty(); }       ///< so that it matches nothing
    [[nodiscard]] std::size_t size() const { return pins_.size(); }  ///< of pins, without duplicates
    /// Whether an equal pin is there: a digest doesn't stand for another digest of the same key.
    [[nodiscard]] bool contains(const Pin& pin) const;
    void insert(Pin pin);  ///< at the end, unless an equal one is there

    /// In the order in which they were put in; insert() makes it invalid.
    [[nodiscard]] auto begin() const { return pins_.begin(); }
    [[nodiscard]] auto end() const { return pins_.end(); }  ///< as begin()

    bool operator==(const PinSet&) const = default;  ///< the same pins in the same order

  private:
    std::vector<Pin> pins_;
};

}  // namespace cotter
