// A client by npm's ws that connects again and again: the port of 127.0.0.1 is its first argument, the number of
// connections the second.
//
// Sends three messages on each, and prints what came and how it ended.

const { WebSocket } = require("ws");

const url = `ws://127.0.0.1:${process.argv[2]}/`;
const PATIENCE = 700;

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
      if (ending !== "open") return finish();
      socket.close();
      setTimeout(finish, PATIENCE);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(end, PATIENCE, "open");
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
    console.log(number, await attempt());
  }
}

main();
