// SPDX-License-Identifier: AGPL-3.0-or-later
/** How the one-file edition is built: `dist/saved.html`, beside the files of the served page. */
import { resolve } from "node:path";
import { defineConfig } from "vite";
import { oneFile } from "./one_file.ts";

export default defineConfig({
  mode: "saved",
  root: resolve(import.meta.dirname, ".."),
  plugins: [oneFile(resolve(import.meta.dirname, ".."))],
  build: {
    target: "es2022",
    emptyOutDir: false,
    modulePreload: false,
    sourcemap: false,
    rolldownOptions: { input: "src/main.tsx", output: { codeSplitting: false } },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
