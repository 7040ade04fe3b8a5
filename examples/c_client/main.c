/* The C interface: a client with an SSL_CTX of its own talks to the one server that has the pinned key.
 * c_client HOST:PORT PIN */
#include <cotter.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static int complain(cotter_error* error) {
    fprintf(stderr, "%s\n", error ? cotter_error_message(error) : "out of memory");
    cotter_error_free(error);
    return 2;
}

int main(int argc, char** argv) {
    if (argc != 3) return fprintf(stderr, "usage: c_client HOST:PORT PIN\n"), 2;
    cotter_error* error = NULL;
    cotter_policy* policy = cotter_policy_of_pins(argv[2], &error);
    cotter_verifier* verifier = policy ? cotter_verifier_new(policy, NULL, NULL, COTTER_TLS_1_3, &error) : NULL;
    if (!verifier) return complain(error);

    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (cotter_openssl_attach_verifier(context, verifier, &error) != 0) return complain(error);
    BIO* connection = BIO_new_ssl_connect(context);
    SSL* ssl = NULL;
    BIO_get_ssl(connection, &ssl);
    if (cotter_openssl_expect(ssl, argv[1], &error) != 0) return complain(error);
    BIO_set_conn_hostname(connection, argv[1]);

    int code = 3;
    const int is_connected = BIO_do_connect(connection) == 1;
    cotter_verdict* verdict = cotter_openssl_verdict_of(ssl);
    if (is_connected && cotter_verdict_lets_pass(verdict)) {
        char line[4096];
        if (fgets(line, sizeof line, stdin)) BIO_write(connection, line, (int)strlen(line));
        const int size = BIO_read(connection, line, sizeof line);
        if (size > 0) fwrite(line, 1, (size_t)size, stdout);
        code = size > 0 ? 0 : 1;
    } else {
        fprintf(stderr, "not connected: %s\n", verdict ? cotter_verdict_text(verdict) : "out of memory");
    }

    cotter_verdict_free(verdict);
    BIO_free_all(connection);
    SSL_CTX_free(context);
    cotter_verifier_free(verifier);
    cotter_policy_free(policy);
    return code;
}
