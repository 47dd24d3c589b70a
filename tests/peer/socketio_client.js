// A client by npm's socket.io-client for `wsee listen --as socket.io`: its version 2, 3 or 4, the port of 127.0.0.1, and
// the transports (websocket, polling, or both to upgrade) are its arguments.
//
// Prints what it found, and ends when the server does.

const assert = require("node:assert");

const [version, port, transports] = process.argv.slice(2);
const library = require(`socketio-client${version}`);
const connect = version === "2" ? library : library.io;
const isOld = version === "2";
const url = `http://127.0.0.1:${port}`;
const auth = { token: "abc" };
const options = { transports: transports.split(","), auth, query: isOld ? auth : {}, reconnection: false };

const next = (socket, name) => new Promise((resolve) => socket.once(name, (...data) => resolve(data)));
const ask = (socket, ...data) => new Promise((resolve) => socket.emit(...data, (...answer) => resolve(answer)));

async function converse(namespace) {
  const socket = connect(url + namespace, options);
  assert.deepStrictEqual(await next(socket, "auth"), [auth]);
  const data = [1, "größer 🦀", { a: [true, null] }, Buffer.from([1, 2, 255])];
  socket.emit("message", ...data);
  assert.deepStrictEqual(await next(socket, "message-back"), data);
  assert.deepStrictEqual(await ask(socket, "message-with-ack", ...data), data);
  socket.emit("price", { s: "EURUSD" });
  assert.deepStrictEqual(await next(socket, "price"), [{ s: "EURUSD" }]);
  return socket;
}

async function count(socket, end) {
  const seen = new Promise((resolve) => {
    let expected = 1;
    socket.on("number", (number) => {
      assert.equal(number, expected);
      expected += 1;
      if (number === end) resolve();
    });
  });
  for (let number = 1; number <= end; number += 1) socket.emit("number", number);
  await seen;
}

async function main() {
  const first = await converse("/");
  console.log("events, acknowledgements and attachments came back");
  await converse("/custom");
  console.log("so they did in another namespace");
  const refused = connect(`${url}/other`, options);
  const [error] = await next(refused, isOld ? "error" : "connect_error");
  console.log("refused:", isOld ? error : error.message);
  await count(first, 1000);
  console.log("1000 events came back in order over", first.io.engine.transport.name);
  // The server pings since version 3 of the library.
  const heartbeat = isOld ? "pong" : "ping";
  await new Promise((resolve) => first.io.engine.on("packet", ({ type }) => type === heartbeat && resolve()));
  console.log("pings are answered");
  await next(first, "disconnect");
  console.log("disconnected");
  process.exit();
}

main();
