"""Measures for how long traffic between two hosts is interrupted: one pings the other at short, even intervals."""

import os
import random
import socket
import struct
import threading
import time

from echo import Echoes
from gaps import answers_at_last, traffic
from host_sockets import socket_in_namespace_of
from messages import Traffic

# Seconds between two echo requests.
INTERVAL = 0.002
# Seconds that a pair has for its first answer (ARP, a controller that reacts), and seconds for which it is then watched
# before anything happens to it.
LONGEST_START, QUIET_BEFORE = 2.0, 0.5
# Seconds for which it goes on afterwards, and then waits for late answers; longer where none of the last requests was
# answered, as on a busy machine these answers may come later.
QUIET_AFTER, LONGEST_WAIT, LONGEST_SILENCE = 1.5, 0.5, 2.0
# <asm-generic/socket.h>: the time at which the kernel got a packet, however late it is read.
SO_TIMESTAMPNS = 35


class Measurement:
    def __init__(self, pid: int, address: str) -> None:
        """pid: a process in the namespace of the host that pings; address: of the other host"""
        self._pid, self._address = pid, address
        self._echoes = new_echoes()
        # When each request was sent, in seconds since any time; and when each answer arrived, by the number of its
        # request, in seconds since 1970.
        self._sent: list[float] = []
        self._answers: dict[int, float] = {}
        self._ending = threading.Event()
        self._quiet = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Returns when the pair has been watched for a while, or does not answer."""
        self._thread.start()
        self._quiet.wait()
        # What follows comes at no fixed distance from a request.
        time.sleep(random.uniform(0, INTERVAL))
        if self._failure is not None:
            raise self._failure

    def end(self) -> Traffic:
        """Goes on for a while, and returns what it saw."""
        self._ending.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return traffic(self._sent, self._answers)

    def _run(self) -> None:
        try:
            self._ping()
        except Exception as error:
            self._failure = error
        finally:
            self._quiet.set()

    def _ping(self) -> None:
        with socket_in_namespace_of(self._pid) as icmp:
            icmp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._until_answered(icmp)
            begin = next_send = time.monotonic()
            end = None
            while end is None or time.monotonic() < end:
                if time.monotonic() - begin > QUIET_BEFORE:
                    self._quiet.set()
                if end is None and self._ending.is_set():
                    end = time.monotonic() + QUIET_AFTER
                self._send(icmp)
                # After a late send, the next one keeps its distance too.
                next_send = max(next_send + INTERVAL, time.monotonic() + INTERVAL / 2)
                self._receive(icmp, next_send)
            last = time.monotonic()
            while len(self._answers) < len(self._sent):
                longest = LONGEST_WAIT if answers_at_last(self._sent, self._answers) else LONGEST_SILENCE
                if time.monotonic() > last + longest:
                    break
                self._receive(icmp, time.monotonic() + 0.02)

    def _until_answered(self, icmp: socket.socket) -> None:
        """Gives ARP and the controller time for the first packet. A loss here is no interruption."""
        deadline = time.monotonic() + LONGEST_START
        while not self._answers and time.monotonic() < deadline:
            self._send(icmp)
            self._receive(icmp, time.monotonic() + 0.05)
        self._receive(icmp, time.monotonic() + 0.05)
        self._echoes = new_echoes()
        self._answers.clear()
        self._sent.clear()

    def _send(self, icmp: socket.socket) -> None:
        number = len(self._sent)
        message = self._echoes.request(number, number)
        self._sent.append(time.monotonic())
        try:
            icmp.sendto(message, (self._address, 0))
        except OSError:
            # A host whose link is down, or that has no route: the request is lost.
            pass

    def _receive(self, icmp: socket.socket, until: float) -> None:
        """Sleeps until then, and reads the answers that have arrived."""
        time.sleep(max(0, until - time.monotonic()))
        while True:
            try:
                packet, ancillary, _, _ = icmp.recvmsg(2048, 64)
            except BlockingIOError:
                return
            except OSError:
                continue
            answered = self._echoes.answered(packet)
            if answered is not None:
                seconds, nanoseconds = struct.unpack('ll', ancillary[0][2])
                self._answers.setdefault(answered[0], seconds + nanoseconds / 1e9)


def new_echoes() -> Echoes:
    return Echoes(b'measured' + os.urandom(4), '!I')
