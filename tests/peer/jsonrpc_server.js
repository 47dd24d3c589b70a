// A server of JSON-RPC by npm's json-rpc-2.0 on ws: add, fail, subscribe.
//
// Prints its port; ends with its standard input.

const { JSONRPCErrorException, JSONRPCServer } = require("json-rpc-2.0");
const { WebSocketServer } = require("ws");

const rpc = new JSONRPCServer();
rpc.addMethod("add", ([a, b]) => a + b);
rpc.addMethod("fail", () => {
  throw new JSONRPCErrorException("it broke", -32001, { why: "asked to" });
});
rpc.addMethod("subscribe", ([count], socket) => {
  setTimeout(() => {
    for (let number = 1; number <= count; number += 1) {
      const params = { subscription: "0x1", result: number };
      socket.send(JSON.stringify({ jsonrpc: "2.0", method: "subscription", params }));
    }
  });
  return "0x1";
});

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => {
  socket.on("message", async (data) => {
    const answer = await rpc.receive(JSON.parse(data.toString()), socket);
    if (answer) socket.send(JSON.stringify(answer));
  });
});
server.on("listening", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
