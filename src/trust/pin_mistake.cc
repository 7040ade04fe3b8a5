// Looking for what a failed pin really is.
#include "trust/pin_mistake.h"

#include "pin/digest.h"
#include "text/encoding.h"
#include "text/time.h"
#include "x509/pem.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace cotter::trust {
namespace {

using x509::Certificate;

constexpr std::array kTargets{PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey};

std::string_view name_of(PinTarget target) {
    switch (target) {
        case PinTarget::kSubjectPublicKeyInfo: return "spki";
        case PinTarget::kCertificate: return "cert";
        case PinTarget::kKey: return "key";
    }
    return "";
}

std::string whose(std::size_t position) {
    return position == 0 ? "the leaf" : "certificate " + std::to_string(position) + " as presented";
}

/// Which of a certificate's three parts the pin's octets are of.
std::optional<PinTarget> part_of(const Certificate& certificate, const Pin& pin) {
    for (const PinTarget target : kTargets) {
        const auto other = certificate.pin(target, pin.form());
        if (other && std::ranges::equal(other->octets(), pin.octets())) return target;
    }
    return std::nullopt;
}

std::string hex_with_colons(Bytes octets) {
    std::string text;
    for (const char digit : text::hex(octets)) {
        if (text.size() % 3 == 2) text += ':';
        text += digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
    }
    return text;
}

std::string public_key_pem(Bytes der) {
    constexpr std::size_t kLine = 64;
    const std::string base64 = text::base64(der);
    std::string pem = "-----BEGIN PUBLIC KEY-----\n";
    for (std::size_t at = 0; at < base64.size(); at += kLine) pem += base64.substr(at, kLine) + "\n";
    return pem + "-----END PUBLIC KEY-----\n";
}

/// A text that somebody may have hashed, and what it is.
struct Hashed {
    std::string text;
    std::string what;
};

/// The texts that are made of a certificate on the way to its pin.
void add_texts_of(const Certificate& certificate, std::size_t position, PinForm form, std::vector<Hashed>& texts) {
    const std::string owner = whose(position);
    texts.push_back({x509::to_pem(certificate), "the PEM text of " + owner + ", not of its DER"});
    const Bytes spki = certificate.public_key().subject_public_key_info();
    texts.push_back({public_key_pem(spki), "the PEM text of the public key of " + owner + ", not of its DER"});
    for (const auto& [der, part] : {std::pair{spki, "public key"}, std::pair{certificate.der(), "certificate"}}) {
        const std::string of = std::string("the ") + part + " of " + owner;
        texts.push_back({text::base64(der), "the base64 text of " + of + ", not of its DER"});
        const ByteVector once = digest(form, der);
        const std::string digest_of = "the digest of " + of;
        texts.push_back({text::hex(once), digest_of + " as hexadecimal text: hashed twice"});
        texts.push_back({hex_with_colons(once), digest_of + " as hexadecimal text: hashed twice"});
        texts.push_back({text::base64(once), digest_of + " as base64 text: hashed twice"});
        std::string octets;
        for (const std::byte octet : once) octets += static_cast<char>(octet);
        texts.push_back({std::move(octets), digest_of + ": hashed twice"});
    }
}

/// The names that stood where a file's content was meant.
void add_names_of(const HostPort& host, std::vector<Hashed>& texts) {
    const std::string name = host.host.to_string();
    for (const std::string& text : {name, host.to_string(), "https://" + name, "https://" + name + "/"})
        texts.push_back({text, "the host's name, not of its key"});
    for (const std::string& stem :
         {name, std::string("cert"), std::string("server"), std::string("fullchain"), std::string("chain"),
          std::string("ca"), std::string("key"), std::string("pubkey"), std::string("public"), std::string("leaf")}) {
        for (const std::string_view end : {".pem", ".crt", ".cer", ".der", ".key", ".pub"}) {
            const std::string file = stem + std::string(end);
            texts.push_back({file, "the file name " + file + ", not of what is in the file"});
        }
    }
}

class Search {
  public:
    Search(const std::vector<PolicyPin>& expected, const Evidence& evidence, Time now)
        : expected_(expected), evidence_(evidence), now_(now) {}

