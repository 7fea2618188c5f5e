"""A proxy that delays and cuts connections, for storms of reconnects."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time


class CuttingProxy:
    """Passes TCP connections on to a Unix socket, and cuts each after a random number of bytes.

    ``least`` and ``most`` bound the bytes that a connection passes, both ways together. Every piece
    is held back for a random time up to ``delay_s``.
    """

    def __init__(self, target: str, least: int, most: int, delay_s: float, seed: int) -> None:
        self.target = target
        self.bounds = (least, most)
        self.delay_s = delay_s
        self.random = random.Random(seed)
        self.cuts = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                continue
            self.connections += 1
            link = Link(self, client, server, self.random.randint(*self.bounds))
            link.start()

    def close(self) -> None:
        self.listener.close()


class Link:
    """One connection through the proxy."""

    def __init__(
        self, proxy: CuttingProxy, client: socket.socket, server: socket.socket, left: int
    ) -> None:
        self.proxy = proxy
        self.ends = (client, server)
        self.left = left
        self.lock = threading.Lock()
        self.open = True

    def start(self) -> None:
        client, server = self.ends
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while True:
                piece = source.recv(16384)
                if not piece:
                    return self.cut(counted=False)
                time.sleep(self.proxy.random.uniform(0, self.proxy.delay_s))  # a slow network
                with self.lock:
                    self.left -= len(piece)
                    over = self.left < 0
                if over:
                    sink.sendall(piece[: self.proxy.random.randrange(len(piece))])
                    return self.cut(counted=True)
                sink.sendall(piece)
        except OSError:
            self.cut(counted=False)

    def cut(self, *, counted: bool) -> None:
        with self.lock:
            if not self.open:
                return
            self.open = False
        self.proxy.cuts += counted
        for end in self.ends:
            # Both directions end at once, whatever is on its way.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            with contextlib.suppress(OSError):  # the other side was first
                end.shutdown(socket.SHUT_RDWR)
            end.close()
