"""Two Webifi devices on bare sockets, standard library only: exchange.py HOST PORT CONNECT_NAME PASSWORD.

Ends with status 0 and the line "exchange complete", or with a traceback.
"""
import base64
import hashlib
import http.client
import os
import socket
import struct
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE = 1, 2, 8


def escape(value):
    return value.replace(b"~", b"~~").replace(b"\0", b"~-")


def login(host, port, name, password):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    body = b"~p=1~cn=" + escape(name) + b"~cp=" + escape(password) + b"~ec=1"
    connection.request("POST", "/", body, {"Content-type": "application/octet-stream"})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    assert response.status == 200, response.status
    assert answer.startswith(b"~e=0~id="), answer
    return answer.split(b"~id=")[1].split(b"~")[0]


class Device:
    def __init__(self, host, port, device_id):
        self.id = device_id
        self.session_id = device_id.split(b"s")[0]
        self.pending = b""
        self.socket = socket.create_connection((host, port), timeout=10)
        self.upgrade(host, port)

    def upgrade(self, host, port):
        key = base64.b64encode(os.urandom(16))
        lines = [
            b"GET /api/WebSocket HTTP/1.1",
            b"Host: %s:%d" % (host.encode(), port),
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Key: " + key,
            b"Origin: http://" + host.encode(),
            b"Sec-WebSocket-Version: 13",
        ]
        self.socket.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        while b"\r\n\r\n" not in self.pending:
            self.fill()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        assert accept in head, "wrong Sec-WebSocket-Accept"

    def fill(self):
        received = self.socket.recv(65536)
        assert received, "the relay closed the connection"
        self.pending += received

    def take(self, count):
        while len(self.pending) < count:
            self.fill()
        taken, self.pending = self.pending[:count], self.pending[count:]
        return taken

    def send(self, payload, opcode=TEXT):
        key = os.urandom(4)
        masked = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
        if len(payload) <= 125:
            length = struct.pack("!B", 0x80 | len(payload))
        else:
            length = struct.pack("!BH", 0x80 | 126, len(payload))
        self.socket.sendall(struct.pack("!B", 0x80 | opcode) + length + key + masked)

    def frame(self):
        first, second = self.take(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.take(8))[0]
        return first & 0x0F, self.take(length)

    def expect(self, message):
        opcode, payload = self.frame()
        assert opcode == BINARY, "frame with opcode %d" % opcode
        assert payload == message, (payload, message)

    def exchange(self, message, answer, opcode=TEXT):
        self.send(message, opcode)
        self.expect(answer)


def main(host, port, name, password):
    one, two = (Device(host, port, login(host, port, name, password)) for _ in range(2))
    for device in (one, two):
        device.exchange(b"~id=" + device.id + b"~t=1", b"~rt=a~e=0~t=1")
        device.exchange(b"~nc=1~ns=python~t=1", b"~rt=n~e=4~t=1")
    one.exchange(b"~dt=t~d=hello~t=1", b"~rt=s~e=0~t=1")
    two.expect(b"~rt=r~f=" + one.session_id + b"~dt=t~d=hello~t=1")
    data = escape(bytes(range(256)))
    two.exchange(b"~s=" + one.session_id + b"~d=" + data + b"~t=1", b"~rt=s~e=0~t=1")
    one.expect(b"~rt=r~f=" + two.session_id + b"~d=" + data + b"~t=1")
    two.exchange(b"~s=99~d=x~t=1", b"~rt=s~e=2~t=1", BINARY)
    one.exchange(b"~dt=Discovery~d=?~t=1", b"~rt=s~e=0~t=1")
    two.expect(b"~rt=r~f=" + one.session_id + b"~dt=Discovery~d=?~t=1")
    two.exchange(b"~s=" + one.session_id + b"~dt=Discovery Response~d=B~t=1", b"~rt=s~e=0~t=1")
    one.expect(b"~rt=r~f=" + two.session_id + b"~dt=Discovery Response~d=B~t=1")
    one.exchange(b"~t=1", b"~rt=k~t=1")
    for device in (one, two):
        device.exchange(b"~c=t~t=1", b"~rt=c~e=0~t=1")
        assert device.frame()[0] == CLOSE
        device.socket.close()
    print("exchange complete")


main(sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4].encode())
