import socket
import unittest

from conversation import Conversation


class AConversation(unittest.TestCase):
    def setUp(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.conversation = Conversation(ours)
        self.addCleanup(ours.close)
        self.addCleanup(self.theirs.close)

    def test_sends_a_message_as_a_line(self) -> None:
        self.conversation.send(id=7, result=None)
        self.assertEqual(self.theirs.recv(99), b'{"id":7,"result":null}\n')

    def test_receives_messages_however_they_are_cut(self) -> None:
        received = []
        for part in (b'{"id":1}\n{"i', b'd":', b'2}\n', b'{"id":3}\n{"id":4}\n'):
            self.theirs.sendall(part)
            received.append(self.conversation.receive())
        self.assertEqual(received, [[{'id': 1}], [], [{'id': 2}], [{'id': 3}, {'id': 4}]])

    def test_is_over_when_the_other_side_is_gone(self) -> None:
        self.theirs.close()
        self.conversation.send(id=1)
        self.assertIsNone(self.conversation.receive())
