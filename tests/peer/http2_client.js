// Opens WebSockets in the streams of one HTTP/2 connection, and says what came: http2_client.js URL
const http2 = require("node:http2");

const session = http2.connect(process.argv[2], { rejectUnauthorized: false });

// A frame of a client, masked with zeros.
const frame = (opcode, payload) =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);

function converse(text) {
  return new Promise((resolve) => {
    const stream = session.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/", "sec-websocket-version": "13" });
    let received = Buffer.alloc(0);
    stream.on("response", (headers) => {
      if (headers[":status"] !== 200) return resolve(`status ${headers[":status"]}`);
      stream.write(frame(1, Buffer.from(text)));
    });
    stream.on("data", (data) => {
      received = Buffer.concat([received, data]);
      const length = received[1];
      if (received.length < 2 + length) return;
      const payload = received.subarray(2, 2 + length);
      received = received.subarray(2 + length);
      if (payload.toString() === text) stream.end(frame(8, Buffer.from([0x0f, 0xa0])));
    });
    stream.on("close", () => resolve(`${text} came back, closed with ${stream.rstCode}`));
  });
}

session.on("remoteSettings", async (settings) => {
  console.log(`extended CONNECT ${settings.enableConnectProtocol}`);
  const found = await Promise.all(["one", "two", "three"].map(converse));
  found.forEach((line) => console.log(line));
  session.close();
});
