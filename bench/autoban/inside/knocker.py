"""Sends small packets from one address after another, and remembers when it sent each.

It is a program by itself, for a container that has many addresses. It does what it is told over
TCP, in lines of JSON: `{"source": A, "host": B, "port": C}` has it begin, `{"sent": N}` asks when
it has sent packet N (in ns of the machine's monotonic clock; null: not yet), and `{}` has it stop,
which it confirms with null.
"""

import json
import select
import socket
import struct
import time

PORT = 7070
EVERY = 0.0002  # seconds
PACKET = struct.Struct("!Q")  # its number, from 0


def serve() -> None:
    """Serve one after the other, for ever."""
    with socket.create_server(("", PORT)) as server:
        while True:
            line, _ = server.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with line, line.makefile("rw") as orders:
                for order in orders:
                    knock(json.loads(order), line)


def knock(first: dict[str, str], line: socket.socket) -> None:
    """Send packets until it is told to stop."""
    sent: list[int] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((first["source"], 0))
        sender.connect((first["host"], first["port"]))
        while True:
            if select.select([line], [], [], EVERY)[0]:
                order = json.loads(line.recv(4096) or b"{}")
                number = order.get("sent", len(sent))
                answer = sent[number] if number < len(sent) else None
                line.sendall(json.dumps(answer).encode() + b"\n")
                if not order:
                    return
            sent.append(time.monotonic_ns())
            sender.send(PACKET.pack(len(sent) - 1))


if __name__ == "__main__":
    serve()
