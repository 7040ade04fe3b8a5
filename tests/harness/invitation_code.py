"""Invitation codes taken apart and put together by docs/invitation.md alone, so that a test can say what no command does."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PREFIX = "cotter-join-"


def _crc(data, bits, polynomial):
    """Not reflected, all ones at the beginning, not inverted."""
    top = 1 << (bits - 1)
    value = (1 << bits) - 1
    for octet in data:
        value ^= octet << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & ((1 << bits) - 1)
    return value


class Code:
    """What a code carries: the server's key digest, the secret, and the server's address."""

    def __init__(self, text):
        letters = text.removeprefix(PREFIX).replace("-", "")
        bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in letters)
        octets = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
        size = int.from_bytes(octets[1:3], "big")
        self.key_digest = octets[5:37]
        self.secret = octets[37:53]
        self.address = octets[53 : size - 4].decode("ascii")
        assert str(self) == text, "docs/invitation.md and the code disagree"

    def replaced(self, address=None, secret=None, key_digest=None):
        """A code like this one that says something else."""
        other = Code(str(self))
        other.address = address or self.address
        other.secret = secret or self.secret
        other.key_digest = key_digest or self.key_digest
        return other

    def __str__(self):
        body = self.key_digest + self.secret + self.address.encode("ascii")
        head = bytes([1]) + (5 + len(body) + 4).to_bytes(2, "big")
        octets = head + _crc(head, 16, 0x1021).to_bytes(2, "big") + body
        octets += _crc(octets, 32, 0x04C11DB7).to_bytes(4, "big")
        bits = "".join(f"{octet:08b}" for octet in octets)
        bits += "0" * (-len(bits) % 5)
        letters = "".join(ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))
        return PREFIX + "-".join(letters[at : at + 6] for at in range(0, len(letters), 6))
