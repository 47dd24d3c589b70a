// The official client of Pusher on a presence channel: answers an event of a member, and prints what it sees.
//
// Its argument is the port of the server.

const Pusher = require("pusher-js");
const { createHmac } = require("node:crypto");

const [KEY, SECRET] = ["k3y", "s3cret"];
const pusher = new Pusher(KEY, {
  cluster: "",
  wsHost: "127.0.0.1",
  wsPort: Number(process.argv[2]),
  forceTLS: false,
  enabledTransports: ["ws"],
  channelAuthorization: {
    customHandler({ socketId, channelName }, done) {
      const user = JSON.stringify({ user_id: "official", user_info: { name: "js" } });
      const sign = createHmac("sha256", SECRET).update(`${socketId}:${channelName}:${user}`);
      done(null, { auth: `${KEY}:${sign.digest("hex")}`, channel_data: user });
    },
  },
});
const channel = pusher.subscribe("presence-room");
channel.bind("pusher:subscription_succeeded", (members) => console.log("members", members.count));
channel.bind("pusher:member_added", (member) => console.log("added", member.id));
channel.bind("client-question", (data, { user_id }) => {
  console.log("question", JSON.stringify(data), user_id);
  channel.trigger("client-answer", { to: data });
});
pusher.connection.bind("error", (error) => console.log("error", JSON.stringify(error)));
process.stdin.on("end", () => process.exit()).resume();
