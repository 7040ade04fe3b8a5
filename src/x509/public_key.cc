// Reading a SubjectPublicKeyInfo, without OpenSSL where the encoding alone tells everything.
#include "x509/public_key.h"

#include "der/reader.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "x509/oids.h"
#include "x509/openssl.h"
#include "x509/weak_rsa.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <array>
#include <bit>

namespace cotter::x509 {
namespace {

using der::Tag;

unexpected<Error> bad_key(std::string why) {
    return malformed("key_malformed", "reading a public key", std::move(why), "make the key anew with a current tool");
}

using PointPtr = std::unique_ptr<EC_POINT, FreeBy<EC_POINT_free>>;

struct Curve {
    KeyType type;
    int nid;
    std::size_t coordinate;  ///< octets
    unsigned bits;
};
constexpr Curve kP256{KeyType::kEcP256, NID_X9_62_prime256v1, 32, 256};
constexpr Curve kP384{KeyType::kEcP384, NID_secp384r1, 48, 384};
constexpr Curve kP521{KeyType::kEcP521, NID_secp521r1, 66, 521};

const EC_GROUP* group_of(const Curve& curve) {
    static const EC_GROUP* const kGroup256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    static const EC_GROUP* const kGroup384 = EC_GROUP_new_by_curve_name(NID_secp384r1);
    static const EC_GROUP* const kGroup521 = EC_GROUP_new_by_curve_name(NID_secp521r1);
    return curve.nid == kP256.nid ? kGroup256 : curve.nid == kP384.nid ? kGroup384 : kGroup521;
}

/// The uncompressed octets of a point on the curve; nothing if it is on none.
std::optional<ByteVector> uncompressed(const Curve& curve, Bytes point) {
    const EC_GROUP* const group = group_of(curve);
    const PointPtr decoded(EC_POINT_new(group));
    // Decoding checks that the point is on the curve; these curves have a cofactor of 1.
    bool is_valid = decoded && EC_POINT_oct2point(group, decoded.get(), octets(point), point.size(), nullptr) == 1 &&
                    EC_POINT_is_at_infinity(group, decoded.get()) == 0;
    ByteVector result(point.begin(), point.end());
    if (is_valid && point.size() != 1 + 2 * curve.coordinate) {
        result.resize(1 + 2 * curve.coordinate);
        is_valid = EC_POINT_point2oct(group, decoded.get(), POINT_CONVERSION_UNCOMPRESSED,
                                      octets(std::span<std::byte>(result)), result.size(), nullptr) == result.size();
    }
    static_cast<void>(drain_error_queue());
    return is_valid ? std::optional(std::move(result)) : std::nullopt;
}

/// Whether anybody can sign for an Edwards key: its point has a small order, or its octets are not the shortest form of
/// a point (RFC 8032 5.1.3). The sign of x, in the last bit, is left out.
bool is_nobodys(KeyType type, Bytes key) {
    ByteVector y(key.rbegin(), key.rend());  // most significant first
    y.front() &= std::byte{0x7f};
    const auto is_all = [&](std::size_t from, std::size_t until, unsigned value) {
        return std::all_of(y.begin() + static_cast<std::ptrdiff_t>(from),
                           y.begin() + static_cast<std::ptrdiff_t>(until),
                           [&](std::byte octet) { return octet == static_cast<std::byte>(value); });
    };
    if (is_all(0, y.size() - 1, 0) && y.back() <= std::byte{1}) return true;  // y = 0 or 1: orders 4, 1
    if (type == KeyType::kEd448) {
        // p = 2^448 - 2^224 - 1; the first octet holds the sign alone. y >= p - 1 is -1 (order 2), or not reduced.
        ByteVector limit(57, std::byte{0xff});
        limit.front() = std::byte{0};
        limit.at(28) = std::byte{0xfe};
        limit.back() = std::byte{0xfe};
        return y >= limit;
    }
    // p = 2^255 - 19; y >= p - 1 is -1 (order 2), or not reduced.
    ByteVector limit(32, std::byte{0xff});
    limit.front() = std::byte{0x7f};
    limit.back() = std::byte{0xec};
    if (y >= limit) return true;
    // The two y of order 8.
    static const std::array<std::string_view, 2> kOrder8{
        "05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
        "7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"};
    return std::ranges::find(kOrder8, text::hex(y)) != kOrder8.end();
}

CanonicalKey canonical_of(std::string_view label, Bytes value) {
    ByteVector input;
    const Bytes name = as_bytes(label);
    input.insert(input.end(), name.begin(), name.end());
    input.push_back(std::byte{0});
    input.insert(input.end(), value.begin(), value.end());
    return CanonicalKey{sha256(input)};
}

unsigned bits_of(Bytes number) {
    if (number.empty()) return 0;
    const auto first = std::to_integer<unsigned>(number.front());
    return static_cast<unsigned>(number.size() - 1) * 8 + static_cast<unsigned>(std::bit_width(first));
}

bool is_odd(Bytes number) {
    return !number.empty() && (std::to_integer<unsigned>(number.back()) & 1U) != 0;
}

struct RsaFacts {
    Bytes modulus;
    Bytes exponent;
};

/// RSAPublicKey (RFC 8017 A.1.1).
expected<RsaFacts, der::DerError> read_rsa(Bytes key) {
    const auto sequence = der::read_single(key, Tag::kSequence);
    if (!sequence) return unexpected(sequence.error());
    der::Reader reader = der::Reader::inside(*sequence);
    const auto modulus_element = reader.expect(Tag::kInteger);
    if (!modulus_element) return unexpected(modulus_element.error());
    const auto exponent_element = reader.expect(Tag::kInteger);
    if (!exponent_element) return unexpected(exponent_element.error());
    if (auto finished = reader.finish(); !finished) return unexpected(finished.error());
    const auto modulus = der::unsigned_integer(*modulus_element);
    if (!modulus) return unexpected(modulus.error());
    const auto exponent = der::unsigned_integer(*exponent_element);
    if (!exponent) return unexpected(exponent.error());
    return RsaFacts{*modulus, *exponent};
}

std::optional<std::string> rsa_weakness(unsigned bits, Bytes modulus, Bytes exponent) {
    constexpr unsigned kLeastBits = 2048;
    constexpr unsigned kMostBits = 8192;
    constexpr unsigned kMostExponentBits = 64;
    if (bits < kLeastBits) return "the RSA key has " + std::to_string(bits) + " bits, and 2048 are the least";
    if (bits > kMostBits) return "the RSA key has " + std::to_string(bits) + " bits, and 8192 are the most";
    if (bits_of(exponent) > kMostExponentBits) return "the RSA key's exponent has more than 64 bits";
    if (bits_of(exponent) < 17) return "the RSA key's exponent is under 65537";
    if (is_roca(modulus)) return "the RSA key was made by a library whose keys can be factored (ROCA, CVE-2017-15361)";
    return std::nullopt;
}

}  // namespace

Bytes PublicKey::key_octets() const {
    return Bytes(spki_).subspan(key_offset_);
}

bool PublicKey::binds_concrete_key() const {
    switch (type_) {
        case KeyType::kRsa:
        case KeyType::kEcP256:
        case KeyType::kEcP384:
        case KeyType::kEcP521:
        case KeyType::kEd25519:
        case KeyType::kEd448: return true;
        case KeyType::kRsaPss:
        case KeyType::kEcOther:
        case KeyType::kDsa:
        case KeyType::kOther: return false;
    }
    return false;
}

std::string PublicKey::description() const {
    switch (type_) {
        case KeyType::kRsa: return "RSA " + std::to_string(bits_);
        case KeyType::kRsaPss: return "RSA-PSS " + std::to_string(bits_);
        case KeyType::kEcP256: return "EC P-256";
        case KeyType::kEcP384: return "EC P-384";
        case KeyType::kEcP521: return "EC P-521";
        case KeyType::kEcOther: return "EC, another curve";
        case KeyType::kEd25519: return "Ed25519";
        case KeyType::kEd448: return "Ed448";
        case KeyType::kDsa: return "DSA";
        case KeyType::kOther: return "unknown algorithm";
    }
    return "";
}

std::optional<std::string> PublicKey::weakness() const {
    return weakness_;
}

Result<PublicKey> PublicKey::parse(Bytes subject_public_key_info) {
    const auto at_fault = [](const der::DerError& fault) {
        return bad_key(std::string(fault.why) + " at byte " + std::to_string(fault.offset));
    };
    if (auto strict = der::check_strict(subject_public_key_info); !strict) return at_fault(strict.error());
    const auto sequence = der::read_single(subject_public_key_info, Tag::kSequence);
    if (!sequence) return at_fault(sequence.error());
    der::Reader reader = der::Reader::inside(*sequence);
    const auto algorithm = reader.expect(Tag::kSequence);
    if (!algorithm) return at_fault(algorithm.error());
    const auto bit_string = reader.expect(Tag::kBitString);
    if (!bit_string) return at_fault(bit_string.error());
    if (auto finished = reader.finish(); !finished) return at_fault(finished.error());
    const auto key = der::whole_octets(*bit_string);
    if (!key) return at_fault(key.error());
    der::Reader fields = der::Reader::inside(*algorithm);
    const auto name = fields.expect(Tag::kObjectIdentifier);
    if (!name) return at_fault(name.error());
    std::optional<der::Element> parameters;
    if (!fields.at_end()) {
        const auto element = fields.next();
        if (!element) return at_fault(element.error());
        parameters = *element;
        if (auto finished = fields.finish(); !finished) return at_fault(finished.error());
    }

    PublicKey result;
    result.spki_.assign(subject_public_key_info.begin(), subject_public_key_info.end());
    result.key_offset_ = subject_public_key_info.size() - key->size();

    const auto read_point = [&](const Curve& curve) -> Result<void> {
        const unsigned form = key->empty() ? 0U : std::to_integer<unsigned>(key->front());
        if (form != 2 && form != 3 && form != 4)
            return bad_key("an EC point that is neither uncompressed nor compressed");
        const std::size_t size = form == 4 ? 1 + 2 * curve.coordinate : 1 + curve.coordinate;
        if (key->size() != size) return bad_key("an EC point of the wrong length");
        const auto point = uncompressed(curve, *key);
        if (!point) return bad_key("an EC point that is not on its curve");
        result.type_ = curve.type;
        result.bits_ = curve.bits;
        result.reencodes_differently_ = form != 4;
        result.canonical_ = canonical_of("ec " + std::to_string(curve.bits), *point);
        return {};
    };
    const auto read_edwards = [&](KeyType type, std::size_t size, unsigned bits) -> Result<void> {
        if (parameters) return bad_key("an Edwards key with parameters");
        if (key->size() != size) return bad_key("an Edwards key of the wrong length");
        if (is_nobodys(type, *key)) return bad_key("an Edwards key for which anybody can sign");
        result.type_ = type;
        result.bits_ = bits;
        result.canonical_ = canonical_of("ed " + std::to_string(bits), *key);
        return {};
    };
    const auto read_modulus = [&](KeyType type) -> Result<void> {
        const auto rsa = read_rsa(*key);
        if (!rsa) return at_fault(rsa.error());
        if (!is_odd(rsa->modulus) || !is_odd(rsa->exponent) || bits_of(rsa->exponent) < 2) {
            return bad_key("an RSA modulus or exponent that no key has");
        }
        result.type_ = type;
        result.bits_ = bits_of(rsa->modulus);
        result.weakness_ = rsa_weakness(result.bits_, rsa->modulus, rsa->exponent);
        result.canonical_ = canonical_of("rsa", rsa->modulus);
        return {};
    };

    Result<void> read;
    if (oid::is(name->content, oid::kEcPublicKey)) {
        if (!parameters || parameters->tag != Tag::kObjectIdentifier) {
            return bad_key("an EC key with explicit parameters, or none: only named curves are taken");
        }
        if (oid::is(parameters->content, oid::kP256)) {
            read = read_point(kP256);
        } else if (oid::is(parameters->content, oid::kP384)) {
            read = read_point(kP384);
        } else if (oid::is(parameters->content, oid::kP521)) {
            read = read_point(kP521);
        } else {
            result.type_ = KeyType::kEcOther;
            result.weakness_ = "the EC key is not on P-256, P-384 or P-521";
            result.canonical_ = canonical_of("spki", subject_public_key_info);
        }
    } else if (oid::is(name->content, oid::kRsaEncryption)) {
        if (parameters && parameters->tag != Tag::kNull) return bad_key("an RSA key with parameters");
        result.reencodes_differently_ = !parameters;
        read = read_modulus(KeyType::kRsa);
    } else if (oid::is(name->content, oid::kRsassaPss)) {
        read = read_modulus(KeyType::kRsaPss);
    } else if (oid::is(name->content, oid::kEd25519)) {
        read = read_edwards(KeyType::kEd25519, 32, 255);
    } else if (oid::is(name->content, oid::kEd448)) {
        read = read_edwards(KeyType::kEd448, 57, 448);
    } else {
        const bool is_dsa = oid::is(name->content, oid::kDsa);
        result.type_ = is_dsa ? KeyType::kDsa : KeyType::kOther;
        result.weakness_ = is_dsa ? "DSA keys are not taken" : "the key's algorithm is not known";
        result.canonical_ = canonical_of("spki", subject_public_key_info);
    }
    if (!read) return unexpected(read.error());
    return result;
}

}  // namespace cotter::x509
