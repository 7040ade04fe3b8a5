// Records, and the doors that lead to them.
//
// A record: a head (state, what follows); the expiry, where there is one; the name; the reason, where there is one;
// then items: a head (kind of pin, what follows), the pin's octets, the first half of the canonical key's digest, the
// hash of issuer and serial. Numbers are in octets of seven bits, the lowest first; the last has no top bit. Names,
// reasons and DER have their length before them. An empty record is a free slot.
#include "registry/client_table.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace cotter::registry {
namespace {

// With more shards a change costs less, with fewer the list of them does. A million names are a thousand a shard.
constexpr unsigned kShardBits = 10;
constexpr std::size_t kShards = std::size_t{1} << kShardBits;
constexpr std::size_t kMostSlots = std::size_t{1} << 16U;

constexpr std::size_t kKeptOfKey = 16;

// A record's head: the state, or kNoClient, in the lowest two bits.
constexpr unsigned kNoClient = 3;
constexpr unsigned kStateMask = 3;
constexpr unsigned kHasExpiry = 4;
constexpr unsigned kHasReason = 8;
constexpr unsigned kHasExtra = 16;

// An item's head: the pin's target in bits 2 and 3, its form in the lowest two.
constexpr unsigned kKindMask = 15;
constexpr unsigned kFormMask = 3;
constexpr unsigned kHasPin = 16;
constexpr unsigned kHasKey = 32;
constexpr unsigned kHasCertificate = 64;
constexpr unsigned kTombstone = 128;

std::string_view text_of(Bytes octets) {
    return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
}

Bytes octets_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::uint64_t hash_of(Bytes octets) {
    return std::hash<std::string_view>()(text_of(octets));
}

// Whoever wants to be taken for a certificate writes its issuer and serial number into one of his own: a hash that
// others can be found for gives him nothing.
std::uint64_t hash_of(const x509::IssuerAndSerial& certificate) {
    const std::array parts{hash_of(certificate.issuer), hash_of(certificate.serial)};
    return hash_of(std::as_bytes(std::span(parts)));
}

constexpr std::size_t shard_of(std::uint64_t hash) {
    return hash >> (64U - kShardBits);
}

constexpr std::uint16_t prefix_of(std::uint64_t hash) {
    return static_cast<std::uint16_t>(hash << kShardBits >> 48U);
}

constexpr unsigned kind_of(PinTarget target, PinForm form) {
    return (static_cast<unsigned>(std::to_underlying(target)) << 2U) | static_cast<unsigned>(std::to_underlying(form));
}

Bytes kept_of(const x509::CanonicalKey& key) {
    return Bytes(key.digest).first(kKeptOfKey);
}

class RecordWriter {
  public:
    void put(Bytes octets) { octets_.insert(octets_.end(), octets.begin(), octets.end()); }
    void put_head(unsigned head) { octets_.push_back(static_cast<std::byte>(head)); }
    void put_number(std::uint64_t number) {
        for (; number > 0x7f; number >>= 7U) octets_.push_back(static_cast<std::byte>(number | 0x80U));
        octets_.push_back(static_cast<std::byte>(number));
    }
    void put_time(Time time) {
        const std::int64_t seconds = time.time_since_epoch().count();
        put_number((static_cast<std::uint64_t>(seconds) << 1U) ^ static_cast<std::uint64_t>(seconds >> 63U));
    }
    void put_counted(Bytes octets) {
        put_number(octets.size());
        put(octets);
    }
    void put_pin(const Pin& pin) { pin.form() == PinForm::kDer ? put_counted(pin.octets()) : put(pin.octets()); }
    void put_certificate(const x509::IssuerAndSerial& certificate) {
        const std::uint64_t hash = hash_of(certificate);
        put(std::as_bytes(std::span(&hash, 1)));
    }
    [[nodiscard]] Bytes octets() const { return octets_; }

