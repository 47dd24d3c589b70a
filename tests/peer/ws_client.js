// A client by npm's ws for an echo server: the port of 127.0.0.1 is its argument. A second one is for how many messages
// it counts, and then it does nothing else.
//
// Prints what it found, and ends when the server closes its second connection.

const assert = require("node:assert");
const { randomBytes } = require("node:crypto");
const { on, once } = require("node:events");
const { WebSocket } = require("ws");

const url = `ws://127.0.0.1:${process.argv[2]}/`;
const messages = [
  "text",
  "",
  "größer 🦀",
  Buffer.alloc(0),
  Buffer.from([...Array(256).keys()]),
  "x".repeat(300_000),
  randomBytes(16 << 20),
];

async function open() {
  const socket = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
  const incoming = on(socket, "message");
  await once(socket, "open");
  const receive = async () => {
    const [data, binary] = (await incoming.next()).value;
    return binary ? data : data.toString();
  };
  return { socket, receive };
}

async function converse({ socket, receive }) {
  for (const message of messages) {
    socket.send(message);
    assert.deepStrictEqual(await receive(), message);
  }
  console.log("all messages came back");
  for (const part of ["one ", ""]) socket.send(part, { fin: false });
  socket.send("two");
  socket.send(Buffer.from([0]), { fin: false });
  socket.send(Buffer.from([255]));
  assert.deepStrictEqual([await receive(), await receive()], ["one two", Buffer.from([0, 255])]);
  console.log("fragments came back whole");
  socket.ping("are you there?");
  const [data] = await once(socket, "pong");
  assert.equal(data.toString(), "are you there?");
  console.log("a pong came");
}

async function count({ socket, receive }, end) {
  for (let start = 0; start < end; start += 10_000) {
    const numbers = [...Array(10_000).keys()].map((number) => start + number);
    for (const number of numbers) socket.send(`message ${number}`);
    for (const number of numbers) assert.equal(await receive(), `message ${number}`);
  }
  console.log(`${end} messages came back in order`);
}

async function main() {
  const first = await open();
  if (process.argv[3]) {
    await count(first, Number(process.argv[3]));
    return first.socket.close();
  }
  await converse(first);
  await count(first, 10_000);
  first.socket.close(4321, "enough");
  console.log("closed", (await once(first.socket, "close"))[0]);
  const second = await open();
  console.log("waiting for a close");
  console.log("closed", (await once(second.socket, "close"))[0]);
}

main();
