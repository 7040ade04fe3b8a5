// Programs' own contexts: whoever is let in or refused, on full and on resumed handshakes.
#include <cotter/openssl.h>

#include "registry/rule_book.h"
#include "registry/testing/store.h"
#include "tls/testing/ends.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

namespace cotter::openssl {
namespace {

using registry::testing::by_admin;
using registry::testing::Folder;
using registry::testing::name_of;
using tls::testing::raw_context;
using x509::SslContextPtr;
using x509::SslPtr;
using x509::testing::mint;
using x509::testing::Minted;

constexpr std::chrono::seconds kPatience{20};

/// One certificate and key that are of today, as the gate has no other clock.
Minted of_today(const std::string& name) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return mint().leaf(name).valid(now - std::chrono::hours(1), now + std::chrono::hours(1));
}

std::string pin_of(const Minted& minted) {
    return minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string();
}

HostPort host_port(std::string_view text) {
    return *HostPort::parse(text);
}

/// A client and a server that are OpenSSL, joined in memory.
class Pair {
  public:
    Pair(SSL_CTX* client_context, SSL_CTX* server_context)
        : client(SSL_new(client_context)), server(SSL_new(server_context)) {
        BIO* client_end = nullptr;
        BIO* server_end = nullptr;
        BIO_new_bio_pair(&client_end, kRoom, &server_end, kRoom);
        SSL_set_bio(client.get(), client_end, client_end);
        SSL_set_bio(server.get(), server_end, server_end);
        SSL_set_connect_state(client.get());
        SSL_set_accept_state(server.get());
    }

    Pair(Pair&&) = default;
    Pair& operator=(Pair&&) = delete;
    /// An end without close_notify would make the sessions void.
    ~Pair() {
        if (client) SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        if (server) SSL_set_shutdown(server.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }

    /// Until neither can go on. Whether both have finished.
    bool shake_hands() {
        for (int i = 0; i < kMostTurns; ++i) {
            SSL_do_handshake(client.get());
            SSL_do_handshake(server.get());
            ERR_clear_error();
        }
        return SSL_is_init_finished(client.get()) == 1 && SSL_is_init_finished(server.get()) == 1;
    }

    /// What the server reads of what the client writes, and the other way; "" where nothing arrives.
    std::string to_server(const std::string& text) { return carry(client.get(), server.get(), text); }
    std::string to_client(const std::string& text) { return carry(server.get(), client.get(), text); }

    SslPtr client;
    SslPtr server;

  private:
    static constexpr std::size_t kRoom = 1U << 17U;
    static constexpr int kMostTurns = 8;

    static std::string carry(SSL* from, SSL* to, const std::string& text) {
        std::array<char, 256> buffer{};
        if (SSL_write(from, text.data(), static_cast<int>(text.size())) <= 0) return {};
        const int size = SSL_read(to, buffer.data(), buffer.size());
        ERR_clear_error();
        return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
    }
};

/// The session that a client was given last.
class LastSession {
  public:
    explicit LastSession(SSL_CTX* client) {
        SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_set_app_data(client, this);
        SSL_CTX_sess_set_new_cb(client, [](SSL* ssl, SSL_SESSION* session) {
            static_cast<LastSession*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->session_.reset(session);
            return 1;
        });
    }
    [[nodiscard]] SSL_SESSION* get() const { return session_.get(); }

  private:
    std::unique_ptr<SSL_SESSION, x509::FreeBy<SSL_SESSION_free>> session_;
};

class OpensslClient : public testing::Test {
  protected:
    const Minted server_ = of_today("db.example");
    SslContextPtr server_context_ = raw_context(true, &server_);
    SslContextPtr client_context_ = raw_context(false, nullptr);

    void SetUp() override {
        // A raw context of a server asks for a certificate; this one's clients have none.
        SSL_CTX_set_verify(server_context_.get(), SSL_VERIFY_NONE, nullptr);
    }

