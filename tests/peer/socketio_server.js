// A server by npm's socket.io, of the version 2, 3 or 4 that is the first argument.
//
// Prints its port; ends with its standard input. Options follow as NAME=VALUE: pingInterval, pingTimeout,
// recovery, messages (with msgpack not offered, as it is not spoken).

const http = require("node:http");

const [version, ...pairs] = process.argv.slice(2);
const library = require(`socketio${version}`);
const options = Object.fromEntries(pairs.map((pair) => pair.split("=")));
for (const name of ["pingInterval", "pingTimeout", "maxHttpBufferSize"]) {
  if (name in options) options[name] = Number(options[name]);
}
if (options.recovery) options.connectionStateRecovery = { maxDisconnectionDuration: 60000 };

const server = http.createServer();
const io = version === "2" ? library(server, options) : new library.Server(server, options);

function serve(socket) {
  socket.on("message", (...data) => socket.emit("message-back", ...data));
  socket.on("message-with-ack", (...data) => data.pop()(...data));
  socket.on("ask", (question) => {
    socket.emit("question", question, (...answer) => socket.emit("answered", ...answer));
  });
  socket.on("binary", () => socket.emit("bytes", Buffer.from([1, 2, 3]), { more: Buffer.from([255]) }));
  socket.on("count", (count) => {
    for (let number = 1; number <= count; number += 1) socket.emit("number", number);
  });
  socket.on("drop", () => socket.conn.close());
  socket.on("kick", () => socket.disconnect());
  socket.on("who", (answer) => answer(socket.handshake.auth ?? {}, socket.handshake.query.token ?? null));
}

io.on("connection", serve);
io.of("/fx").on("connection", serve);
io.of("/admin").use((socket, next) => {
  const token = socket.handshake.auth?.token ?? socket.handshake.query.token;
  if (token === "s3cret") return next();
  const error = new Error("not authorized");
  error.data = { code: "E_AUTH" };
  next(error);
});
io.of("/admin").on("connection", serve);

server.listen(0, "127.0.0.1", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
