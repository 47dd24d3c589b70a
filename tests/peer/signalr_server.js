// A server of SignalR's hub protocol in JSON, as ASP.NET Core serves it; npm's ws carries it.
//
// Prints its port; ends with its standard input. /hub is open, /moved leads to /private, which wants a token.

const { randomUUID } = require("node:crypto");
const http = require("node:http");
const { WebSocketServer } = require("ws");

const END = "\x1e";
const TOKEN = "s3cret";
const tokens = new Set();

function json(response, body) {
  response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
}

function isLoggedIn(request, url) {
  const bearer = request.headers.authorization === `Bearer ${TOKEN}`;
  return bearer || url.searchParams.get("access_token") === TOKEN;
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${server.address().port}`);
  const refuse = (status, text) => response.writeHead(status).end(text);
  const path = url.pathname.replace(/\/negotiate$/, "");
  if (request.method !== "POST" || path === url.pathname) return refuse(404, "");
  if (path === "/moved") return json(response, { url: `${url.origin}/private`, accessToken: TOKEN });
  if (path === "/private" && !isLoggedIn(request, url)) return refuse(401, "");
  if (!["/hub", "/private"].includes(path)) return refuse(404, "");
  const token = randomUUID();
  tokens.add(token);
  json(response, {
    negotiateVersion: 1,
    connectionId: randomUUID(),
    connectionToken: token,
    availableTransports: [{ transport: "WebSockets", transferFormats: ["Text"] }],
  });
});

const sockets = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  const url = new URL(request.url, "http://localhost");
  const token = url.searchParams.get("id");
  if (token !== null && !tokens.delete(token)) {
    return socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 27\r\n\r\nNo Connection with that ID\n");
  }
  if (url.pathname === "/private" && !isLoggedIn(request, url)) {
    return socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  }
  sockets.handleUpgrade(request, socket, head, serve);
});

const sleep = (time) => new Promise((done) => setTimeout(done, time));

function serve(socket) {
  const send = (...records) =>
    socket.send(records.map((record) => JSON.stringify(record) + END).join(""));
  const canceled = new Set();
  const questions = new Map();
  const uploads = new Map();
  let isOpen = false;

  const methods = {
    Add: (a, b) => a + b,
    Log: () => undefined,
    Fail: () => {
      throw new Error("HubException: it broke");
    },
    // Asks the client, and returns what it answers.
    Ask: (question) =>
      new Promise((resolve, reject) => {
        const invocationId = `s${questions.size + 1}`;
        questions.set(invocationId, { resolve, reject });
        send({ type: 1, invocationId, target: "answer", arguments: [question] });
      }),
    // Sends this many messages, in one.
    Burst: (count) => {
      const numbers = Array.from({ length: count }, (_, number) => number);
      send(...numbers.map((number) => ({ type: 1, target: "number", arguments: [number] })));
    },
    // Ends the session with an error.
    Leave: (error) => {
      send({ type: 7, error });
      socket.close(1000);
    },
    Die: () => socket.terminate(),
  };

  async function stream({ invocationId, arguments: [to, delay = 0] }) {
    for (let item = 0; item < to && !canceled.has(invocationId); item += 1) {
      send({ type: 2, invocationId, item });
      await sleep(delay);
    }
    send({ type: 3, invocationId });
  }

  async function invoke({ invocationId, target, arguments: args, streamIds = [] }) {
    try {
      if (target === "Sum") {
        const total = await new Promise((resolve) => uploads.set(streamIds[0], { sum: 0, resolve }));
        return send({ type: 3, invocationId, result: total });
      }
      if (!methods[target]) {
        throw new Error(`Failed to invoke '${target}' due to an error on the server. HubException: Method does not exist.`);
      }
      const result = await methods[target](...args);
      if (invocationId) send({ type: 3, invocationId, result });
    } catch (error) {
      if (invocationId) send({ type: 3, invocationId, error: error.message });
    }
  }

  function complete({ invocationId, result, error }) {
    const upload = uploads.get(invocationId);
    if (upload) return upload.resolve(upload.sum);
    const question = questions.get(invocationId);
    if (error) question?.reject(new Error(error));
    else question?.resolve(result);
  }

  const pings = setInterval(() => isOpen && send({ type: 6 }), 500);
  socket.on("close", () => clearInterval(pings));
  socket.on("message", (data) => {
    const text = data.toString();
    if (!text.endsWith(END)) return socket.close(1002);
    for (const record of text.slice(0, -1).split(END).map((part) => JSON.parse(part))) {
      if (!isOpen) {
        isOpen = record.protocol === "json" && record.version === 1;
        send(isOpen ? {} : { error: `The protocol '${record.protocol}' is not supported.` });
        if (!isOpen) socket.close(1000);
      } else if (record.type === 1) invoke(record);
      else if (record.type === 2) uploads.get(record.invocationId).sum += record.item;
      else if (record.type === 3) complete(record);
      else if (record.type === 4) stream(record);
      else if (record.type === 5) canceled.add(record.invocationId);
      else if (record.type !== 6 && record.type !== 7) socket.close(1002);
    }
  });
}

server.listen(0, "127.0.0.1", () => console.log("listening", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