    [[nodiscard]] Pair pair(std::string_view server = "db.example:5432") const {
        Pair made(client_context_.get(), server_context_.get());
        EXPECT_TRUE(expect(made.client.get(), host_port(server)));
        return made;
    }
};

TEST_F(OpensslClient, LetsAPinnedServerIn) {
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    Pair both = pair();
    ASSERT_TRUE(both.shake_hands());
    const Verdict verdict = verdict_of(both.client.get());
    EXPECT_EQ(verdict.outcome(), Outcome::kTrusted) << verdict.to_string();
    EXPECT_EQ(verdict.matched()->pin.to_string(), pin_of(server_));
    EXPECT_EQ(verdict.presented().front().subject_alternative_names(), std::vector<std::string>{"DNS:db.example"});
    EXPECT_EQ(both.to_server("to"), "to");
    EXPECT_EQ(both.to_client("fro"), "fro");
}

TEST_F(OpensslClient, RefusesInsideTheHandshakeWhateverVerifyModeTheProgramSetsLater) {
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(of_today("other.example")))));
    Pair both = pair();
    EXPECT_FALSE(both.shake_hands());
    EXPECT_EQ(both.to_client("late"), "");

    Pair careless = pair();
    SSL_set_verify(careless.client.get(), SSL_VERIFY_NONE, nullptr);
    EXPECT_TRUE(careless.shake_hands()) << "OpenSSL goes on, as it was told";
    EXPECT_EQ(verdict_of(careless.client.get()).reasons().front().code, "pin_mismatch");
    EXPECT_EQ(careless.to_server("secret"), "") << "but nothing is sent";
    EXPECT_EQ(careless.to_client("bait"), "") << "and nothing is read";
}

TEST_F(OpensslClient, RefusesAnOldVersionOfTlsThatTheProgramHasAllowedAgain) {
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    Pair both = pair();
    for (SSL* const end : {both.client.get(), both.server.get()}) {
        SSL_set_security_level(end, 0);
        SSL_set_cipher_list(end, "ALL:@SECLEVEL=0");
        SSL_set_min_proto_version(end, TLS1_1_VERSION);
        SSL_set_max_proto_version(end, TLS1_1_VERSION);
    }
    both.shake_hands();
    ASSERT_EQ(SSL_version(both.client.get()), TLS1_1_VERSION);
    const Verdict verdict = verdict_of(both.client.get());
    EXPECT_FALSE(verdict.lets_pass()) << verdict.to_string();
    EXPECT_EQ(both.to_server("secret"), "");
}

TEST_F(OpensslClient, A16_JudgesAResumedSessionToo) {
    LastSession session(client_context_.get());
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    {
        Pair first = pair();
        ASSERT_TRUE(first.shake_hands());
        ASSERT_EQ(first.to_client("x"), "x");
        ASSERT_NE(session.get(), nullptr);
    }
    Pair again = pair();
    SSL_set_session(again.client.get(), session.get());
    ASSERT_TRUE(again.shake_hands());
    ASSERT_EQ(SSL_session_reused(again.client.get()), 1);
    EXPECT_TRUE(verdict_of(again.client.get()).lets_pass());
    EXPECT_EQ(again.to_server("to"), "to");
    EXPECT_EQ(again.to_client("fro"), "fro") << "and a session for the next time";

    // The same session in the hands of a context that wants another key.
    SslContextPtr other = raw_context(false, nullptr);
    ASSERT_TRUE(attach(other.get(), *ServerVerifier::pinned_to(pin_of(of_today("other.example")))));
    Pair crossed(other.get(), server_context_.get());
    ASSERT_TRUE(expect(crossed.client.get(), host_port("db.example:5432")));
    SSL_set_session(crossed.client.get(), session.get());
    crossed.shake_hands();
    ASSERT_EQ(SSL_session_reused(crossed.client.get()), 1);
    EXPECT_EQ(crossed.to_server("secret"), "") << "before anybody asked for the verdict";
    EXPECT_EQ(verdict_of(crossed.client.get()).reasons().front().code, "pin_mismatch");
}

