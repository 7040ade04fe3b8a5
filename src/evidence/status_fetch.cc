// One certificate after the other, one URL after the other.
#include "evidence/status_fetch.h"

#include "evidence/fetch.h"
#include "x509/crl_memory.h"
#include "x509/pem.h"
#include "x509/status_extensions.h"

#include <algorithm>
#include <chrono>

namespace cotter::evidence {
namespace {

constexpr std::size_t kMostCrlOctets = 32U << 20U;
constexpr std::chrono::milliseconds kMostPerUrl{10'000};
constexpr std::chrono::milliseconds kMostInAll{30'000};

class StatusFetch {
  public:
    StatusFetch(const StatusSources& sources, const std::stop_token& stop) : sources_(sources), stop_(stop) {}

    void ask_for(const x509::Certificate& certificate, const x509::Certificate& issuer) {
        if (sources_.fetches_ocsp) {
            ask_each(certificate, "OCSP responder", x509::ocsp_urls(certificate),
                     [&](const std::string& url) { return ask_responder(url, certificate, issuer); });
        }
        if (sources_.fetches_crls) {
            ask_each(certificate, "CRL", x509::crl_urls(certificate),
                     [&](const std::string& url) { return ask_for_crl(url); });
        }
    }

    [[nodiscard]] FetchedStatus result() { return std::move(fetched_); }

  private:
    template <class Ask>
    void ask_each(const x509::Certificate& certificate, const std::string& kind, const std::vector<std::string>& urls,
                  const Ask& ask) {
        const std::string whose = "the certificate of " + certificate.subject_text();
        if (urls.empty()) fetched_.failures.push_back(whose + " names no " + kind + " that can be fetched from");
        std::vector<std::string> faults;
        for (const std::string& url : urls) {
            Result<void> asked = ask(url);
            if (asked) return;
            faults.push_back(asked.error().what + " for " + whose + ": " + asked.error().why +
                             (asked.error().next.empty() ? "" : " (" + asked.error().next + ")"));
        }
        fetched_.failures.insert(fetched_.failures.end(), faults.begin(), faults.end());
    }

    [[nodiscard]] FetchRequest request_of(const std::string& url) const {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
        return {.url = url,
                .deadline = std::clamp(left, std::chrono::milliseconds(1), kMostPerUrl),
                .may_reach_private = sources_.may_reach_private,
                .stop = stop_};
    }

    Result<void> ask_responder(const std::string& url, const x509::Certificate& certificate,
                               const x509::Certificate& issuer) {
        FetchRequest request = request_of(url);
        request.body = x509::ocsp_request(certificate, issuer);
        request.content_type = "application/ocsp-request";
        request.most_octets = x509::OcspResponse::kMostOctets;
        auto octets = fetch(request);
        if (!octets) return unexpected(octets.error());
        auto response = x509::OcspResponse::parse(*octets);
        if (!response) return unreadable(url, response.error());
        note_end(response->good_until());
        fetched_.ocsp_responses.push_back(std::move(*response));
        return {};
    }

    Result<void> ask_for_crl(const std::string& url) {
        if (std::ranges::find(fetched_from_, url) != fetched_from_.end()) return {};
        FetchRequest request = request_of(url);
        request.most_octets = kMostCrlOctets;
        auto octets = fetch(request);
        if (!octets) return unexpected(octets.error());
        auto crls = x509::crls_from(*octets, url);
        if (!crls) return unreadable(url, crls.error());
        // RFC 5280 4.2.1.13: one CRL stands there. Whoever is on the way could send many that cost much to look at.
        if (crls->size() != 1) {
            return failed("fetch_unreadable", "reading what came from " + url,
                          "there are " + std::to_string(crls->size()) + " CRLs in it, and one was asked for");
        }
        for (const x509::CertificateRevocationList& crl : *crls) note_end(x509::next_update_of(crl));
        fetched_.crls.insert(fetched_.crls.end(), crls->begin(), crls->end());
        fetched_from_.push_back(url);
        return {};
    }

    void note_end(std::optional<x509::Time> end) {
        if (end) fetched_.good_until = std::min(fetched_.good_until.value_or(*end), *end);
    }

    static unexpected<Error> unreadable(const std::string& url, const Error& why) {
        return failed("fetch_unreadable", "reading what came from " + url, why.why);
    }

    const StatusSources& sources_;
    const std::stop_token& stop_;
    const std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::now() + kMostInAll;
    FetchedStatus fetched_;
    std::vector<std::string> fetched_from_;
};

}  // namespace

FetchedStatus fetch_status(const std::vector<x509::Certificate>& path, x509::RevocationScope scope,
                           const StatusSources& sources, const std::stop_token& stop) {
    StatusFetch fetch(sources, stop);
    if (scope == x509::RevocationScope::kOff || path.size() < 2) return fetch.result();
    const std::size_t end = scope == x509::RevocationScope::kLeaf ? 1 : path.size() - 1;
    for (std::size_t i = 0; i < end; ++i) fetch.ask_for(path[i], path[i + 1]);
    return fetch.result();
}

}  // namespace cotter::evidence
