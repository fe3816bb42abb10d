# SPDX-License-Identifier: Apache-2.0
"""A payee checker of the test's, as bankd(8) has it: a service behind a Unix socket."""
import json
import socket
import threading


class Checker:
    """Answers each question with ANSWER; with None it takes the question and says nothing."""

    def __init__(self, path):
        self.answer, self.questions = None, []
        self.held = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection.makefile("rb") as lines:
                self.questions.append(json.loads(lines.readline()))
            if self.answer is None:
                self.held.append(connection)
                continue
            connection.sendall(self.answer)
            connection.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for connection in self.held:
            connection.close()