TEST_F(OpensslClient, A16_KeepsNoVerdictOfWhatAnSslWasUsedForBefore) {
    LastSession session(client_context_.get());
    const auto policy =
        Policy::parse("version = 1\n[[host]]\nname = \"db.example\"\ntrust = \"pins\"\npins = [\"" + pin_of(server_) +
                          "\"]\n[[host]]\nname = \"other.example\"\ntrust = \"pins\"\npins = [\"" +
                          pin_of(of_today("other.example")) + "\"]\n",
                      "here");
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::make({.policy = *policy})));
    Pair first = pair();
    ASSERT_TRUE(first.shake_hands());
    ASSERT_TRUE(verdict_of(first.client.get()).lets_pass());
    ASSERT_EQ(first.to_client("x"), "x");

    Pair again(client_context_.get(), server_context_.get());
    std::swap(first.client, again.client);
    BIO* const fresh = SSL_get_rbio(first.client.get());
    BIO_up_ref(fresh);
    SSL_set_shutdown(again.client.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    ASSERT_EQ(SSL_clear(again.client.get()), 1);
    SSL_set_bio(again.client.get(), fresh, fresh);
    SSL_set_bio(first.client.get(), nullptr, nullptr);
    SSL_set_connect_state(again.client.get());
    SSL_set_session(again.client.get(), session.get());
    ASSERT_TRUE(expect(again.client.get(), host_port("other.example:5432")));
    again.shake_hands();
    ASSERT_EQ(SSL_session_reused(again.client.get()), 1);
    EXPECT_EQ(again.to_server("secret"), "");
    EXPECT_EQ(verdict_of(again.client.get()).reasons().front().code, "pin_mismatch");
}

TEST_F(OpensslClient, HeedsTheProgramsOwnRefusalWhateverVerifyModeItSetsLater) {
    AttachOptions options;
    options.also_verify = [](X509_STORE_CTX*, void*) { return 0; };
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_)), options));
    Pair careless = pair();
    SSL_set_verify(careless.client.get(), SSL_VERIFY_NONE, nullptr);
    EXPECT_TRUE(careless.shake_hands());
    EXPECT_FALSE(verdict_of(careless.client.get()).lets_pass());
    EXPECT_EQ(careless.to_server("secret"), "");
}

TEST_F(OpensslClient, RefusesAConnectionThatNobodySaidTheServerOf) {
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    Pair both(client_context_.get(), server_context_.get());
    EXPECT_FALSE(both.shake_hands());
    EXPECT_FALSE(verdict_of(both.client.get()).lets_pass());
}

TEST_F(OpensslClient, RefusesWhereNothingIsAttachedAndBeforeTheHandshake) {
    Pair bare(client_context_.get(), server_context_.get());
    ASSERT_TRUE(bare.shake_hands());
    EXPECT_EQ(verdict_of(bare.client.get()).reasons().front().code, "no_policy");

    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    EXPECT_FALSE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_)))) << "a second judge";
    EXPECT_FALSE(verdict_of(pair().client.get()).lets_pass());
}

TEST_F(OpensslClient, WantsTheProgramsOwnCallbackPleasedToo) {
    for (const bool is_pleased : {true, false}) {
        SslContextPtr context = raw_context(false, nullptr);
        static thread_local int asked;
        asked = 0;
        SSL_CTX_set_verify(
            context.get(), SSL_VERIFY_PEER,
            is_pleased ? [](int, X509_STORE_CTX*) { return ++asked, 1; }
                       : [](int, X509_STORE_CTX*) { return ++asked, 0; });
        ASSERT_TRUE(attach(context.get(), *ServerVerifier::pinned_to(pin_of(server_))));
        Pair both(context.get(), server_context_.get());
        ASSERT_TRUE(expect(both.client.get(), host_port("db.example:5432")));
        EXPECT_EQ(both.shake_hands(), is_pleased);
        EXPECT_GT(asked, 0);
    }
    for (const int answer : {1, 0, -1}) {
        SslContextPtr context = raw_context(false, nullptr);
        int told = answer;
        AttachOptions options;
        options.also_verify = [](X509_STORE_CTX*, void* argument) { return *static_cast<int*>(argument); };
        options.argument = &told;
        ASSERT_TRUE(attach(context.get(), *ServerVerifier::pinned_to(pin_of(server_)), options));
        Pair both(context.get(), server_context_.get());
        ASSERT_TRUE(expect(both.client.get(), host_port("db.example:5432")));
        EXPECT_EQ(both.shake_hands(), answer == 1) << answer;
    }
}

