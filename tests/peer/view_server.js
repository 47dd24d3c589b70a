// Servers of npm's sockjs, wamp.rt and ocpp-rpc: the first argument says which.
//
// Prints its port; ends with its standard input.

const http = require("http");

const server = http.createServer();

const serve = {
  sockjs() {
    const echo = require("sockjs").createServer({ log: () => {} });
    echo.on("connection", (connection) => {
      connection.on("data", (message) => {
        if (message === "bye") connection.close(4001, "as you like");
        else connection.write(message);
      });
    });
    echo.installHandlers(server, { prefix: "/echo" });
  },
  wamp() {
    const Router = require("wamp.rt");
    const router = new Router({ server });
    router.regrpc("com.example.add", (id, [[a, b]]) => router.resrpc(id, undefined, [[a + b]]));
  },
  ocpp() {
    const { RPCServer, createRPCError } = require("ocpp-rpc");
    const rpc = new RPCServer({ protocols: ["ocpp1.6"] });
    rpc.auth((accept) => accept({}));
    rpc.on("client", async (client) => {
      client.handle("Heartbeat", () => ({ currentTime: "2026-11-29T12:00:00Z" }));
      client.handle("Reset", async () => client.call("Reset", { type: "Soft" }));
      client.handle(() => {
        throw createRPCError("NotImplemented", "no such action");
      });
    });
    server.on("upgrade", rpc.handleUpgrade);
  },
};

serve[process.argv[2]]();
server.listen(0, "127.0.0.1", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
