"""Guesses passwords at a PBX, as attackers on the internet do, until it gets no answer.

Runs in a container of its own, beside the demo's: attack.py HOST PORT
"""

import re
import secrets
import socket
import sys
import time

GUESSES = 30
PAUSE = 0.1
"""Seconds from one to the next: slow enough for a busy machine, and to watch."""
REGISTER = """REGISTER sip:{host} SIP/2.0\r
Via: SIP/2.0/UDP {own}:{port};branch=z9hG4bK{token}\r
Max-Forwards: 70\r
From: <sip:{name}@{host}>;tag={token}\r
To: <sip:{name}@{host}>\r
Call-ID: {token}\r
CSeq: 1 REGISTER\r
Contact: <sip:{name}@{own}:{port}>\r
{authorization}Content-Length: 0\r
\r
"""
AUTHORIZATION = """Authorization: Digest username="{name}", realm="asterisk", nonce="{nonce}", \
uri="sip:{host}", response="{response}"\r
"""
NONCE = re.compile(r'nonce="([^"]*)"')


def main() -> int:
    """Return 0 if the PBX has stopped answering, else 1."""
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(type=socket.SOCK_DGRAM) as phone:
        phone.connect((host, port))
        phone.settimeout(2)
        print(f"{phone.getsockname()[0]} guesses:", end="", flush=True)
        for name in range(100, 100 + GUESSES):
            try:
                answer = guess(phone, host, str(name))
            except TimeoutError:
                print(f" {name}\nNo more answers: banned. 'make autoban' shows it.")
                return 0
            print(f" {name} ({answer.split()[1]})", end="", flush=True)
            time.sleep(PAUSE)
    print(f"\n{GUESSES} guesses, and still answered: AutoBan does not work here")
    return 1


def guess(phone: socket.socket, host: str, name: str) -> str:
    """Send a REGISTER, and answer the challenge with a wrong password; return the reply.

    A request that answers no challenge may be forged, so it does not lead to a ban.
    """
    challenge = NONCE.search(ask(phone, host, name))
    nonce = challenge[1] if challenge else ""
    return ask(
        phone,
        host,
        name,
        AUTHORIZATION.format(name=name, nonce=nonce, host=host, response=secrets.token_hex(16)),
    )


def ask(phone: socket.socket, host: str, name: str, authorization: str = "") -> str:
    """Send one request; return the answer.

    Raises:
        TimeoutError: there is none.
    """
    own, port = phone.getsockname()
    request = REGISTER.format(
        host=host,
        own=own,
        port=port,
        name=name,
        token=secrets.token_hex(8),
        authorization=authorization,
    )
    phone.send(request.encode())
    return phone.recv(4096).decode()


if __name__ == "__main__":
    sys.exit(main())
