// SPDX-License-Identifier: AGPL-3.0-or-later
/** How the benchmarks of the page are built: one script each for a page of its own. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  build: { target: "es2022", lib: { entry: ["seal.ts", "stamp.ts"], formats: ["es"] }, emptyOutDir: true, sourcemap: false },
});
