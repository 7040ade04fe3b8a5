// Wire: the bytes between OpenSSL and a socket, in buffers that belong to the thread and are lent for one call. OpenSSL
// never touches the socket, so one recv feeds many records and many records leave in one send.
#pragma once

#include "x509/openssl.h"

#include <cotter/bytes.h>

#include <vector>

namespace cotter::tls {

/// One a thread, shared by all its connections: between two calls it holds nothing of any of them.
class Wire {
  public:
    Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Lends received ciphertext to the next calls on a connection. The caller keeps it alive until unread() is taken.
    /// What another connection left unsent goes: on this one's socket it would be an attack.
    void lend(Bytes received) {
        input_ = received;
        output_.clear();
    }
    /// Takes back what is lent and not yet read.
    void withdraw() { input_ = {}; }
    /// What OpenSSL has not asked for yet.
    [[nodiscard]] Bytes unread() const { return input_; }

    /// Ciphertext to send, in order; valid until clear_output() or the next call on a connection.
    [[nodiscard]] Bytes output() const { return output_; }
    void clear_output() { output_.clear(); }

    /// The BIO that connections of this thread read and write through; its owner is the Wire.
    [[nodiscard]] BIO* bio() const { return bio_.get(); }

  private:
    static const BIO_METHOD* method();
    static int read(BIO* bio, char* into, std::size_t size, std::size_t* read_bytes);
    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* written_bytes);
    static long control(BIO* bio, int command, long number, void* pointer);

    Bytes input_;
    ByteVector output_;
    x509::BioPtr bio_;
};

}  // namespace cotter::tls
