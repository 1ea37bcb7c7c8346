"""JSON lines over a socket, written by several threads."""

import contextlib
import json
import socket
import threading
from typing import Any


class Conversation:
    def __init__(self, stream: socket.socket) -> None:
        self._socket = stream
        self._lock = threading.Lock()
        self._unread = b''

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, **message: object) -> None:
        line = json.dumps(message, separators=(',', ':')).encode() + b'\n'
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(line)

    def receive(self) -> list[Any] | None:
        """The messages that have arrived; None when the other side is gone."""
        data = self._socket.recv(65536)
        if not data:
            return None
        *lines, self._unread = (self._unread + data).split(b'\n')
        return [json.loads(line) for line in lines if line]
