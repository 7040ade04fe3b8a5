// Pins for libcurl's easy handles (7.85 or newer, built with OpenSSL). A program that has a CURL* adds
//
//     auto judge = cotter::curl::Judge::of(*verifier);   // lives as long as the handles do
//     judge->attach(curl);
//
// and from then on every connection of that handle is judged by the name and port in the URL that the transfer has got
// to: where it is redirected to another host, by what the policy says of that host (CURLOPT_PORT is not seen: write the
// port into the URL). What is refused gets no request, and curl_easy_perform gives an error: of TLS, or, where a
// session was resumed, of sending.
//
// curl itself is told to trust one authority, whose key nobody has. So a full handshake that for any reason goes past
// the judge is refused by curl; and curl, which shares connections and TLS sessions only between handles of equal
// trust, gives this handle none that another judge, or none, has let in.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/openssl.h>
#include <cotter/server_verifier.h>

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

static_assert(LIBCURL_VERSION_NUM >= 0x075500, "cotter/curl.h needs libcurl 7.85 or newer");

namespace cotter::curl {

namespace detail {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
    void operator()(STACK_OF(X509) * certificates) const { sk_X509_pop_free(certificates, X509_free); }
    void operator()(char* text) const { curl_free(text); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

/// A certificate whose private key is forgotten here; null if OpenSSL fails.
inline Owned<X509> make_authority_of_nobody() {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    Owned<X509> made(X509_new());
    std::uint64_t serial = 0;
    if (!key || !made || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return nullptr;
    X509_NAME* const name = X509_get_subject_name(made.get());
    const auto* const text = reinterpret_cast<const unsigned char*>("nobody: cotter judges");
    const bool is_made =
        X509_set_version(made.get(), X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
        X509_set_issuer_name(made.get(), name) == 1 && X509_gmtime_adj(X509_getm_notBefore(made.get()), 0) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 0) != nullptr && X509_set_pubkey(made.get(), key.get()) == 1 &&
        X509_sign(made.get(), key.get(), EVP_sha256()) > 0;
    return is_made ? std::move(made) : nullptr;
}

inline std::string pem_of(X509* certificate) {
    const Owned<BIO> memory(BIO_new(BIO_s_mem()));
    if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1) return {};
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

/// Where the transfer of this handle is now.
inline Result<HostPort> server_of(CURL* handle) {
    constexpr const char* kWhat = "telling which server a transfer is to";
    const char* effective = nullptr;
    const Owned<CURLU> url(curl_url());
    char* host = nullptr;
    char* port = nullptr;
    if (!url || curl_easy_getinfo(handle, CURLINFO_EFFECTIVE_URL, &effective) != CURLE_OK || effective == nullptr ||
        curl_url_set(url.get(), CURLUPART_URL, effective, CURLU_DEFAULT_SCHEME) != CURLUE_OK ||
        curl_url_get(url.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        return failed("no_server", kWhat, "curl says no URL with a host in it");
    }
    const Owned<char> owned_host(host);
    if (curl_url_get(url.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        return failed("no_server", kWhat, "the port of its URL can't be told");
    }
    const Owned<char> owned_port(port);
    return HostPort::parse(std::string(host) + ":" + port);
}

}  // namespace detail

/// What easy handles are attached to. Cheap to copy, and to be used by any number of threads at once. One copy must
/// outlive every handle that was attached, and those that curl_easy_duphandle made of it, which are judged alike.
class Judge {
  public:
    /// An Error if OpenSSL has no randomness or memory.
    [[nodiscard]] static Result<Judge> of(const ServerVerifier& verifier) {
        auto authority = detail::make_authority_of_nobody();
        std::string pem = authority ? detail::pem_of(authority.get()) : std::string();
        if (pem.empty()) return failed("tls_setup", "making a judge for curl", "OpenSSL made no certificate");
        return Judge(std::make_shared<const State>(State{verifier, std::move(authority), std::move(pem)}));
    }

    /// Has every later connection of this handle judged; to be called again after curl_easy_reset. An Error, after
    /// which the handle must not be used: libcurl has another TLS library, or no memory.
    ///
    /// Takes CURLOPT_SSL_CTX_FUNCTION and _DATA (a function set later takes the judge's place, and then curl
    /// refuses all but resumed sessions that the judge has let in: call on_context() from it), CURLOPT_CAINFO,
    /// _CAINFO_BLOB and _CAPATH, CURLOPT_SSL_VERIFYPEER (on) and _VERIFYHOST (off, since it is the judge who looks at
    /// names), and lets the handle speak and be redirected to HTTPS only. A program that uses another protocol inside
    /// TLS from its first byte (ftps, imaps, …) sets CURLOPT_PROTOCOLS_STR after this call; what it names there without
    /// TLS is not judged.
    [[nodiscard]] Result<void> attach(CURL* handle) const {
        curl_blob anchors{const_cast<char*>(state_->pem.data()), state_->pem.size(), CURL_BLOB_COPY};
        const bool is_attached =
            set(handle, CURLOPT_SSL_CTX_FUNCTION, &asked_by_curl) &&
            set(handle, CURLOPT_SSL_CTX_DATA, static_cast<const void*>(state_.get())) &&
            set(handle, CURLOPT_CAINFO_BLOB, &anchors) && set(handle, CURLOPT_CAINFO, static_cast<char*>(nullptr)) &&
            set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr)) && set(handle, CURLOPT_SSL_VERIFYPEER, 1L) &&
            set(handle, CURLOPT_SSL_VERIFYHOST, 0L) && set(handle, CURLOPT_PROTOCOLS_STR, "https") &&
            set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
        if (is_attached) return {};
        return failed("tls_setup", "attaching cotter to a curl handle", "libcurl refused an option that it needs",
                      "use a libcurl of 7.85 or newer that is built with OpenSSL (`curl --version` says which)");
    }

    /// For a program with a CURLOPT_SSL_CTX_FUNCTION of its own, set after attach(): what that function ends with,
    /// returning what this gives. `context` is the SSL_CTX* that it was given.
    [[nodiscard]] CURLcode on_context(CURL* handle, void* context) const {
        return asked_by_curl(handle, context, const_cast<State*>(state_.get()));
    }

  private:
    struct State {
        ServerVerifier verifier;
        detail::Owned<X509> authority;
        std::string pem;
    };

    explicit Judge(std::shared_ptr<const State> state) : state_(std::move(state)) {}

    template <class Value>
    static bool set(CURL* handle, CURLoption option, Value value) {
        return curl_easy_setopt(handle, option, value) == CURLE_OK;
    }

    /// The connection to a proxy that speaks TLS comes by here, too, and must not be taken for one to the server. It
    /// is known by what it lacks: the handle's own trust anchors are not for proxies. curl may load them as late as
    /// inside the handshake, so that it is only there that they can be looked for.
    static int is_to_the_server(X509_STORE_CTX* chain, void* argument) {
        const auto& state = *static_cast<const State*>(argument);
        const detail::Owned<STACK_OF(X509)> anchors(X509_STORE_get1_all_certs(X509_STORE_CTX_get0_store(chain)));
        const bool is_ours =
            sk_X509_num(anchors.get()) == 1 && X509_cmp(sk_X509_value(anchors.get(), 0), state.authority.get()) == 0;
        return is_ours ? 1 : 0;
    }

    /// curl_ssl_ctx_callback: once for each connection, before its handshake.
    static CURLcode asked_by_curl(CURL* handle, void* given, void* argument) {
        try {
            const auto server = detail::server_of(handle);
            if (!server) return CURLE_SSL_CONNECT_ERROR;
            const bool is_attached =
                openssl::attach(static_cast<SSL_CTX*>(given), static_cast<const State*>(argument)->verifier,
                                {.also_verify = &is_to_the_server, .argument = argument, .server = *server})
                    .has_value();
            return is_attached ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
        } catch (...) {
            return CURLE_OUT_OF_MEMORY;
        }
    }

    std::shared_ptr<const State> state_;
};

}  // namespace cotter::curl
