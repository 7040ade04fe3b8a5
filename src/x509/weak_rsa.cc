// Looking at moduli.
#include "x509/weak_rsa.h"

#include "der/reader.h"
#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"
#include "x509/pem_block.h"

#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace cotter::x509 {
namespace {

using NumberPtr = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
using NumberContextPtr = std::unique_ptr<BN_CTX, FreeBy<BN_CTX_free>>;

/// The primes up to 167 modulo which not every number is a power of 65537; the generator's constant is a multiple of
/// each, whatever the key's size. In the order in which they tell most, since the first to object decides.
constexpr std::array<unsigned, 17> kPrimes{97, 37, 79, 11, 61, 73, 127, 151, 13, 17, 19, 53, 71, 103, 107, 109, 157};

/// Octets taken four at a time from the front; the division is what costs.
unsigned remainder(Bytes number, unsigned divisor) {
    std::uint64_t rest = 0;
    for (; number.size() % 4 != 0; number = number.subspan(1))
        rest = ((rest << 8U) | std::to_integer<unsigned>(number.front())) % divisor;
    for (; !number.empty(); number = number.subspan(4)) {
        for (const std::byte octet : number.first(4)) rest = (rest << 8U) | std::to_integer<unsigned>(octet);
        rest %= divisor;
    }
    return static_cast<unsigned>(rest);
}

/// Whether a value is among the powers of 65537 modulo the prime.
bool is_power(unsigned value, unsigned prime) {
    unsigned power = 1;
    do {
        if (power == value) return true;
        power = power * (65537U % prime) % prime;
    } while (power != 1);
    return false;
}

NumberPtr number_of(Bytes octets_of_it) {
    return NumberPtr(BN_bin2bn(octets(octets_of_it), static_cast<int>(octets_of_it.size()), nullptr));
}

/// The largest number whose square is not over `number`, by Newton's method from above.
NumberPtr square_root(const BIGNUM& number, BN_CTX* context) {
    NumberPtr guess(BN_new());
    NumberPtr next(BN_new());
    if (!guess || !next || BN_set_bit(guess.get(), (BN_num_bits(&number) + 1) / 2) != 1) return nullptr;
    for (;;) {
        if (BN_div(next.get(), nullptr, &number, guess.get(), context) != 1 ||
            BN_add(next.get(), next.get(), guess.get()) != 1 || BN_rshift1(next.get(), next.get()) != 1) {
            return nullptr;
        }
        if (BN_cmp(next.get(), guess.get()) >= 0) return guess;
        std::swap(guess, next);
    }
}

/// Whether it may be a square, by what squares leave modulo 64, 63, 65 and 11; one number in a hundred passes.
bool may_be_square(const BIGNUM& number) {
    return std::ranges::all_of(std::array{64U, 63U, 65U, 11U}, [&](unsigned modulus) {
        const auto rest = static_cast<unsigned>(BN_mod_word(&number, modulus));
        for (unsigned root = 0; root <= modulus / 2; ++root) {
            if (root * root % modulus == rest) return true;
        }
        return false;
    });
}

bool is_square(const BIGNUM& number, BN_CTX* context) {
    if (BN_is_zero(&number)) return true;
    if (!may_be_square(number)) return false;
    const NumberPtr root = square_root(number, context);
    const NumberPtr square(BN_new());
    return root && square && BN_sqr(square.get(), root.get(), context) == 1 && BN_cmp(square.get(), &number) == 0;
}

/// The modulus of an RSAPublicKey, which PublicKey has read before.
Bytes modulus_of(const PublicKey& key) {
    const auto sequence = der::read_single(key.key_octets(), der::Tag::kSequence);
    if (!sequence) return {};
    const auto number = der::Reader::inside(*sequence).expect(der::Tag::kInteger);
    const auto modulus = number ? der::unsigned_integer(*number) : unexpected(number.error());
    return modulus ? *modulus : Bytes();
}

bool is_rsa(const PublicKey& key) {
    return key.type() == KeyType::kRsa || key.type() == KeyType::kRsaPss;
}

}  // namespace

bool is_roca(Bytes modulus) {
    return std::ranges::all_of(kPrimes, [&](unsigned prime) { return is_power(remainder(modulus, prime), prime); });
}

bool has_close_primes(Bytes modulus) {
    constexpr int kRounds = 100;
    const NumberContextPtr context(BN_CTX_new());
    const NumberPtr number = number_of(modulus);
    if (!context || !number || BN_is_one(number.get()) || BN_is_odd(number.get()) != 1) return false;
    // The modulus is a² - b² for a halfway between its primes: from its root upwards.
    const NumberPtr a = square_root(*number, context.get());
    const NumberPtr difference(BN_new());
    if (!a || !difference) return false;
    for (int round = 0; round <= kRounds; ++round) {  // the root itself is rounded down
        if (BN_sqr(difference.get(), a.get(), context.get()) != 1 ||
            BN_sub(difference.get(), difference.get(), number.get()) != 1) {
            return false;
        }
        if (BN_is_negative(difference.get()) == 0 && is_square(*difference, context.get())) return true;
        if (BN_add_word(a.get(), 1) != 1) return false;
    }
    return false;
}

std::optional<std::string> weakness_on_inspection(const PublicKey& key) {
    if (auto weakness = key.weakness()) return weakness;
    if (is_rsa(key) && has_close_primes(modulus_of(key)))
        return "the RSA key's primes are so near to each other that anybody can find them (CVE-2022-26320)";
    return std::nullopt;
}

Result<WeakKeyList> WeakKeyList::parse(std::string_view text, std::string_view source) {
    WeakKeyList list;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find('#'));
        while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
            line.remove_suffix(1);
        if (line.empty()) continue;
        const bool is_hex = std::ranges::all_of(
            line, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
        if (!is_hex || (line.size() != 20 && line.size() != 64)) {
            return bad_input(source, line_number, "it is neither 20 nor 64 hex digits",
                             "20 as in openssl-blacklist's files, or 64: SHA-256 of a SubjectPublicKeyInfo");
        }
        std::string entry(line);
        std::ranges::transform(entry, entry.begin(),
                               [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
        list.entries_.insert(std::move(entry));
    }
    if (list.entries_.empty()) return bad_input(source, 0, "it lists no key");
    return list;
}

Result<WeakKeyList> WeakKeyList::read(const std::string& path) {
    const auto content = files::read(path, std::size_t{64} << 20U);
    if (!content) return unexpected(content.error());
    return parse({static_cast<const char*>(static_cast<const void*>(content->data())), content->size()}, path);
}

bool WeakKeyList::contains(const PublicKey& key) const {
    if (entries_.contains(text::hex(sha256(key.subject_public_key_info())))) return true;
    if (!is_rsa(key)) return false;
    std::string line = "Modulus=" + text::hex(modulus_of(key)) + "\n";
    std::ranges::transform(line.begin() + 8, line.end(), line.begin() + 8,
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(line.data(), line.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return false;
    return entries_.contains(text::hex(as_bytes(digest.data(), size)).substr(20));
}

}  // namespace cotter::x509