  private:
    ByteVector octets_;
};

bool has_extra(const Client& client) {
    return client.rules != nullptr || client.disconnects != 0 || !client.farewell.empty();
}

void put_client(RecordWriter& record, const Client& client) {
    const bool is_active = client.state == ClientState::kActive;
    record.put_head(static_cast<unsigned>(std::to_underlying(client.state)) | (client.expires ? kHasExpiry : 0U) |
                    (is_active ? 0U : kHasReason) | (has_extra(client) ? kHasExtra : 0U));
    if (client.expires) record.put_time(*client.expires);
    record.put_counted(octets_of(client.name.text()));
    if (!is_active) record.put_counted(octets_of(client.state_reason));
    for (const ClientKey& key : client.keys) {
        const bool keeps_certificate = !is_active && key.certificate;
        record.put_head(kind_of(key.pin.target(), key.pin.form()) | kHasPin | (key.canonical ? kHasKey : 0U) |
                        (keeps_certificate ? kHasCertificate : 0U));
        record.put_pin(key.pin);
        if (key.canonical) record.put(kept_of(*key.canonical));
        if (keeps_certificate) record.put_certificate(*key.certificate);
    }
}

void put_tombstones(RecordWriter& record, const NameRows& rows) {
    for (const x509::CanonicalKey& key : rows.denied_keys) {
        record.put_head(kHasKey | kTombstone);
        record.put(kept_of(key));
    }
    for (const Pin& pin : rows.denied_pins) {
        record.put_head(kind_of(pin.target(), pin.form()) | kHasPin | kTombstone);
        record.put_pin(pin);
    }
    for (const x509::IssuerAndSerial& certificate : rows.denied_certificates) {
        record.put_head(kHasCertificate | kTombstone);
        record.put_certificate(certificate);
    }
}

bool has_anything(const NameRows& rows) {
    return rows.client || !rows.denied_keys.empty() || !rows.denied_pins.empty() || !rows.denied_certificates.empty();
}

}  // namespace

struct ClientTable::Item {
    unsigned head = 0;
    Bytes pin{};
    Bytes key{};
    std::uint64_t certificate = 0;

    [[nodiscard]] bool has(unsigned part) const { return (head & part) != 0; }
    [[nodiscard]] unsigned kind() const { return head & kKindMask; }

    /// Every hash that it is found by.
    template <class Visit>
    void each_hash(Visit visit) const {
        if (has(kHasPin)) visit(hash_of(pin));
        if (has(kHasKey)) visit(hash_of(key));
        if (has(kHasCertificate)) visit(certificate);
    }
};

/// Reads what was written here; nothing of it is anybody else's.
class ClientTable::RecordReader {
  public:
    explicit RecordReader(Bytes record) : left_(record), head_(take_head()) {
        if (has(kHasExpiry)) {
            const std::uint64_t number = take_number();
            expires = Time(std::chrono::seconds(static_cast<std::int64_t>((number >> 1U) ^ (~(number & 1U) + 1U))));
        }
        name = text_of(take(take_number()));
        if (has(kHasReason)) reason = text_of(take(take_number()));
    }

    std::string_view name;
    std::string_view reason;
    std::optional<Time> expires;

    [[nodiscard]] bool has(unsigned part) const { return (head_ & part) != 0; }
    [[nodiscard]] bool has_client() const { return (head_ & kStateMask) != kNoClient; }
    [[nodiscard]] ClientState state() const { return static_cast<ClientState>(head_ & kStateMask); }

    [[nodiscard]] bool has_more() const { return !left_.empty(); }
    [[nodiscard]] Item next_item() {
        Item item;
        item.head = take_head();
        if (item.has(kHasPin)) {
            const auto form = static_cast<PinForm>(item.head & kFormMask);
            item.pin = take(form == PinForm::kDer ? take_number() : digest_size(form));
        }
        if (item.has(kHasKey)) item.key = take(kKeptOfKey);
        if (item.has(kHasCertificate)) {
            std::memcpy(&item.certificate, take(sizeof item.certificate).data(), sizeof item.certificate);
        }
        return item;
    }

  private:
    Bytes take(std::size_t size) {
        const Bytes taken = left_.first(size);
        left_ = left_.subspan(size);
        return taken;
    }
    unsigned take_head() { return std::to_integer<unsigned>(take(1).front()); }
    std::uint64_t take_number() {
        std::uint64_t number = 0;
        for (unsigned shift = 0;; shift += 7) {
            const unsigned octet = take_head();
            number |= std::uint64_t{octet & 0x7fU} << shift;
            if ((octet & 0x80U) == 0) return number;
        }
    }

