// DaneResolver: questions to the DNS whose answers are validated here, by libunbound, from a trust anchor down. What a
// resolver says of its own validation (the AD bit) is never looked at (INVARIANT A144).
#pragma once

#include "trust/tlsa.h"

#include <cotter/bytes.h>
#include <cotter/error.h>
#include <cotter/host_name.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ub_ctx;
struct ub_result;

namespace cotter::evidence {

/// A resolver, by address: it is asked before any name can be trusted.
struct DnsServer {
    IpAddress address;
    std::uint16_t port = 53;

    /// ADDRESS, ADDRESS@PORT, V4:PORT or [V6]:PORT.
    [[nodiscard]] static Result<DnsServer> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;  ///< "192.0.2.1@53"
};

struct DnsSettings {
    std::optional<DnsServer> server{};               ///< where to ask; none: whom /etc/resolv.conf names
    std::optional<std::filesystem::path> anchors{};  ///< DS and DNSKEY records; none: the root zone's
};

enum class RecordType : std::uint8_t { kAddress = 1, kTlsa = 52 };

/// What one question came to.
struct DnsAnswer {
    trust::DaneState state = trust::DaneState::kError;
    std::vector<ByteVector> data{};  ///< for kSecure: each record's data as on the wire
    std::string canonical_name{};    ///< where aliases led, with its last dot; empty: there were none
    std::chrono::seconds ttl{};      ///< how long the answer may be kept
    std::string detail{};            ///< escaped: why bogus, why none
};

/// Whether a libunbound of that version ("1.17.1") has all that is asked of it here. Distributions mend faults without
/// changing the number, so it tells only what is certainly too old (INVARIANT A147).
[[nodiscard]] bool is_new_enough(std::string_view libunbound_version);

/// A TLSA record's data (RFC 6698, section 2.1), or nothing if it is too short for its three numbers.
[[nodiscard]] std::optional<trust::TlsaRecord> tlsa_from_wire(Bytes data);

/// Validates in a thread of its own; its answers come out in the thread that calls process(). Answers are kept for
/// their TTL, as any resolver keeps them. Not to be used by two threads at once.
class DaneResolver {
  public:
    [[nodiscard]] static Result<std::shared_ptr<DaneResolver>> make(const DnsSettings& settings);
    DaneResolver(const DaneResolver&) = delete;
    DaneResolver& operator=(const DaneResolver&) = delete;
    ~DaneResolver();

    /// Readable when process() has something to do. Belongs to the resolver.
    [[nodiscard]] int descriptor() const;
    /// Hands out the answers that have come.
    void process();

    /// One question on its way; whoever asks no longer waits by letting it go.
    class Question {
      public:
        /// `on_answer` is called once from within process(), unless the answer is there at once.
        Question(DaneResolver& resolver, const std::string& name, RecordType type, std::function<void()> on_answer);
        Question(const Question&) = delete;
        Question& operator=(const Question&) = delete;
        ~Question();
        [[nodiscard]] const std::optional<DnsAnswer>& answer() const { return answer_; }

      private:
        static void on_result(void* question, int fault, ub_result* result);
        DaneResolver& resolver_;
        std::function<void()> on_answer_;
        std::optional<DnsAnswer> answer_;
        int id_ = 0;
    };

  private:
    explicit DaneResolver(ub_ctx* context) : context_(context) {}
    ub_ctx* context_;
};

}  // namespace cotter::evidence
