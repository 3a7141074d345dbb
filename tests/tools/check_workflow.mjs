// Prints what GitHub's own parser finds wrong with workflows, a finding a line: node check_workflow.mjs FILE …
import { readFileSync } from "node:fs";
import { register } from "node:module";

// The parser imports JSON without saying so, which bundlers take and node does not.
const hook = `export const resolve = async (name, context, next) => {
  const found = await next(name, context), json = { type: "json" };
  return name.endsWith(".json") ? { ...found, importAttributes: json, importAssertions: json } : found;
};`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { validate } = await import("@actions/languageservice");
const { TextDocument } = await import("vscode-languageserver-textdocument");

for (const file of process.argv.slice(2)) {
  const place = `file:///.github/workflows/${file}`; // it remembers what it has read by this name
  const document = TextDocument.create(place, "yaml", 0, readFileSync(file, "utf8"));
  for (const { range, message } of await validate(document)) console.log(`${file}:${range.start.line + 1}: ${message}`);
}