    Bytes left_;
    unsigned head_;
};

ClientTable::ClientTable() : shards_(kShards, std::make_shared<const Shard>()) {}

Bytes ClientTable::Shard::record(std::uint16_t slot) const {
    const std::size_t begin = slot == 0 ? 0 : ends[slot - 1U];
    return Bytes(records).subspan(begin, ends[slot] - begin);
}

ClientTable::Row ClientTable::row_of(const RecordReader& reader, Address address) const {
    Row row{reader.name, reader.state(), reader.reason, reader.expires};
    if (reader.has(kHasExtra)) {
        const auto& extras = shards_[address.shard]->extras;
        row.extra =
            std::ranges::lower_bound(extras, address.slot, {}, [](const auto& one) { return one.first; })->second.get();
    }
    return row;
}

template <class Is>
ClientTable::Found ClientTable::find_by(std::uint64_t hash, Is is) const {
    const std::vector<Door>& doors = shards_[shard_of(hash)]->doors;
    const std::uint16_t prefix = prefix_of(hash);
    Found found;
    // Prefixes are spread evenly: what is looked for is near its share of the way.
    std::size_t at = (doors.size() * prefix) >> 16U;
    while (at > 0 && doors[at - 1].prefix >= prefix) --at;
    while (at < doors.size() && doors[at].prefix < prefix) ++at;
    for (; at < doors.size() && doors[at].prefix == prefix; ++at) {
        const Address address = doors[at].record;
        RecordReader reader(shards_[address.shard]->record(address.slot));
        while (reader.has_more()) {
            const Item item = reader.next_item();
            if (!is(item)) continue;
            if (item.has(kTombstone)) {
                found.has_tombstone = true;
                continue;
            }
            auto& whose = reader.state() == ClientState::kRevoked ? found.revoked : found.client;
            if (!whose || reader.name < whose->name) whose = row_of(reader, address);
        }
    }
    return found;
}

ClientTable::Found ClientTable::find(const Pin& pin) const {
    const unsigned kind = kind_of(pin.target(), pin.form());
    return find_by(hash_of(pin.octets()), [&](const Item& item) {
        return item.has(kHasPin) && item.kind() == kind && std::ranges::equal(item.pin, pin.octets());
    });
}

ClientTable::Found ClientTable::find(const x509::CanonicalKey& key) const {
    const Bytes kept = kept_of(key);
    return find_by(hash_of(kept),
                   [&](const Item& item) { return item.has(kHasKey) && std::ranges::equal(item.key, kept); });
}

ClientTable::Found ClientTable::find(const x509::IssuerAndSerial& certificate) const {
    const std::uint64_t hash = hash_of(certificate);
    return find_by(hash, [&](const Item& item) { return item.has(kHasCertificate) && item.certificate == hash; });
}

void ClientTable::each_client(const std::function<void(const Row&)>& visit) const {
    for (std::size_t number = 0; number < kShards; ++number) {
        const Shard& shard = *shards_[number];
        for (std::size_t slot = 0; slot < shard.ends.size(); ++slot) {
            const Address address{static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(slot)};
            const Bytes record = shard.record(address.slot);
            if (record.empty()) continue;
            const RecordReader reader(record);
            if (reader.has_client()) visit(row_of(reader, address));
        }
    }
}

bool ClientTable::has_kind(PinTarget target, PinForm form) const {
    return pins_of_kind_.at(kind_of(target, form)) != 0;
}

ClientTable::Writer::Writer(ClientTable table) : table_(std::move(table)), own_(kShards) {}

void ClientTable::Writer::put(const NameRows& rows) {
    const Address address = place_of(rows.name);
    erase(address);
    if (has_anything(rows)) insert(address, rows);
}

