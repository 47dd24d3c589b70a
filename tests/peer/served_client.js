// Official clients at `wsee listen --as`: each prints what it gets, and leaves.
//
// Its arguments are the name of a protocol and the port of the server.

const WebSocket = require("ws");

const [name, port] = process.argv.slice(2);
const url = `ws://127.0.0.1:${port}`;
const say = (...words) => console.log(...words.map((it) => (typeof it === "string" ? it : JSON.stringify(it))));

const clients = {
  graphql() {
    const { createClient } = require("graphql-ws");
    const client = createClient({ url, webSocketImpl: WebSocket, lazy: false });
    const query = "query Q($id: Int) { user(id: $id) { name } }";
    client.subscribe({ query, variables: { id: 7 } }, {
      next: (result) => say("result", result),
      error: (error) => say("error", error),
      complete: () => say("complete"),
    });
    client.subscribe({ query: "subscription { ticks }" }, {
      next: (result) => say("tick", result),
      error: (error) => say("error", error),
      complete: () => client.dispose(),
    });
  },

  async signalr() {
    const { HubConnectionBuilder, LogLevel } = require("@microsoft/signalr");
    const hub = new HubConnectionBuilder().withUrl(`http://127.0.0.1:${port}/hub`).configureLogging(LogLevel.None).build();
    hub.on("receive", (...words) => say("receive", words));
    await hub.start();
    say("result", await hub.invoke("Add", 1, 2));
    hub.stream("Count", 3).subscribe({
      next: (item) => say("item", item),
      error: (error) => say("error", error.message),
      complete: () => hub.stop(),
    });
  },

  phoenix() {
    const { Socket } = require("phoenix");
    const socket = new Socket(`${url}/socket`, { transport: WebSocket });
    socket.connect();
    const channel = socket.channel("room:lobby", {});
    channel.on("new_msg", (payload) => {
      say("new_msg", payload);
      if (payload.by === "server") channel.leave().receive("ok", () => socket.disconnect(() => process.exit()));
    });
    channel.join().receive("ok", () => {
      say("joined");
      channel.push("new_msg", { by: "client" }).receive("ok", (reply) => say("reply", reply));
    });
  },

  stomp() {
    const { Client } = require("@stomp/stompjs");
    const client = new Client({ brokerURL: url, webSocketFactory: () => new WebSocket(url, ["v12.stomp"]) });
    client.onStompError = (frame) => say("error", frame.headers.message);
    client.onConnect = () => {
      client.subscribe("/topic/a", (message) => {
        say("message", message.body, message.headers.kind);
        if (message.body === "server") client.deactivate();
      });
      client.watchForReceipt("r1", () => say("receipt"));
      client.publish({ destination: "/topic/a", body: "client", headers: { receipt: "r1", kind: "x:y" } });
    };
    client.activate();
  },

  mqtt() {
    const mqtt = require("mqtt");
    const versions = [4, 5];
    const next = () => {
      const protocolVersion = versions.shift();
      if (!protocolVersion) return;
      const will = { topic: "gone", payload: "x", qos: 0, retain: false };
      const client = mqtt.connect(url, { protocolVersion, reconnectPeriod: 0, will });
      client.on("error", (error) => say("error", error.message));
      client.on("message", (topic, payload, packet) => {
        say(`v${protocolVersion}`, topic, payload.toString(), packet.qos);
        if (payload.toString() === "server") client.end(next);
      });
      client.on("connect", () => {
        client.subscribe("t/#", { qos: 2 }, (error, granted) => {
          say("granted", granted[0].qos);
          for (const qos of [0, 1, 2]) client.publish(`t/${qos}`, "client", { qos });
        });
      });
    };
    next();
  },

  jsonrpc() {
    const socket = new WebSocket(url);
    socket.on("message", (text) => {
      say(JSON.parse(text));
      if (JSON.parse(text).method) socket.close();
    });
    socket.on("open", () => socket.send('[{"jsonrpc":"2.0","id":"a","method":"add","params":[1,2]}]'));
  },

  actioncable() {
    global.WebSocket = WebSocket;
    for (const name of ["addEventListener", "removeEventListener"]) global[name] = () => {};
    global.document = { visibilityState: "visible" };
    global.window = global;
    const { createConsumer, adapters } = require("@rails/actioncable");
    if (adapters) adapters.WebSocket = WebSocket;
    const consumer = createConsumer(`${url}/cable`);
    const channel = consumer.subscriptions.create({ channel: "ChatChannel", room: 1 }, {
      connected() {
        say("connected");
        this.perform("speak", { by: "client" });
      },
      rejected: () => say("rejected"),
      received(data) {
        say("received", data);
        if (data.by === "server") {
          channel.unsubscribe();
          consumer.disconnect();
        }
      },
    });
  },

  pusher() {
    const Pusher = require("pusher-js");
    const user = JSON.stringify({ user_id: "official", user_info: { name: "js" } });
    const pusher = new Pusher("k3y", {
      cluster: "",
      wsHost: "127.0.0.1",
      wsPort: Number(port),
      forceTLS: false,
      enabledTransports: ["ws"],
      channelAuthorization: { customHandler: (_, done) => done(null, { auth: "k3y:any", channel_data: user }) },
    });
    const channel = pusher.subscribe("presence-room");
    channel.bind("pusher:subscription_succeeded", (members) => {
      say("members", members.count, members.me.info);
      channel.trigger("client-hello", { by: "client" });
    });
    channel.bind("update", (data) => {
      say("update", data);
      pusher.disconnect();
    });
    pusher.connection.bind("error", (error) => say("error", error));
  },
};

clients[name]();
