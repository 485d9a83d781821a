// SPDX-License-Identifier: AGPL-3.0-or-later
/** How the page is built: no inline script or style, since the page's own policy would refuse it. */
import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