TEST_F(OpensslClient, APleasedCallbackDoesNotMakeUpForAWrongPin) {
    SSL_CTX_set_verify(client_context_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(of_today("other.example")))));
    Pair both = pair();
    EXPECT_FALSE(both.shake_hands());
}

TEST_F(OpensslClient, StillCallsTheProgramsInfoCallback) {
    static thread_local int finished;
    finished = 0;
    SSL_CTX_set_info_callback(client_context_.get(), [](const SSL*, int where, int) {
        if ((where & SSL_CB_HANDSHAKE_DONE) != 0) ++finished;
    });
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    Pair both = pair();
    ASSERT_TRUE(both.shake_hands());
    EXPECT_EQ(finished, 1);
}

TEST_F(OpensslClient, JudgesEachServerByItsOwnEntry) {
    const auto policy =
        Policy::parse("version = 1\n[[host]]\nname = \"db.example\"\ntrust = \"pins\"\npins = [\"" + pin_of(server_) +
                          "\"]\n[[host]]\nname = \"other.example\"\ntrust = \"pins\"\npins = [\"" +
                          pin_of(of_today("other.example")) + "\"]\n",
                      "here");
    ASSERT_TRUE(policy) << policy.error().why;
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::make({.policy = *policy})));
    EXPECT_TRUE(pair("db.example:5432").shake_hands());
    EXPECT_FALSE(pair("other.example:5432").shake_hands());
    EXPECT_FALSE(pair("unknown.example:5432").shake_hands());
}

