"""Asks for a WebSocket over HTTP/2 without TLS, with hyper's h2, and says what came: http2_client.py PORT"""

import socket
import sys

import h2.config
import h2.connection
import h2.events
from h2.settings import SettingCodes

sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sock.settimeout(20)
connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
connection.initiate_connection()
sock.sendall(connection.data_to_send())


def events():
    """What comes, until the server ends the connection."""
    while data := sock.recv(65536):
        found = connection.receive_data(data)
        sock.sendall(connection.data_to_send())
        yield from found


def send(frame, end=False):
    """Sends a frame of a WebSocket client, masked with zeros."""
    opcode, payload = frame
    connection.send_data(stream, bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload, end)
    sock.sendall(connection.data_to_send())


stream = None
received = b""
for event in events():
    if isinstance(event, h2.events.RemoteSettingsChanged) and stream is None:
        value = {code: setting.new_value for code, setting in event.changed_settings.items()}
        streams = value.get(SettingCodes.MAX_CONCURRENT_STREAMS)
        print("extended CONNECT", value.get(SettingCodes.ENABLE_CONNECT_PROTOCOL), "streams", streams, flush=True)
        if streams == 0:
            break
        stream = connection.get_next_available_stream_id()
        pseudo = {"method": "CONNECT", "scheme": "http", "authority": "localhost", "path": "/", "protocol": "websocket"}
        fields = [(":" + name, value) for name, value in pseudo.items()]
        connection.send_headers(stream, fields + [("sec-websocket-version", "13")])
        sock.sendall(connection.data_to_send())
    elif isinstance(event, h2.events.ResponseReceived):
        status = dict(event.headers)[":status"]
        print("status", status, flush=True)
        if status != "200":
            break
        send((1, b"hello"))
    elif isinstance(event, h2.events.StreamReset):
        print("reset", event.error_code.name, flush=True)
        break
    elif isinstance(event, h2.events.DataReceived):
        received += event.data
        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if received == b"\x81\x05hello":
            print("message hello", flush=True)
            received = b""
            send((8, b"\x03\xe8"))
        elif received == b"\x88\x02\x03\xe8":
            print("closed 1000", flush=True)
            received = b""
    elif isinstance(event, h2.events.StreamEnded):
        print("ended", flush=True)
        connection.end_stream(stream)
        sock.sendall(connection.data_to_send())
        break
sock.close()
