// ClientTable: what a snapshot knows of a million names, in less than a hundred octets each. The table is divided into
// shards; a copy shares them all, and a change to it copies only those that it touches, so that the next version costs
// no more than what changed. Who is admitted is not decided here.
#pragma once

#include "registry/name_rows.h"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::registry {

class ClientTable {
  public:
    ClientTable();

    /// What few clients have.
    struct Extra {
        std::shared_ptr<const trust::ClientRules> rules;
        std::uint64_t disconnects = 0;
        std::string farewell;
    };

    /// A client: views into the table.
    struct Row {
        std::string_view name;
        ClientState state = ClientState::kRevoked;
        std::string_view reason;  ///< where the client isn't active
        std::optional<Time> expires;
        const Extra* extra = nullptr;
    };

    /// Whose a key, a pin or a certificate is. Of several clients, the first by name.
    struct Found {
        std::optional<Row> client;   ///< who isn't revoked
        std::optional<Row> revoked;  ///< who is
        bool has_tombstone = false;
        [[nodiscard]] bool is_denied() const { return revoked || has_tombstone; }
    };

    /// All octets of a pin are compared: it may admit.
    [[nodiscard]] Found find(const Pin& pin) const;
    /// Of a key the first half of its digest is kept: it may only refuse.
    [[nodiscard]] Found find(const x509::CanonicalKey& key) const;
    /// Of a certificate a hash is kept: it may only refuse. Those of active clients are not kept, for they say nothing.
    [[nodiscard]] Found find(const x509::IssuerAndSerial& certificate) const;

    /// Reads the whole table; in no order.
    void each_client(const std::function<void(const Row&)>& visit) const;

    [[nodiscard]] std::size_t client_count() const { return client_count_; }
    /// Whether there is a pin of that kind, so that no other digest is ever computed of a leaf.
    [[nodiscard]] bool has_kind(PinTarget target, PinForm form) const;

    class Writer;

  private:
    struct Address {
        std::uint16_t shard;
        std::uint16_t slot;
        auto operator<=>(const Address&) const = default;
    };
    /// Leads to a record that may have what is looked for: the shard that the door is in, and the prefix, are of its
    /// hash.
    struct Door {
        std::uint16_t prefix;
        Address record;
        auto operator<=>(const Door&) const = default;
    };
    /// The records of those names, and the doors of those hashes, that begin alike.
    struct Shard {
        std::vector<std::uint32_t> ends;  ///< where each slot's record ends and the next one begins
        std::vector<std::byte> records;
        std::vector<Door> doors;                                                     ///< in order
        std::vector<std::pair<std::uint16_t, std::shared_ptr<const Extra>>> extras;  ///< by slot, in order

        [[nodiscard]] Bytes record(std::uint16_t slot) const;
    };
    class RecordReader;
    struct Item;

    template <class Is>
    [[nodiscard]] Found find_by(std::uint64_t hash, Is is) const;
    [[nodiscard]] Row row_of(const RecordReader& reader, Address address) const;

    std::vector<std::shared_ptr<const Shard>> shards_;
    std::array<std::uint32_t, 12> pins_of_kind_{};
    std::size_t client_count_ = 0;
};

/// Makes the next table out of one. What is put is found only in what finish() gives.
class ClientTable::Writer {
  public:
    explicit Writer(ClientTable table);

    /// In place of all that was under the name; nothing, where `rows` has nothing. Throws std::length_error where more
    /// names have the same shard than it has slots: of 32 million names, none has.
    void put(const NameRows& rows);
    /// The same for a name that isn't in the table, which is not looked for.
    void add(const NameRows& rows);
    [[nodiscard]] ClientTable finish() &&;

  private:
    [[nodiscard]] Shard& own(std::size_t number);
    /// Where the name is, or could be: an empty slot or the one after the last.
    [[nodiscard]] Address place_of(const std::string& name) const;
    void erase(Address address);
    void insert(Address address, const NameRows& rows);

    ClientTable table_;
    std::vector<std::shared_ptr<Shard>> own_;  ///< those of table_ that are this writer's alone, by number
};

}  // namespace cotter::registry
