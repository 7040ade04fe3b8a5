// A crowd: as many registered clients as a benchmark wants, of whom only the last are real.
#pragma once

#include "registry/registry.h"
#include "registry/snapshot.h"

#include <cotter/pin.h>

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

inline registry::Client numbered_client(std::uint64_t number, registry::ClientKey key) {
    return {.name = registry::ClientName::parse("client-" + std::to_string(number)).value(),
            .state = registry::ClientState::kActive,
            .state_reason = "",
            .state_since = {},
            .state_actor = "owner@host",
            .expires = std::nullopt,
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
            rows.clients.push_back(numbered_client(number, {numbered_pin(number), std::nullopt, std::nullopt, {}}));
        } else {
            const registry::NewKey key = registry::new_key_of(members[number + members.size() - count]);
            rows.clients.push_back(numbered_client(number, {key.pin, key.canonical, key.certificate, {}}));
        }
    }
    return rows;
}

}  // namespace cotter::bench
