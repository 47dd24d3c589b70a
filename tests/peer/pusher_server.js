// A server of Pusher Channels, protocol 7; npm's ws carries it.
//
// Prints its port; ends with its standard input. The app is k3y, its secret s3cret.

const { createHmac } = require("node:crypto");
const { WebSocketServer } = require("ws");

const [KEY, SECRET] = ["k3y", "s3cret"];
const channels = new Map();
let sockets = 0;

function isSigned(id, { channel, auth, channel_data: user }) {
  const text = [id, channel, user].filter((part) => part !== undefined).join(":");
  return auth === `${KEY}:${createHmac("sha256", SECRET).update(text).digest("hex")}`;
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket, request) => {
  sockets += 1;
  const id = `${sockets}.${sockets * 7}`;
  const url = new URL(request.url, "http://localhost");
  const send = (event, data, channel) =>
    socket.send(JSON.stringify({ event, channel, data: JSON.stringify(data) }));
  const others = (channel, message) => {
    for (const other of channels.get(channel)?.keys() ?? []) {
      if (other !== socket) other.send(JSON.stringify(message));
    }
  };
  const refuse = (code, message) => {
    send("pusher:error", { code, message });
    socket.close(code, message);
  };
  if (url.pathname !== `/app/${KEY}`) return refuse(4001, "App key is not in this cluster");
  if (url.searchParams.get("protocol") !== "7") return refuse(4007, "Unsupported protocol version");
  send("pusher:connection_established", { socket_id: id, activity_timeout: 1 });

  function subscribe(data) {
    const { channel, channel_data: user } = data;
    const isPresence = channel.startsWith("presence-");
    if ((isPresence || channel.startsWith("private-")) && !isSigned(id, data)) {
      const error = { type: "AuthError", error: "The connection is unauthorized.", status: 401 };
      return send("pusher:subscription_error", error, channel);
    }
    const members = channels.get(channel) ?? new Map();
    channels.set(channel, members);
    members.set(socket, user && JSON.parse(user));
    const users = [...members.values()].filter(Boolean);
    const hash = Object.fromEntries(users.map((one) => [one.user_id, one.user_info ?? {}]));
    const presence = { count: users.length, ids: Object.keys(hash), hash };
    send("pusher_internal:subscription_succeeded", isPresence ? { presence } : {}, channel);
    if (isPresence) {
      others(channel, { event: "pusher_internal:member_added", channel, data: user });
    }
  }

  socket.on("message", (text) => {
    const { event, channel, data } = JSON.parse(text);
    if (event === "pusher:ping") send("pusher:pong", {});
    else if (event === "pusher:subscribe") subscribe(data);
    else if (event === "pusher:unsubscribe") channels.get(data.channel)?.delete(socket);
    else if (event.startsWith("client-")) {
      const user = channels.get(channel)?.get(socket);
      others(channel, { event, channel, data: JSON.stringify(data), user_id: user?.user_id });
    }
    // Not of the protocol: what an application would send by the HTTP API.
    else if (event === "pusher:test") {
      for (const member of channels.get(data.channel)?.keys() ?? []) {
        member.send(JSON.stringify({ event: "hello", channel: data.channel, data: JSON.stringify(data.data) }));
      }
    }
  });
  socket.on("close", () => channels.forEach((members) => members.delete(socket)));
});
server.on("listening", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
