"""Measures for how long traffic between two hosts is interrupted: one pings the other at short, even intervals."""

import os
import random
import socket
import struct
import threading
import time

from prober import checksum, socket_in_namespace_of

ECHO_REQUEST, ECHO_REPLY = 8, 0
MAGIC = b'measured'
# Seconds between two echo requests.
INTERVAL = 0.002
# A pair is given this long to answer for the first time (ARP, a controller that reacts), and is then watched this long
# before anything happens to it.
LONGEST_START, QUIET_BEFORE = 2.0, 0.5
# Seconds for which it goes on afterwards, and then waits for late answers.
QUIET_AFTER, LONGEST_WAIT = 1.5, 0.5
# Seconds at the beginning and at the end, of which one answer tells that the pair reaches. On a busy machine few requests
# are sent in them.
EDGE = 0.2
# <asm-generic/socket.h>: the time at which the kernel got a packet, however late it is read.
SO_TIMESTAMPNS = 35


class Measurement:
    def __init__(self, pid, address):
        """pid: a process in the namespace of the host that pings; address: of the other one"""
        self._pid, self._address = pid, address
        self._identity = os.urandom(4)
        self._icmp_id = os.getpid() & 0xFFFF
        # When each request was sent, in seconds since any time, and when each answer arrived, by the number of its request, in
        # seconds since 1970.
        self._sent = []
        self._answers = {}
        self._ending = threading.Event()
        self._quiet = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self):
        """Returns when the pair has been watched for a while, or does not answer."""
        self._thread.start()
        self._quiet.wait()
        # What follows comes at no fixed distance from a request.
        time.sleep(random.uniform(0, INTERVAL))
        if self._failure is not None:
            raise self._failure

    def end(self):
        """Goes on for a while, and returns what it saw: {"sent", "lost", "gapsMs", each from the last answer before to the
        first one after requests that were lost, "answersAtFirst", "answersAtLast"}"""
        self._ending.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        answered = sorted(self._answers)
        gaps = [
            (self._answers[after] - self._answers[before]) * 1000
            for before, after in zip(answered, answered[1:])
            if after > before + 1
        ]
        return {
            'sent': len(self._sent),
            'lost': len(self._sent) - len(answered),
            'gapsMs': gaps,
            'answersAtFirst': bool(answered) and self._sent[answered[0]] - self._sent[0] < EDGE,
            'answersAtLast': bool(answered) and self._sent[-1] - self._sent[answered[-1]] < EDGE,
        }

    def _run(self):
        try:
            self._ping()
        except Exception as error:
            self._failure = error
        finally:
            self._quiet.set()

    def _ping(self):
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
                # Where a send came late, the next one keeps its distance too.
                next_send = max(next_send + INTERVAL, time.monotonic() + INTERVAL / 2)
                self._receive(icmp, next_send)
            deadline = time.monotonic() + LONGEST_WAIT
            while len(self._answers) < len(self._sent) and time.monotonic() < deadline:
                self._receive(icmp, time.monotonic() + 0.02)

    def _until_answered(self, icmp):
        """Has ARP and the controller do what they do for the first packet; what is lost with it is no interruption."""
        deadline = time.monotonic() + LONGEST_START
        while not self._answers and time.monotonic() < deadline:
            self._send(icmp)
            self._receive(icmp, time.monotonic() + 0.05)
        self._receive(icmp, time.monotonic() + 0.05)
        self._identity = os.urandom(4)
        self._answers.clear()
        self._sent.clear()

    def _send(self, icmp):
        number = len(self._sent)
        payload = MAGIC + self._identity + struct.pack('!I', number)
        sequence = number & 0xFFFF
        header = struct.pack('!BBHHH', ECHO_REQUEST, 0, 0, self._icmp_id, sequence)
        header = struct.pack('!BBHHH', ECHO_REQUEST, 0, checksum(header + payload), self._icmp_id, sequence)
        self._sent.append(time.monotonic())
        try:
            icmp.sendto(header + payload, (self._address, 0))
        except OSError:
            # A host whose link is down, or that knows no way: the request is lost.
            pass

    def _receive(self, icmp, until):
        """Sleeps until then, and takes the answers that have arrived."""
        time.sleep(max(0, until - time.monotonic()))
        while True:
            try:
                packet, ancillary, _, _ = icmp.recvmsg(2048, 64)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._take(packet, ancillary)

    def _take(self, packet, ancillary):
        message = packet[(packet[0] & 15) * 4:]
        start = 8 + len(MAGIC)
        if message[0] != ECHO_REPLY or message[8:start + 4] != MAGIC + self._identity:
            return
        (number,) = struct.unpack('!I', message[start + 4:start + 8])
        seconds, nanoseconds = struct.unpack('ll', ancillary[0][2])
        self._answers.setdefault(number, seconds + nanoseconds / 1e9)
