// A client by npm's ws for an echo server behind an HTTP proxy: the URLs of both are its arguments, the server's first.

const assert = require("node:assert");
const { once } = require("node:events");
const { HttpsProxyAgent } = require("https-proxy-agent");
const { WebSocket } = require("ws");

async function main() {
  const agent = new HttpsProxyAgent(process.argv[3]);
  const socket = new WebSocket(process.argv[2], { agent });
  await once(socket, "open");
  for (const message of ["text", "größer 🦀", "x".repeat(300_000)]) {
    socket.send(message);
    assert.equal((await once(socket, "message"))[0].toString(), message);
  }
  console.log("all messages came back");
  socket.close(4321, "enough");
  console.log("closed", (await once(socket, "close"))[0]);
}

main();
