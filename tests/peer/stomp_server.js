// A broker of npm's stomp-broker-js.
const http = require("http");
const StompServer = require("stomp-broker-js");

const server = http.createServer();
new StompServer({ server, path: "/stomp", protocol: "ws" });
server.listen(0, "127.0.0.1", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
