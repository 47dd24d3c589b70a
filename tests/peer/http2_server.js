// A server by Node's http2, which opens WebSockets in streams (RFC 8441); npm's ws reads and writes their frames.
//
// Takes the files of a certificate and its key. Prints its port, and how each WebSocket ended; ends with its standard
// input.

const { readFileSync } = require("node:fs");
const http2 = require("node:http2");
const WebSocket = require("ws");

const { PerMessageDeflate, extension } = WebSocket;
const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_HTTP_1_1_REQUIRED } = http2.constants;

/** The socket in a stream, with permessage-deflate if that is offered. */
function accept(stream, headers) {
  const fields = { ":status": 200 };
  const socket = new WebSocket(null, undefined, { autoPong: true });
  const offered = headers["sec-websocket-extensions"];
  // An empty text is no list of extensions.
  const offers = offered ? extension.parse(offered) : {};
  if (offers["permessage-deflate"]) {
    const deflate = new PerMessageDeflate({ threshold: 0, isServer: true });
    deflate.accept(offers["permessage-deflate"]);
    const agreed = { "permessage-deflate": [deflate.params] };
    fields["sec-websocket-extensions"] = extension.format(agreed);
    socket._extensions["permessage-deflate"] = deflate;
  }
  stream.respond(fields);
  // What ws asks of a TCP socket.
  stream.setNoDelay = () => {};
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0 });
  socket.on("close", (code, reason) => console.log("closed", code, reason.toString()));
  socket.on("error", (error) => console.log("error", error.message));
  return socket;
}

function echo(socket) {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
}

const paths = {
  "/echo": (stream, headers) => echo(accept(stream, headers)),
  "/close"(stream, headers, query) {
    accept(stream, headers).close(Number(query.get("code")), query.get("reason"));
  },
  "/refuse"(stream) {
    stream.respond({ ":status": 403 });
    stream.end("not for you");
  },
  "/reset": (stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM),
  "/http1": (stream) => stream.close(NGHTTP2_HTTP_1_1_REQUIRED),
  "/later"(stream, headers) {
    accept(stream, headers);
    setTimeout(() => stream.destroy(new Error("later")), 50);
  },
  "/leave"(stream, headers) {
    accept(stream, headers);
    setTimeout(() => stream.session.goaway(NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too much")), 50);
    setTimeout(() => stream.session.destroy(), 100);
  },
};

const [cert, key] = process.argv.slice(2).map((file) => readFileSync(file));
const server = http2.createSecureServer({
  cert,
  key,
  allowHTTP1: true,
  settings: { enableConnectProtocol: true },
});
server.on("stream", (stream, headers) => {
  stream.on("error", (error) => console.log("error", error.message));
  const { pathname, searchParams } = new URL(headers[":path"], "https://localhost");
  const isWebSocket = headers[":method"] === "CONNECT" && headers[":protocol"] === "websocket";
  if (isWebSocket) return paths[pathname](stream, headers, searchParams);
  stream.respond({ ":status": 426 });
  stream.end();
});
// The same over HTTP/1.1, where a client falls back.
const http1 = new WebSocket.Server({ noServer: true });
server.on("upgrade", (request, socket, head) => http1.handleUpgrade(request, socket, head, echo));
server.listen(0, "127.0.0.1", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
