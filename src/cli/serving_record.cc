// The record as a small JSON file.
#include "cli/serving_record.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>

namespace cotter::cli {
namespace {

std::filesystem::path file_in(const identity::StateFolder& state) {
    return state.path() / "serving.json";
}

}  // namespace

Result<void> write_record(const identity::StateFolder& state, const ServingRecord& record) {
    const nlohmann::json document{{"listen", record.listen}, {"pin", record.pin.to_string()}};
    const std::string text = document.dump() + "\n";
    return files::write_private(file_in(state), x509::as_bytes(text), files::Replace::kExisting);
}

Result<ServingRecord> read_record(const identity::StateFolder& state) {
    auto content = files::read_private(file_in(state));
    if (!content) {
        return failed("never_served", "finding this server's address and key",
                      "cotter serve has not run with the state folder " + text::escape(state.path().string()),
                      "start cotter serve first, or say --state DIR for the folder that it uses");
    }
    const auto document = nlohmann::json::parse(content->begin(), content->end(), nullptr, false);
    if (document.is_object() && document.contains("listen") && document.contains("pin") &&
        document["listen"].is_string() && document["pin"].is_string()) {
        auto pin = Pin::parse(document["pin"].get<std::string>());
        if (pin) return ServingRecord{document["listen"].get<std::string>(), std::move(*pin)};
    }
    return failed("bad_record", "reading " + text::escape(file_in(state).string()),
                  "it is not as cotter serve writes it", "start cotter serve again");
}

Result<HostPort> address_for_clients(const ServingRecord& record) {
    const auto need_address = [&](std::string why) {
        return failed("need_address", "finding the address for clients", std::move(why),
                      "say --address HOST:PORT, as clients reach this server");
    };
    auto listened = HostPort::parse(record.listen);
    if (!listened) return need_address("the server listens on " + text::escape(record.listen));
    const std::string address = listened->host.to_string();
    if (address != "::" && address != "0.0.0.0") return listened;
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return need_address("this machine has no name");
    auto host = HostName::parse(name.data());
    if (!host) return need_address("this machine's name is not one of the DNS");
    return HostPort{std::move(*host), listened->port};
}

}  // namespace cotter::cli