TEST_F(OpensslClient, A45_TakesTls12OnlyWhereAskedAndOnlySigned) {
    SSL_CTX_set_max_proto_version(server_context_.get(), TLS1_2_VERSION);
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::pinned_to(pin_of(server_))));
    EXPECT_FALSE(pair().shake_hands());

    const auto policy = Policy::of_pins(std::string_view(pin_of(server_)));
    SslContextPtr older = raw_context(false, nullptr);
    ASSERT_TRUE(attach(older.get(), *ServerVerifier::make({.policy = *policy, .minimum_version = TlsVersion::kTls12})));
    Pair both(older.get(), server_context_.get());
    ASSERT_TRUE(expect(both.client.get(), host_port("db.example:5432")));
    ASSERT_TRUE(both.shake_hands());
    EXPECT_TRUE(verdict_of(both.client.get()).lets_pass()) << verdict_of(both.client.get()).to_string();

    const SslContextPtr unbound_context = raw_context(true, &server_);
    SSL_CTX_set_verify(unbound_context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_options(unbound_context.get(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
    SSL_CTX_set_max_proto_version(unbound_context.get(), TLS1_2_VERSION);
    Pair unbound(older.get(), unbound_context.get());
    ASSERT_TRUE(expect(unbound.client.get(), host_port("db.example:5432")));
    unbound.shake_hands();
    EXPECT_EQ(verdict_of(unbound.client.get()).reasons().front().code, "downgraded_protocol");
    EXPECT_EQ(unbound.to_server("secret"), "");

    const Minted rsa = mint().leaf("db.example").key(x509::testing::MintKey::kRsa2048);
    const SslContextPtr transport = raw_context(true, &rsa);
    SSL_CTX_set_verify(transport.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_max_proto_version(transport.get(), TLS1_2_VERSION);
    ASSERT_EQ(SSL_CTX_set_cipher_list(transport.get(), "AES128-GCM-SHA256"), 1);
    SslContextPtr client = raw_context(false, nullptr);
    const auto of_rsa = Policy::of_pins(std::string_view(pin_of(rsa)));
    ASSERT_TRUE(
        attach(client.get(), *ServerVerifier::make({.policy = *of_rsa, .minimum_version = TlsVersion::kTls12})));
    Pair unsigned_pair(client.get(), transport.get());
    ASSERT_TRUE(expect(unsigned_pair.client.get(), host_port("db.example:5432")));
    EXPECT_FALSE(unsigned_pair.shake_hands()) << "RSA key transport";
}

TEST_F(OpensslClient, RemembersAFirstContactBeforeTheFirstByte) {
    const Folder folder;
    const auto policy = Policy::parse("version = 1\n[[host]]\nname = \"db.example\"\ntrust = \"accept-new\"\n", "here");
    ASSERT_TRUE(policy) << policy.error().why;
    const auto file = folder.path() / "known_peers";
    ASSERT_TRUE(attach(client_context_.get(), *ServerVerifier::make({.policy = *policy, .known_peers = file})));
    Pair first = pair();
    ASSERT_TRUE(first.shake_hands());
    EXPECT_TRUE(verdict_of(first.client.get()).lets_pass());
    EXPECT_TRUE(std::filesystem::exists(file));

    const Minted other = of_today("db.example");
    const SslContextPtr changed = raw_context(true, &other);
    SSL_CTX_set_verify(changed.get(), SSL_VERIFY_NONE, nullptr);
    Pair second(client_context_.get(), changed.get());
    ASSERT_TRUE(expect(second.client.get(), host_port("db.example:5432")));
    EXPECT_FALSE(second.shake_hands());

    SslContextPtr unwritable = raw_context(false, nullptr);
    ASSERT_TRUE(attach(unwritable.get(), *ServerVerifier::make({.policy = *policy, .known_peers = "/proc/none"})));
    Pair third(unwritable.get(), server_context_.get());
    ASSERT_TRUE(expect(third.client.get(), host_port("db.example:5432")));
    third.shake_hands();
    EXPECT_FALSE(verdict_of(third.client.get()).lets_pass());
    EXPECT_EQ(third.to_server("secret"), "");
}

class OpensslServer : public testing::Test {
  protected:
    const Folder folder_;
    const std::string url_ = "sqlite:" + (folder_.path() / "registry.db").string();
    const Minted server_ = of_today("db.example");
    const Minted alice_ = of_today("alice.example");
    const Minted mallory_ = of_today("mallory.example");
    SslContextPtr server_context_ = raw_context(true, &server_);
    SslContextPtr alice_context_ = raw_context(false, &alice_);
    SslContextPtr mallory_context_ = raw_context(false, &mallory_);
    std::unique_ptr<registry::Registry> registry_ = std::move(*registry::open_registry(url_));

    std::mutex mutex_;
    std::condition_variable changed_;

    void SetUp() override {
        const auto key = registry::NewKey{*Pin::parse(pin_of(alice_)), std::nullopt, std::nullopt};
        ASSERT_TRUE(registry_->add(name_of("alice"), {key}, std::nullopt, "", by_admin()));
    }

    [[nodiscard]] Admission admission() {
        auto opened = Admission::open({.registry = url_, .on_change = [this] {
                                           const std::scoped_lock lock(mutex_);
                                           changed_.notify_all();
                                       }});
        EXPECT_TRUE(opened) << opened.error().why;
        return *opened;
    }

    /// Whether one of the changes that come has that client no longer admitted.
    [[nodiscard]] bool soon_turns_out(const Admission& list, const Verdict& client) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return !list.still_admits(client); });
    }
};

TEST_F(OpensslServer, TurnsAConnectionIntoAClientsName) {
    ASSERT_TRUE(attach(server_context_.get(), admission()));
    Pair both(alice_context_.get(), server_context_.get());
    ASSERT_TRUE(both.shake_hands());
    const Verdict verdict = verdict_of(both.server.get());
    EXPECT_TRUE(verdict.lets_pass()) << verdict.to_string();
    EXPECT_EQ(verdict.client_name(), "alice");
    EXPECT_EQ(both.to_server("to"), "to");
}

TEST_F(OpensslServer, RefusesAStrangerAndWhoeverHasNoCertificate) {
    ASSERT_TRUE(attach(server_context_.get(), admission()));
    Pair stranger(mallory_context_.get(), server_context_.get());
    EXPECT_FALSE(stranger.shake_hands());
    EXPECT_EQ(stranger.to_server("let me in"), "");
    const SslContextPtr bare = raw_context(false, nullptr);
    Pair nobody(bare.get(), server_context_.get());
    EXPECT_FALSE(nobody.shake_hands());
    EXPECT_EQ(nobody.to_server("let me in"), "");
}

