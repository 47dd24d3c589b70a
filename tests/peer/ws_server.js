// A server by npm's ws: the path of a connection says what is done with it.
//
// Prints its port, and how each connection ended; ends with its standard input.

const { once } = require("node:events");
const { WebSocketServer } = require("ws");

function echo(socket) {
  socket.on("message", (data, binary) => {
    socket.send(data, { binary });
  });
}

const paths = {
  "/echo": echo,
  "/fragments"(socket) {
    for (const part of ["one ", "", "two "]) socket.send(part, { fin: false });
    socket.send("three", { fin: true });
    for (const part of [[0, 1], [2]]) socket.send(Buffer.from(part), { fin: false });
    socket.send(Buffer.from([255]), { fin: true });
    echo(socket);
  },
  async "/ping"(socket) {
    echo(socket);
    socket.ping("are you there?");
    const [data] = await once(socket, "pong");
    if (data.toString() === "are you there?") socket.send("a pong came");
  },
  "/close"(socket, query) {
    socket.close(Number(query.get("code")), query.get("reason"));
  },
  async "/numbers"(socket, query) {
    const count = Number(query.get("count"));
    for (let number = 0; number < count; number += 1) {
      const sent = new Promise((done) => socket.send(String(number), done));
      if (number % 1000 === 0) await sent;
    }
    socket.close(1000);
  },
};

const takeover = process.argv.includes("--no-context-takeover")
  ? { serverNoContextTakeover: true, clientNoContextTakeover: true }
  : {};
const options = process.argv.includes("--default")
  ? {}
  : {
      maxPayload: 0,
      // By default small messages stay as they are.
      perMessageDeflate: { threshold: 0, ...takeover },
    };
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });
server.on("connection", (socket, request) => {
  const { pathname, searchParams } = new URL(request.url, "ws://localhost");
  socket.on("close", (code, reason) => console.log("closed", code, reason.toString()));
  socket.on("error", (error) => console.log("error", error.message));
  paths[pathname](socket, searchParams);
});
server.on("listening", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
