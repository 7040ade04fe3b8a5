// A client of the owner beside it, with what it trusts.
#pragma once

#include "bundle/testing/owner.h"
#include "bundle/updater.h"

#include <string>
#include <string_view>

namespace cotter::bundle::testing {

inline constexpr std::string_view kOtherPolicy =
    "version = 1\n[[host]]\nname = \"db.example.com\"\n"
    "pins = [\"sha256/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\"]\n";

inline Result<void> take_all(const std::string& /*name*/, const std::string& /*content*/) {
    return {};
}

/// A client with what it trusts.
struct Client {
    explicit Client(const Owner& owner) : trusted(must(begin_with(owner.first_root()))) {}

    /// The code of what failed; empty where all went well.
    std::string fetch(Owner& owner, x509::Time now = kNow, const CheckTarget& check = take_all) {
        Update done = update(trusted, owner.repository, "policy.toml", check, now);
        trusted = std::move(done.trusted);
        return done.failure ? done.failure->code : std::string();
    }
    /// The policy that may be used; else the code of why none may.
    [[nodiscard]] std::string used(x509::Time now = kNow) const {
        const auto used = in_use(trusted, now);
        return used ? used->files.at("policy.toml") : used.error().code;
    }

    Trusted trusted;
};

}  // namespace cotter::bundle::testing
