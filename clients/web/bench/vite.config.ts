// SPDX-License-Identifier: AGPL-3.0-or-later
/** How the benchmark of the page is built: one script for a page of its own. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  build: { target: "es2022", lib: { entry: "seal.ts", formats: ["es"], fileName: "seal" }, emptyOutDir: true, sourcemap: false },
});
