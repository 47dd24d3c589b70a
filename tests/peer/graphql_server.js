// A GraphQL server: "modern" by npm's graphql-ws, "older" by npm's subscriptions-transport-ws.
//
// Prints its port; ends with its standard input. With "token", connection_init needs {"token":"s3cret"}.

const http = require("node:http");
const { execute, subscribe, GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } =
  require("graphql");

const [library, ...flags] = process.argv.slice(2);
const needsToken = flags.includes("token");

async function* count(_, { to }) {
  for (let number = 1; number <= to; number += 1) yield { count: number };
}

async function* forever() {
  for (let number = 1; ; number += 1) {
    yield { forever: number };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: "Query",
    fields: {
      hello: { type: GraphQLString, args: { name: { type: GraphQLString } }, resolve: (_, { name }) => `hello ${name ?? "world"}` },
      broken: {
        type: GraphQLString,
        resolve: () => {
          throw new Error("it broke");
        },
      },
    },
  }),
  mutation: new GraphQLObjectType({
    name: "Mutation",
    fields: { add: { type: GraphQLInt, args: { a: { type: GraphQLInt }, b: { type: GraphQLInt } }, resolve: (_, { a, b }) => a + b } },
  }),
  subscription: new GraphQLObjectType({
    name: "Subscription",
    fields: {
      count: { type: GraphQLInt, args: { to: { type: GraphQLInt } }, subscribe: count },
      forever: { type: GraphQLInt, subscribe: forever },
    },
  }),
});

const isWelcome = (payload) => !needsToken || payload?.token === "s3cret";

if (library === "modern") {
  const { WebSocketServer } = require("ws");
  const { useServer } = require("graphql-ws/use/ws");
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/graphql" });
  useServer({ schema, onConnect: (context) => isWelcome(context.connectionParams) }, server);
  server.on("listening", () => console.log("listening", server.address().port));
} else {
  const { SubscriptionServer } = require("subscriptions-transport-ws");
  const server = http.createServer();
  const onConnect = (params) => {
    if (!isWelcome(params)) throw new Error("no entry");
    return {};
  };
  const options = { schema, execute, subscribe, onConnect, keepAlive: 100 };
  SubscriptionServer.create(options, { server, path: "/graphql" });
  server.listen(0, "127.0.0.1", () => console.log("listening", server.address().port));
}

process.stdin.on("end", () => process.exit()).resume();