void ClientTable::Writer::add(const NameRows& rows) {
    if (!has_anything(rows)) return;
    const std::size_t shard = shard_of(hash_of(octets_of(rows.name)));
    const std::size_t slot = table_.shards_[shard]->ends.size();
    if (slot == kMostSlots) throw std::length_error("more clients than a table has room for");
    insert({static_cast<std::uint16_t>(shard), static_cast<std::uint16_t>(slot)}, rows);
}

ClientTable ClientTable::Writer::finish() && {
    for (const auto& shard : own_) {
        if (!shard) continue;
        std::ranges::sort(shard->doors);
        shard->ends.shrink_to_fit();
        shard->records.shrink_to_fit();
        shard->doors.shrink_to_fit();
    }
    return std::move(table_);
}

ClientTable::Shard& ClientTable::Writer::own(std::size_t number) {
    auto& owned = own_[number];
    if (!owned) {
        owned = std::make_shared<Shard>(*table_.shards_[number]);
        table_.shards_[number] = owned;
    }
    return *owned;
}

ClientTable::Address ClientTable::Writer::place_of(const std::string& name) const {
    const std::size_t number = shard_of(hash_of(octets_of(name)));
    const Shard& shard = *table_.shards_[number];
    std::size_t place = shard.ends.size();
    for (std::size_t slot = 0; slot < shard.ends.size(); ++slot) {
        const Bytes record = shard.record(static_cast<std::uint16_t>(slot));
        if (record.empty()) {
            place = slot;
        } else if (RecordReader(record).name == name) {
            place = slot;
            break;
        }
    }
    if (place == kMostSlots) throw std::length_error("more clients than a table has room for");
    return {static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(place)};
}

void ClientTable::Writer::erase(Address address) {
    if (address.slot >= table_.shards_[address.shard]->ends.size()) return;
    Shard& shard = own(address.shard);
    const Bytes record = shard.record(address.slot);
    if (record.empty()) return;
    RecordReader reader(record);
    if (reader.has_client()) --table_.client_count_;
    while (reader.has_more()) {
        const Item item = reader.next_item();
        if (item.has(kHasPin)) --table_.pins_of_kind_.at(item.kind());
        item.each_hash(
            [&](std::uint64_t hash) { std::erase(own(shard_of(hash)).doors, Door{prefix_of(hash), address}); });
    }
    std::erase_if(shard.extras, [&](const auto& extra) { return extra.first == address.slot; });
    const auto size = static_cast<std::uint32_t>(record.size());
    const auto end = shard.records.begin() + shard.ends[address.slot];
    shard.records.erase(end - size, end);
    for (std::size_t slot = address.slot; slot < shard.ends.size(); ++slot) shard.ends[slot] -= size;
}

void ClientTable::Writer::insert(Address address, const NameRows& rows) {
    RecordWriter record;
    if (rows.client) {
        put_client(record, *rows.client);
        ++table_.client_count_;
    } else {
        record.put_head(kNoClient);
        record.put_counted(octets_of(rows.name));
    }
    put_tombstones(record, rows);

    Shard& shard = own(address.shard);
    if (address.slot == shard.ends.size()) shard.ends.push_back(static_cast<std::uint32_t>(shard.records.size()));
    const auto size = static_cast<std::uint32_t>(record.octets().size());
    shard.records.insert(shard.records.begin() + shard.ends[address.slot], record.octets().begin(),
                         record.octets().end());
    for (std::size_t slot = address.slot; slot < shard.ends.size(); ++slot) shard.ends[slot] += size;
    if (rows.client && has_extra(*rows.client)) {
        const auto at =
            std::ranges::lower_bound(shard.extras, address.slot, {}, [](const auto& one) { return one.first; });
        shard.extras.emplace(
            at, address.slot,
            std::make_shared<const Extra>(rows.client->rules, rows.client->disconnects, rows.client->farewell));
    }

    RecordReader reader(record.octets());
    while (reader.has_more()) {
        const Item item = reader.next_item();
        if (item.has(kHasPin)) ++table_.pins_of_kind_.at(item.kind());
        item.each_hash([&](std::uint64_t hash) { own(shard_of(hash)).doors.push_back({prefix_of(hash), address}); });
    }
}

}  // namespace cotter::registry
