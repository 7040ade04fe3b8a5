// Reading what was presented.
#include "face/presented_peer.h"

#include "tls/certificate_message.h"

namespace cotter {

trust::Protocol protocol_of(TlsVersion version) {
    switch (version) {
        case TlsVersion::kTls12: return trust::Protocol::kTls12;
        case TlsVersion::kTls13: return trust::Protocol::kTls13;
    }
    return trust::Protocol::kTls12;
}

tls::Peer peer_of(const Presented& presented) {
    tls::Peer peer;
    peer.protocol = protocol_of(presented.version);
    peer.possession = presented.is_key_proven ? trust::Possession::kProven : trust::Possession::kNotProven;
    if (presented.chain.size() > tls::kMostCertificates) {
        peer.malformed = "it has more certificates than any honest chain";
        return peer;
    }
    for (const ByteVector& der : presented.chain) {
        auto certificate = x509::Certificate::parse(der);
        if (!certificate) {
            peer.malformed = certificate.error().why;
            return peer;
        }
        peer.presented.push_back(std::move(*certificate));
    }
    return peer;
}

}  // namespace cotter
