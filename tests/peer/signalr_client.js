// The official client of SignalR at a server: prints what its calls return.
//
// Its arguments are URLs: it calls the same methods at each.

const { HubConnectionBuilder, LogLevel, Subject } = require("@microsoft/signalr");

async function call(url) {
  const connection = new HubConnectionBuilder().withUrl(url).configureLogging(LogLevel.None).build();
  connection.on("answer", (question) => `${question} yes`);
  await connection.start();
  const failure = await connection.invoke("Fail").catch((error) => error.message);
  const numbers = new Subject();
  const sum = connection.invoke("Sum", numbers);
  for (const number of [1, 2, 3]) numbers.next(number);
  numbers.complete();
  const items = [];
  await new Promise((complete, error) => {
    connection.stream("Count", 3).subscribe({ next: (item) => items.push(item), complete, error });
  });
  await connection.send("Log", "x");
  const results = [
    await connection.invoke("Add", 1, 2),
    await connection.invoke("Ask", "well?"),
    await sum,
    items,
    failure,
  ];
  console.log(JSON.stringify(results));
  await connection.stop();
}

(async () => {
  for (const url of process.argv.slice(2)) await call(url);
})().catch((error) => console.log(error.message));
