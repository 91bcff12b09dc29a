// Runs one command line of prism's after another: most of what each would cost is to load prism.
// A command is a line of JSON on the descriptor that is named, its answer one on stdout: code, out and err.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , program, descriptor] = process.argv;
const answer = process.stdout.write.bind(process.stdout);

class Ended {
  constructor(code) {
    this.code = code;
  }
}

process.exit = (code) => {
  throw new Ended(code ?? process.exitCode ?? 0);
};

async function run(line, number) {
  const said = { out: "", err: "" };
  process.stdout.write = hearing(said, "out");
  process.stderr.write = hearing(said, "err");
  process.argv = [process.execPath, program, ...line];
  process.exitCode = undefined;
  try {
    await import(`${pathToFileURL(program)}?${number}`); // a module is run once under each name
    return { code: process.exitCode ?? 0, ...said };
  } catch (ended) {
    if (!(ended instanceof Ended)) throw ended;
    return { code: ended.code, ...said };
  }
}

function hearing(said, stream) {
  return (text, ...rest) => {
    said[stream] += text;
    rest.filter((one) => typeof one === "function").forEach((done) => done());
    return true;
  };
}

let number = 0;
const lines = createInterface({ input: createReadStream(null, { fd: Number(descriptor) }) });
for await (const line of lines) {
  answer(`${JSON.stringify(await run(JSON.parse(line), number++))}\n`);
}
