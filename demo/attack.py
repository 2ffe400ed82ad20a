"""Guesses at accounts of a PBX, as strangers on the internet do, until nothing is answered.

Runs in a container of its own, beside the demo's: attack.py HOST PORT
"""

import secrets
import socket
import sys
import time

GUESSES = 30
PAUSE = 0.1
"""Seconds from one to the next: slow enough for a busy machine, and to look on."""
REGISTER = """REGISTER sip:{host} SIP/2.0\r
Via: SIP/2.0/UDP {own}:{port};branch=z9hG4bK{token}\r
Max-Forwards: 70\r
From: <sip:{name}@{host}>;tag={token}\r
To: <sip:{name}@{host}>\r
Call-ID: {token}\r
CSeq: 1 REGISTER\r
Contact: <sip:{name}@{own}:{port}>\r
Content-Length: 0\r
\r
"""


def main() -> int:
    """Returns 0 if the PBX has stopped answering, else 1."""
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(type=socket.SOCK_DGRAM) as phone:
        phone.connect((host, port))
        phone.settimeout(2)
        own, own_port = phone.getsockname()
        print(f"{own} guesses:", end="", flush=True)
        for name in range(100, 100 + GUESSES):
            request = REGISTER.format(
                host=host, own=own, port=own_port, name=name, token=secrets.token_hex(8)
            )
            phone.send(request.encode())
            try:
                answer = phone.recv(4096).split(b"\r\n")[0].decode()
            except TimeoutError:
                print(f" {name}\nNo answer any more: shut out. 'make autoban' shows it.")
                return 0
            print(f" {name} ({answer.split()[1]})", end="", flush=True)
            time.sleep(PAUSE)
    print(f"\n{GUESSES} guesses, and still answered: AutoBan does not work here")
    return 1


if __name__ == "__main__":
    sys.exit(main())