TEST_F(OpensslServer, A44_EndsAnOpenStreamOfAClientThatIsRevoked) {
    const Admission list = admission();
    ASSERT_TRUE(attach(server_context_.get(), list));
    Pair both(alice_context_.get(), server_context_.get());
    ASSERT_TRUE(both.shake_hands());
    const Verdict admitted = verdict_of(both.server.get());
    ASSERT_TRUE(admitted.lets_pass());
    ASSERT_EQ(both.to_server("to"), "to");

    ASSERT_TRUE(registry_->revoke(name_of("alice"), "lost", by_admin()));
    ASSERT_TRUE(soon_turns_out(list, admitted));
    EXPECT_EQ(verdict_of(both.server.get()).reasons().front().code, "not_admitted");
    EXPECT_EQ(both.to_server("still here"), "");
    EXPECT_EQ(both.to_client("nothing more"), "");
}

TEST_F(OpensslServer, A36_JudgesAResumedSessionByTheListOfToday) {
    LastSession session(alice_context_.get());
    const Admission list = admission();
    ASSERT_TRUE(attach(server_context_.get(), list));
    std::optional<Verdict> admitted;
    {
        Pair first(alice_context_.get(), server_context_.get());
        ASSERT_TRUE(first.shake_hands());
        admitted = verdict_of(first.server.get());
        ASSERT_TRUE(admitted->lets_pass());
        ASSERT_EQ(first.to_client("x"), "x");
    }
    ASSERT_NE(session.get(), nullptr);
    ASSERT_TRUE(registry_->suspend(name_of("alice"), "away", by_admin()));
    ASSERT_TRUE(soon_turns_out(list, *admitted));
    Pair again(alice_context_.get(), server_context_.get());
    SSL_set_session(again.client.get(), session.get());
    again.shake_hands();
    ASSERT_EQ(SSL_session_reused(again.server.get()), 1) << "OpenSSL lets it in";
    EXPECT_EQ(again.to_server("let me in"), "");
    EXPECT_FALSE(verdict_of(again.server.get()).lets_pass());
}

TEST_F(OpensslServer, A35_ResumesNoSessionOfAnotherAdmission) {
    LastSession session(alice_context_.get());
    ASSERT_TRUE(attach(server_context_.get(), admission()));
    {
        Pair first(alice_context_.get(), server_context_.get());
        ASSERT_TRUE(first.shake_hands());
        ASSERT_EQ(first.to_client("x"), "x");
    }
    const SslContextPtr other = raw_context(true, &server_);
    std::array<unsigned char, 80> keys{};
    ASSERT_EQ(SSL_CTX_get_tlsext_ticket_keys(server_context_.get(), keys.data(), keys.size()), 1);
    ASSERT_EQ(SSL_CTX_set_tlsext_ticket_keys(other.get(), keys.data(), keys.size()), 1);
    ASSERT_TRUE(attach(other.get(), admission()));
    Pair crossed(alice_context_.get(), other.get());
    SSL_set_session(crossed.client.get(), session.get());
    crossed.shake_hands();
    EXPECT_EQ(SSL_session_reused(crossed.server.get()), 0);
}

TEST_F(OpensslServer, CountsStreamsWhereRulesBoundThem) {
    trust::ClientRules rules;
    rules.max_streams = 1;
    ASSERT_TRUE(registry::RuleBook(*registry_).set(name_of("alice"), rules, by_admin()));
    ASSERT_TRUE(attach(server_context_.get(), admission()));
    {
        Pair first(alice_context_.get(), server_context_.get());
        ASSERT_TRUE(first.shake_hands());
        ASSERT_TRUE(verdict_of(first.server.get()).lets_pass());
        Pair second(alice_context_.get(), server_context_.get());
        second.shake_hands();
        EXPECT_FALSE(verdict_of(second.server.get()).lets_pass());
        EXPECT_EQ(second.to_server("let me in"), "");
    }
    Pair later(alice_context_.get(), server_context_.get());
    ASSERT_TRUE(later.shake_hands());
    EXPECT_TRUE(verdict_of(later.server.get()).lets_pass()) << "the first has ended";
}

}  // namespace
}  // namespace cotter::openssl
