# shellcheck shell=bash
service() {
    mkdir -p sshd /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f sshd/host
    ssh-keygen -q -t ed25519 -N '' -f sshd/alice
    cp sshd/alice.pub sshd/authorized
    printf '%s\n' 'Port 22' 'ListenAddress 127.0.0.1' "HostKey $PWD/sshd/host" "AuthorizedKeysFile $PWD/sshd/authorized" \
        'StrictModes no' 'UsePAM no' 'PidFile none' 'PermitRootLogin yes' 'Subsystem sftp internal-sftp' >sshd/config
    "$(command -v sshd)" -D -f "$PWD/sshd/config" 2>/dev/null &
    listening 22
}
# What ssh-copy-id and a first question have done. ssh asks the password file for the home folder, not $HOME; sshd asks it
# whether the account is locked.
ssh_key() {
    chmod 600 .ssh/config
    cp "$HOMES"/you/sshd/alice .ssh/id_ed25519
    echo "inner $(cat "$HOMES"/you/sshd/host.pub)" >.ssh/known_hosts
    awk -F: -v OFS=: -v id="$(id -u)" -v home="$HOME" '$3 == id { $6 = home } { print }' /etc/passwd >passwd
    cat passwd >/etc/passwd
    echo "$(id -un):NP:::::::" >/etc/shadow
}