    [[nodiscard]] std::string first_found() {
        // The likelier and the weightier first.
        for (const auto look :
             {&Search::ended, &Search::part_of_presented, &Search::remembered, &Search::part_of_anchor}) {
            if (auto found = of_each(look); !found.empty()) return found;
        }
        for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512}) {
            if (auto found = text(form); !found.empty()) return found;
        }
        return of_each(&Search::sample);
    }

  private:
    std::string of_each(std::string (Search::*look)(const PolicyPin&)) {
        for (const PolicyPin& pin : expected_) {
            if (auto found = (this->*look)(pin); !found.empty()) return pin.pin.abbreviated() + " " + found;
        }
        return {};
    }

    std::string ended(const PolicyPin& pin) {
        if (!pin.expires || now_ <= *pin.expires || !evidence_.presented.front().matches(pin.pin)) return {};
        return "is of the leaf, but ended at " + text::rfc3339(*pin.expires);
    }

    std::string part_of_presented(const PolicyPin& pin) {
        for (std::size_t position = 0; position < evidence_.presented.size(); ++position) {
            const auto part = part_of(evidence_.presented[position], pin.pin);
            if (!part) continue;
            if (*part == pin.pin.target()) return "is of " + whose(position) + ", which does not count here";
            return "is the " + std::string(name_of(*part)) + " digest of " + whose(position) + ", given as " +
                   std::string(name_of(pin.pin.target()));
        }
        return {};
    }

    std::string remembered(const PolicyPin& pin) {
        const auto& pins = evidence_.continuity.remembered;
        return std::ranges::find(pins, pin.pin) == pins.end()
                   ? ""
                   : "is of the key that known_peers remembers of this host: the server's key has changed since";
    }

    std::string part_of_anchor(const PolicyPin& pin) {
        for (const Certificate& anchor : evidence_.anchors.certificates()) {
            if (const auto part = part_of(anchor, pin.pin)) {
                return "is the " + std::string(name_of(*part)) + " digest of the trust anchor " + anchor.subject_text();
            }
        }
        return {};
    }

    /// Each text is hashed once, whatever the number of pins.
    std::string text(PinForm form) {
        if (std::ranges::none_of(expected_, [&](const PolicyPin& pin) { return pin.pin.form() == form; })) return {};
        for (const Hashed& one : texts_of(form)) {
            std::string bare = one.text;
            if (bare.ends_with('\n')) bare.pop_back();
            for (const std::string& tried : {bare, bare + "\n", bare + "\r\n"}) {
                const ByteVector hashed = digest(form, std::as_bytes(std::span(tried)));
                for (const PolicyPin& pin : expected_) {
                    if (pin.pin.form() == form && std::ranges::equal(hashed, pin.pin.octets()))
                        return pin.pin.abbreviated() + " is the digest of " + one.what;
                }
            }
        }
        return {};
    }

    std::string sample(const PolicyPin& pin) {
        const auto manual = pin.pin.sample_of();
        return manual ? "is a sample printed in " + std::string(*manual) : "";
    }

    std::vector<Hashed> texts_of(PinForm form) {
        std::vector<Hashed> texts;
        constexpr std::size_t kMost = 4;
        for (std::size_t position = 0; position < std::min(kMost, evidence_.presented.size()); ++position)
            add_texts_of(evidence_.presented[position], position, form, texts);
        if (evidence_.host) add_names_of(*evidence_.host, texts);
        return texts;
    }

    const std::vector<PolicyPin>& expected_;
    const Evidence& evidence_;
    Time now_;
};

}  // namespace

std::string explain_mismatch(const std::vector<PolicyPin>& expected, const Evidence& evidence, Time now) {
    return evidence.presented.empty() ? std::string() : Search(expected, evidence, now).first_found();
}

}  // namespace cotter::trust
