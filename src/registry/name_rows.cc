// Rows as values, and eight tables read side by side in the order of their names, which the stores and std::string
// compare alike: octet by octet.
#include "registry/name_rows.h"

#include <algorithm>

namespace cotter::registry {
namespace {

unexpected<Error> corrupt(const std::string& what, std::string why) {
    return failed("registry_corrupt", what, std::move(why), "bring it back from a backup");
}

/// The key whose target, form and octets stand at that column and the next two. Octets that are no such pin, and a
/// target or form that there isn't, give nothing.
std::optional<Pin> pin_at(Query& row, int column) {
    constexpr std::array kTargets = {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey};
    constexpr std::array kForms = {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer};
    const auto target = row.count(column);
    const auto form = row.count(column + 1);
    if (target >= kTargets.size() || form >= kForms.size()) return std::nullopt;
    auto pin = Pin::from_octets(kTargets[target], kForms[form], row.octets(column + 2));
    return pin ? std::optional(std::move(*pin)) : std::nullopt;
}

std::optional<x509::CanonicalKey> canonical_at(Query& row, int column) {
    const ByteVector octets = row.octets(column);
    x509::CanonicalKey key;
    if (octets.size() != key.digest.size()) return std::nullopt;
    std::ranges::copy(octets, key.digest.begin());
    return key;
}

/// Columns: target, form, octets, canonical, issuer, serial, added, from `first` on.
std::optional<ClientKey> key_at(Query& row, int first) {
    auto pin = pin_at(row, first);
    if (!pin) return std::nullopt;
    ClientKey key{std::move(*pin), std::nullopt, std::nullopt, row.time(first + 6)};
    if (!row.is_null(first + 3)) {
        key.canonical = canonical_at(row, first + 3);
        if (!key.canonical) return std::nullopt;
    }
    if (!row.is_null(first + 4)) key.certificate = x509::IssuerAndSerial{row.octets(first + 4), row.octets(first + 5)};
    return key;
}

/// A question about every name, and the same about one.
struct Question {
    const char* of_all;
    const char* of_one;
};

constexpr Question kClients = {
    "SELECT name, state, state_reason, state_since, state_actor, expires, note, added FROM clients ORDER BY name",
    "SELECT name, state, state_reason, state_since, state_actor, expires, note, added FROM clients WHERE name = $1"};
constexpr Question kKeys = {
    "SELECT client, target, form, octets, canonical, issuer, serial, added FROM keys "
    "ORDER BY client, added, target, form, octets",
    "SELECT client, target, form, octets, canonical, issuer, serial, added FROM keys WHERE client = $1 "
    "ORDER BY added, target, form, octets"};
constexpr Question kRules = {"SELECT client, rules FROM client_rules ORDER BY client",
                             "SELECT client, rules FROM client_rules WHERE client = $1"};
constexpr Question kDisconnects = {"SELECT client, times FROM disconnects ORDER BY client",
                                   "SELECT client, times FROM disconnects WHERE client = $1"};
constexpr Question kFarewells = {"SELECT client, message FROM farewells ORDER BY client",
                                 "SELECT client, message FROM farewells WHERE client = $1"};
constexpr Question kDeniedKeys = {"SELECT client, digest FROM denied_keys ORDER BY client",
                                  "SELECT client, digest FROM denied_keys WHERE client = $1"};
constexpr Question kDeniedPins = {"SELECT client, target, form, octets FROM denied_pins ORDER BY client",
                                  "SELECT client, target, form, octets FROM denied_pins WHERE client = $1"};
constexpr Question kDeniedCertificates = {"SELECT client, issuer, serial FROM denied_certificates ORDER BY client",
                                          "SELECT client, issuer, serial FROM denied_certificates WHERE client = $1"};

Query ask(Store& store, const Question& question, const std::optional<ClientName>& only) {
    return only ? Query(store, question.of_one, only->text()) : Query(store, question.of_all);
}

}  // namespace

NameReader::NameReader(Store& store, std::string what, const std::optional<ClientName>& only)
    : what_(std::move(what)),
      clients_{ask(store, kClients, only)},
      keys_{ask(store, kKeys, only)},
      rules_{ask(store, kRules, only)},
      disconnects_{ask(store, kDisconnects, only)},
      farewells_{ask(store, kFarewells, only)},
      denied_keys_{ask(store, kDeniedKeys, only)},
      denied_pins_{ask(store, kDeniedPins, only)},
      denied_certificates_{ask(store, kDeniedCertificates, only)} {
    for (Stream* stream : {&clients_, &keys_, &rules_, &disconnects_, &farewells_, &denied_keys_, &denied_pins_,
                           &denied_certificates_}) {
        stream->advance();
    }
}

void NameReader::Stream::advance() {
    if (rows.next()) {
        name = rows.text(0);
    } else {
        name.reset();
    }
}

const std::string* NameReader::next_name() const {
    const std::string* least = nullptr;
    for (const Stream* stream : {&clients_, &keys_, &rules_, &disconnects_, &farewells_, &denied_keys_, &denied_pins_,
                                 &denied_certificates_}) {
        if (stream->name && (least == nullptr || *stream->name < *least)) least = &*stream->name;
    }
    return least;
}

Result<std::optional<NameRows>> NameReader::next() {
    const std::string* const name = next_name();
    if (name == nullptr) return std::optional<NameRows>();
    NameRows rows{.name = *name};
    for (const auto read : {&NameReader::read_client, &NameReader::read_keys, &NameReader::read_rule_book,
                            &NameReader::read_tombstones}) {
        if (auto done = (this->*read)(rows); !done) return unexpected(done.error());
    }
    return std::optional(std::move(rows));
}

Result<void> NameReader::read_client(NameRows& rows) {
    if (!clients_.is_at(rows.name)) return {};
    Query& row = clients_.rows;
    auto name = ClientName::parse(rows.name);
    const auto state = client_state_of(row.text(1));
    if (!name || name->text() != rows.name || !state) return corrupt(what_, "a client's name or state can't be read");
    rows.client = Client{.name = std::move(*name),
                         .state = *state,
                         .state_reason = row.text(2),
                         .state_since = row.time(3),
                         .state_actor = row.text(4),
                         .expires = row.time_or_never(5),
                         .note = row.text(6),
                         .added = row.time(7),
                         .keys = {}};
    clients_.advance();
    return {};
}

Result<void> NameReader::read_keys(NameRows& rows) {
    for (; keys_.is_at(rows.name); keys_.advance()) {
        if (!rows.client) return corrupt(what_, "a key has no client");
        auto key = key_at(keys_.rows, 1);
        if (!key) return corrupt(what_, "a key of " + rows.name + " can't be read");
        rows.client->keys.push_back(std::move(*key));
    }
    return {};
}

Result<void> NameReader::read_rule_book(NameRows& rows) {
    for (; rules_.is_at(rows.name); rules_.advance()) {
        if (!rows.client) return corrupt(what_, "rules have no client");
        auto parsed = trust::ClientRules::parse_text(rules_.rows.text(1));
        if (!parsed) {
            return failed("registry_rules", what_,
                          "the rules of " + rows.name + ": " + parsed.error().what + ": " + parsed.error().why,
                          parsed.error().next);
        }
        rows.client->rules = std::make_shared<const trust::ClientRules>(std::move(*parsed));
    }
    for (; disconnects_.is_at(rows.name); disconnects_.advance()) {
        if (!rows.client) return corrupt(what_, "a disconnection has no client");
        rows.client->disconnects = disconnects_.rows.count(1);
    }
    for (; farewells_.is_at(rows.name); farewells_.advance()) {
        if (!rows.client) return corrupt(what_, "a message has no client");
        rows.client->farewell = farewells_.rows.text(1);
    }
    return {};
}

Result<void> NameReader::read_tombstones(NameRows& rows) {
    for (; denied_keys_.is_at(rows.name); denied_keys_.advance()) {
        const auto key = canonical_at(denied_keys_.rows, 1);
        if (!key) return corrupt(what_, "a denied key can't be read");
        rows.denied_keys.push_back(*key);
    }
    for (; denied_pins_.is_at(rows.name); denied_pins_.advance()) {
        auto pin = pin_at(denied_pins_.rows, 1);
        if (!pin) return corrupt(what_, "a denied pin can't be read");
        rows.denied_pins.push_back(std::move(*pin));
    }
    for (; denied_certificates_.is_at(rows.name); denied_certificates_.advance()) {
        Query& row = denied_certificates_.rows;
        rows.denied_certificates.push_back({row.octets(1), row.octets(2)});
    }
    return {};
}

}  // namespace cotter::registry
