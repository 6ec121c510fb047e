/**
 * From `src/handler.ts` to a component: esbuild makes one file of it and the SDK, and
 * ComponentizeJS puts that file, already loaded, beside its JavaScript engine.
 *
 * The file carries its source map, so that the trace of an exception names the author's lines.
 */

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { componentize } from "@bytecodealliance/componentize-js";
import esbuild from "esbuild";

const SDK = fileURLToPath(new URL("..", import.meta.url));
const WIT = "wit";
const BUNDLE = "plugin.js";

/** All that a handler is not given anyway: so the component imports the contract alone. */
const NOTHING = ["stdio", "random", "clocks", "http", "fetch-event"];

const ENTRY = `
import { component } from "@penstock/sdk/component";
import plugin from "./src/handler.ts";
export const handler = component(plugin, () => PENSTOCK_SOURCE_MAP);
`;

/** Writes the component to `out`, in one step. */
export async function build(out) {
  const folder = await mkdtemp(join(tmpdir(), "penstock-"));
  try {
    const sourcePath = join(folder, BUNDLE);
    await writeFile(sourcePath, await bundle());
    const { component } = await componentize({
      sourcePath,
      witPath: resolve(WIT),
      worldName: "plugin",
      disableFeatures: NOTHING,
    });
    await mkdir(dirname(resolve(out)), { recursive: true });
    await writeFile(`${out}.part`, component);
    await rename(`${out}.part`, out);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bundle() {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: ENTRY, resolveDir: process.cwd(), sourcefile: "entry.ts", loader: "ts" },
    outfile: resolve(BUNDLE),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2023",
    charset: "utf8",
    external: ["penstock:*"],
    sourcemap: "external",
    sourcesContent: false,
  });
  const text = (end) => outputFiles.find((file) => file.path.endsWith(end)).text;
  const { sources, mappings } = JSON.parse(text(".js.map"));
  const map = { file: BUNDLE, sources: sources.map(author), mappings };
  // At the end, so that no line moves.
  return `${text(".js")}\nconst PENSTOCK_SOURCE_MAP = ${JSON.stringify(map)};\n`;
}

/** A source as an author knows it; null where it is the SDK's. */
function author(source) {
  const path = resolve(source);
  if (path.startsWith(SDK) || source === "entry.ts") return null;
  return relative(process.cwd(), path).split(sep).join("/");
}
