// Node-RED with one flow: mqtt in -> a function that inserts each message with the `pg` module.
//
//     node peer_node_red.js FOLDER_OF_NODE_MODULES USER_FOLDER MQTT_PORT DATABASE_URL TOPIC
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");

const [modules, userDir, port, url, topic] = process.argv.slice(2);
const load = (name) => require(require.resolve(name, { paths: [path.join(modules, "node_modules")] }));
const RED = load("node-red");
const { Pool } = load("pg");

fs.mkdirSync(userDir, { recursive: true });
fs.writeFileSync(
  path.join(userDir, "flows.json"),
  JSON.stringify([
    { id: "tab", type: "tab", label: "ingest" },
    {
      id: "broker", type: "mqtt-broker", broker: "127.0.0.1", port, clientid: path.basename(userDir),
      autoConnect: true, protocolVersion: "4", keepalive: "60", cleansession: false, sessionExpiry: "",
      // Its session must keep the subscription while it is away.
      autoUnsubscribe: false,
    },
    {
      id: "in", z: "tab", type: "mqtt in", topic, qos: "1", datatype: "utf8", broker: "broker", wires: [["insert"]],
    },
    {
      id: "insert", z: "tab", type: "function", outputs: 0, wires: [],
      func: 'global.get("pool").query("INSERT INTO raw_message (body) VALUES ($1)", [msg.payload]);',
    },
  ])
);
const server = http.createServer();
RED.init(server, {
  userDir, flowFile: "flows.json", httpAdminRoot: false, httpNodeRoot: false, credentialSecret: false,
  functionGlobalContext: { pool: new Pool({ connectionString: url, max: 8 }) },
  logging: { console: { level: "error", metrics: false, audit: false } },
});
RED.start().then(() => {
  RED.events.on("flows:started", () => setTimeout(() => console.error("listening"), 500));
});
process.on("SIGTERM", () => RED.stop().finally(() => process.exit(0)));
