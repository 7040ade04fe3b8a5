// Fetches each URL of standard input with one curl handle, every host judged by its entry in a policy file:
// curl_client POLICY [KNOWN_PEERS]
#include <cotter/curl.h>

#include <curl/curl.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>

namespace {

std::size_t append(char* data, std::size_t /*one*/, std::size_t size, void* body) {
    static_cast<std::string*>(body)->append(data, size);
    return size;
}

int complain(const cotter::Error& error) {
    std::cerr << error.what << ": " << error.why << "\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) return std::cerr << "usage: curl_client POLICY [KNOWN_PEERS]\n", 2;
    const auto policy = cotter::Policy::read(argv[1]);
    if (!policy) return complain(policy.error());
    cotter::ServerVerifier::Settings settings{.policy = *policy};
    if (argc == 3) settings.known_peers = argv[2];
    const auto verifier = cotter::ServerVerifier::make(settings);
    if (!verifier) return complain(verifier.error());
    const auto judge = cotter::curl::Judge::of(*verifier);
    if (!judge) return complain(judge.error());

    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
    if (const auto attached = judge->attach(curl.get()); !attached) return complain(attached.error());
    std::string body;
    std::array<char, CURL_ERROR_SIZE> why{};
    curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, why.data());

    bool is_fetched = true;
    for (std::string url; std::getline(std::cin, url);) {
        body.clear();
        curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
        const CURLcode code = curl_easy_perform(curl.get());
        is_fetched = code == CURLE_OK;
        std::cout << (is_fetched ? "fetched: " + body : "not fetched: " + std::string(why.data())) << std::endl;
    }
    return is_fetched ? 0 : 3;
}
