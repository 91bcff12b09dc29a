"use strict";
// Why this exists: only running a bundle tells what it defines. It runs here without network, and what it
// prints is dropped, so that the one line that is written is ours.
const say = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write = () => true;

const refuse = () => {
  throw new Error("a bundle has no network while it is read");
};
const net = require("node:net");
net.Socket.prototype.connect = net.Server.prototype.listen = refuse;
require("node:dgram").createSocket = refuse;
const dns = require("node:dns");
for (const names of [dns, dns.promises]) {
  for (const name of Object.keys(names)) {
    if (/^(lookup|resolve|reverse)/.test(name)) names[name] = refuse;
  }
}

const finish = (answer) => say(JSON.stringify(answer), () => process.exit(0));
process.on("uncaughtException", (error) => finish({ error: String(error?.message ?? error) }));

const DESCRIBED = ["authorization", "display", "documentationUrl", "hasConfigurationInit", "public"];
const listed = (parts) =>
  Object.values(parts ?? {}).map((part) => ({
    ...part,
    examplePayload: JSON.stringify(part.examplePayload ?? {}),
  }));

const { default: found } = require(`${process.cwd()}/index.js`);
if (typeof found?.codeNativeIntegrationYAML !== "string") {
  throw new Error("index.js exports no code-native integration as its default");
}
finish({
  key: found.key,
  definition: found.codeNativeIntegrationYAML,
  input: {
    definition: {
      ...Object.fromEntries(DESCRIBED.filter((name) => name in found).map((name) => [name, found[name]])),
      key: found.key,
      forCodeNativeIntegration: true,
    },
    actions: listed(found.actions),
    triggers: listed(found.triggers),
    dataSources: listed(found.dataSources),
    connections: found.connections ?? [],
  },
});
