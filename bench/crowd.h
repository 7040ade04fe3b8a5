// A crowd: as many registered clients as a benchmark wants, of whom only the last are real.
#pragma once

#include "registry/registry.h"
#include "registry/snapshot.h"

#include <cotter/pin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace cotter::bench {

/// Different digests, spread as real ones are: a digest of the number would cost more than it tells.
inline Pin numbered_pin(std::uint64_t number) {
    ByteVector octets(digest_size(PinForm::kSha256));
    std::uint64_t state = number + 1;
    for (std::byte& octet : octets) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        octet = static_cast<std::byte>(state >> 56U);
    }
    return Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, octets).value();
}

/// A key as "join" and a certificate leave it: with its canonical form, its issuer and its serial number.
inline registry::ClientKey numbered_key(std::uint64_t number) {
    constexpr std::uint64_t kOtherDigests = std::uint64_t{1} << 32U;
    const Pin other = numbered_pin(kOtherDigests + number);
    registry::ClientKey key{numbered_pin(number), x509::CanonicalKey{}, x509::IssuerAndSerial{}, {}};
    std::ranges::copy(other.octets(), key.canonical->digest.begin());
    key.certificate->issuer.assign(40, std::byte{'i'});
    key.certificate->serial.assign(other.octets().begin(), other.octets().begin() + 16);
    return key;
}

inline registry::Client numbered_client(std::uint64_t number, registry::ClientKey key) {
    return {.name = registry::ClientName::parse("client-" + std::to_string(number)).value(),
            .state = registry::ClientState::kActive,
            .state_reason = "",
            .state_since = {},
            .state_actor = "owner@host",
            .expires = registry::Time{std::chrono::sys_days{std::chrono::year{2040} / 1 / 1}},
            .note = "",
            .added = {},
            .keys = {{std::move(key)}}};
}

/// So many clients, each with one key; the last of them with the keys of `members`.
inline registry::SnapshotRows crowd_of(std::uint64_t count, std::span<const x509::Certificate> members) {
    registry::SnapshotRows rows;
    rows.version = 1;
    rows.clients.reserve(count);
    for (std::uint64_t number = 0; number < count; ++number) {
        if (number + members.size() < count) {
            rows.clients.push_back(numbered_client(number, numbered_key(number)));
        } else {
            const registry::NewKey key = registry::new_key_of(members[number + members.size() - count]);
            rows.clients.push_back(numbered_client(number, {key.pin, key.canonical, key.certificate, {}}));
        }
    }
    return rows;
}

}  // namespace cotter::bench
