#!/usr/bin/env python3
"""A git server over ssh for tests: OpenSSH's sshd on a free port, as an account without rights.

    git_ssh.py FOLDER

FOLDER is filled with what a client needs, and must be one that the account may enter:

    id_ed25519, id_rsa, id_ecdsa    keys that are let in; id_ecdsa has the passphrase in passphrase
    id_stranger                     a key that is not
    known_hosts                     the server's keys, Ed25519 and RSA
    other_hosts                     a key that is not the server's

Only git's own commands are run, on repositories by their absolute paths.  The port is printed on the first
line, the account's name on the second; the server ends when its standard input does.  What it said is in
FOLDER/log.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time

FOLDER = os.path.realpath(sys.argv[1])
PASSPHRASE = "canary-passphrase-of-ecdsa"

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_ed25519
HostKey {folder}/host_rsa
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
AllowTcpForwarding no
PermitTTY no
SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*
ForceCommand git-shell -c "$SSH_ORIGINAL_COMMAND"
"""


def keygen(name, kind, *more, phrase=""):
    path = f"{FOLDER}/{name}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", name, "-f", path, *more], check=True)
    with open(path + ".pub") as f:
        return f.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def start(account, port):
    with open(f"{FOLDER}/sshd_config", "w") as f:
        f.write(CONFIG.format(port=port, folder=FOLDER))
    command = [shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"]), "-D", "-e", "-f",
               f"{FOLDER}/sshd_config"]
    as_account = {}
    if os.geteuid() == 0:
        as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    log = open(f"{FOLDER}/log", "a")
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **as_account)


def main():
    name = os.environ.get("STACK_USER") or "postgres"
    account = pwd.getpwnam(name) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    allowed = [keygen("id_ed25519", "ed25519"), keygen("id_rsa", "rsa", "-b", "2048"),
               keygen("id_ecdsa", "ecdsa", phrase=PASSPHRASE)]
    keygen("id_stranger", "ed25519")
    with open(f"{FOLDER}/passphrase", "w") as f:
        f.write(PASSPHRASE)
    with open(f"{FOLDER}/authorized_keys", "w") as f:
        f.write("".join("restrict " + key for key in allowed))
    hosts = [keygen("host_ed25519", "ed25519"), keygen("host_rsa", "rsa", "-b", "2048")]
    os.chmod(FOLDER, 0o755)
    if os.geteuid() == 0:
        for kept in ("host_ed25519", "host_rsa"):
            os.chown(f"{FOLDER}/{kept}", account.pw_uid, account.pw_gid)
    for _ in range(5):
        port = free_port()
        server = start(account, port)
        while server.poll() is None and not answers(port):
            time.sleep(0.02)
        if server.poll() is None:
            break
    else:
        sys.exit(f"sshd does not start; see {FOLDER}/log")
    with open(f"{FOLDER}/known_hosts", "w") as f:
        f.write("".join(f"[127.0.0.1]:{port} {key}" for key in hosts))
    with open(f"{FOLDER}/other_hosts", "w") as f, open(f"{FOLDER}/id_stranger.pub") as key:
        f.write(f"[127.0.0.1]:{port} {key.read()}")
    os.write(1, b"%d\n%s\n" % (port, account.pw_name.encode()))
    sys.stdin.read()
    server.terminate()
    server.wait()


main()
