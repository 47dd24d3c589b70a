// A client by npm's ws that connects again and again: the port of 127.0.0.1 is its first argument, the number of
// connections the second.
//
// Sends three messages on each, and prints what came and how it ended; a connection that stays open is pinged. After
// one that failed the next one waits a while.

const { WebSocket } = require("ws");

const url = `ws://127.0.0.1:${process.argv[2]}/`;
const PATIENCE = 700;
const PAUSE = 100;

function attempt() {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { handshakeTimeout: PATIENCE, perMessageDeflate: false });
    const received = [];
    let opened = false;
    let timer;
    let result;
    const finish = () => {
      resolve(result);
      socket.terminate();
    };
    const end = (ending) => {
      clearTimeout(timer);
      if (result) return finish();
      result = [...received, ending].join(" ");
      if (!["open", "mute"].includes(ending)) return finish();
      socket.close();
      setTimeout(finish, PATIENCE);
    };
    const ping = () => {
      timer = setTimeout(end, PATIENCE, "mute");
      socket.once("pong", () => end("open"));
      socket.ping();
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(ping, PATIENCE);
    };
    socket.on("open", () => {
      opened = true;
      for (const message of ["one", "two", "three"]) socket.send(message);
      wait();
    });
    socket.on("message", (data) => {
      received.push(data.toString());
      wait();
    });
    socket.on("error", (error) => {
      if (!opened) end(`failed ${error.message}`);
    });
    socket.on("close", (code) => end(`closed ${code}`));
  });
}

async function main() {
  for (let number = 1; number <= Number(process.argv[3]); number += 1) {
    const found = await attempt();
    console.log(number, found);
    if (found.startsWith("failed")) await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
  }
}

main();
