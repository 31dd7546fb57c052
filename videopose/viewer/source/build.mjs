// Bundles the page's program with three.js into one file: `npm ci && npm run build`.
// The file goes beside this folder, or to the path given.

import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outfile = process.argv[2] ?? join(here, "..", "viewer.js");

await build({
  absWorkingDir: here,
  entryPoints: ["main.js"],
  outfile,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome107", "firefox113", "safari16.4"],
  charset: "ascii",
  legalComments: "none",
  banner: { js: "/* Holds three.js, Copyright 2010-2026 three.js authors, MIT License: see three-licence.txt of videopose.viewer. */" },
});
copyFileSync(join(here, "node_modules", "three", "LICENSE"), join(dirname(outfile), "three-licence.txt"));
