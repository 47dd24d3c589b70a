"""Records how clients ask for a WebSocket over HTTP/2, frame by frame, with hyper's hpack and hyperframe.

Takes the files of a certificate and its key, and prints its port. A page in a browser opens the WebSocket; one line is
printed for each of its pseudo-header and header fields, and for what else differs between clients.
"""

import contextlib
import socket
import ssl
import sys
import threading

import hpack
from hyperframe.frame import (
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PAGE = b"""<!doctype html>
<title>A WebSocket in the connection that has loaded the page</title>
<script>new WebSocket(`wss://${location.host}/socket`, ["a", "b"]);</script>
"""
COOKIES = [("set-cookie", f"{pair}; Secure; SameSite=None") for pair in ("one=1", "two=2")]
ENABLE_CONNECT_PROTOCOL = 8


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.decoder = hpack.Decoder()
        self.encoder = hpack.Encoder()
        self.lines = []
        self.asked = None

    def serve(self):
        assert self.read(len(PREFACE)) == PREFACE
        self.send(SettingsFrame(0, settings={ENABLE_CONNECT_PROTOCOL: 1}))
        is_opening = True
        while True:
            frame = self.read_frame()
            if isinstance(frame, HeadersFrame):
                is_opening = False
                self.answer(frame)
            elif isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                # With another one, the client would be waited for.
                self.lines += [f"setting {number} {value}" for number, value in frame.settings.items()]
                self.send(SettingsFrame(0, flags=["ACK"]))
            elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
                self.send(PingFrame(0, frame.opaque_data, flags=["ACK"]))
            elif isinstance(frame, PingFrame):
                # What belongs to the request was sent before.
                print(*self.lines, "end", sep="\n", flush=True)
            elif isinstance(frame, WindowUpdateFrame) and frame.stream_id == self.asked:
                self.lines.append(f"window of the stream {frame.window_increment}")
            elif isinstance(frame, WindowUpdateFrame) and is_opening:
                self.lines.append(f"window {frame.window_increment}")
            elif isinstance(frame, PriorityFrame):
                self.lines.append(f"priority of stream {frame.stream_id}")

    def answer(self, frame):
        block = frame.data
        while "END_HEADERS" not in frame.flags:
            frame = self.read_frame()
            block += frame.data
        fields = [(str(name), str(value)) for name, value in self.decoder.decode(block)]
        kind = dict(fields)
        if kind[":method"] != "CONNECT":
            is_page = kind[":path"] == "/"
            status = [(":status", "200" if is_page else "404"), ("content-type", "text/html")]
            self.respond(frame.stream_id, status + (COOKIES if is_page else []))
            self.send(DataFrame(frame.stream_id, PAGE if is_page else b"", flags=["END_STREAM"]))
            return
        self.asked = frame.stream_id
        if "PRIORITY" in frame.flags:
            depends = f"depends on {frame.depends_on}" + (" alone" if frame.exclusive else "")
            self.lines.append(f"weight {frame.stream_weight} {depends}")
        self.lines += [f"{name}: {value}" for name, value in fields]
        self.respond(frame.stream_id, [(":status", "200"), ("sec-websocket-protocol", "a")])
        self.send(PingFrame(0, b"recorded"))

    def respond(self, stream, fields):
        self.send(HeadersFrame(stream, self.encoder.encode(fields), flags=["END_HEADERS"]))

    def send(self, frame):
        self.stream.sendall(frame.serialize())

    def read_frame(self):
        frame, length = Frame.parse_frame_header(memoryview(self.read(9)))
        frame.parse_body(memoryview(self.read(length)))
        return frame

    def read(self, length):
        data = b""
        while len(data) < length:
            piece = self.stream.recv(length - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data


def serve(stream, context):
    # Browsers make connections that they do not use, and leave without a word.
    with contextlib.suppress(OSError, EOFError), context.wrap_socket(stream, server_side=True) as secure:
        Connection(secure).serve()


def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*sys.argv[1:])
    context.set_alpn_protocols(["h2"])
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening", listener.getsockname()[1], flush=True)
    threading.Thread(target=listen, args=[listener, context], daemon=True).start()
    sys.stdin.read()


def listen(listener, context):
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=serve, args=[stream, context], daemon=True).start()


main()
