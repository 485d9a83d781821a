// SPDX-License-Identifier: AGPL-3.0-or-later
/** What the TypeScript of the page and of its core may do; the import rules of the tree are here too. */
import tseslint from "typescript-eslint";

const NO_OUTSIDE = ["fetch", "XMLHttpRequest", "WebSocket", "localStorage", "sessionStorage", "indexedDB", "document", "window", "navigator", "location", "caches"];

const RANDOM = { object: "Math", property: "random", message: "randomness comes from @corncrake/core/randomness" };

export default tseslint.config(
  { ignores: ["**/node_modules/**", "**/dist/**", "eslint.config.js", "vitest.config.ts"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { project: ["./core/tsconfig.json", "./web/tsconfig.json"], tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-console": "error",
      "no-eval": "error",
      "no-restricted-properties": ["error", RANDOM],
    },
  },
  {
    // The core runs in a page, a worker, a phone and Node: no fetch, no DOM, no storage, and nothing of the page.
    files: ["core/src/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...NO_OUTSIDE],
      "no-restricted-imports": ["error", { patterns: ["@corncrake/web*", "preact*", "node:*"] }],
    },
  },
  {
    // Storage of any kind would leave traces on a reporter's device; only the transport talks to the server.
    files: ["web/src/**/*.{ts,tsx}"],
    rules: { "no-restricted-globals": ["error", "localStorage", "sessionStorage", "indexedDB", "caches"] },
  },
  {
    files: ["web/src/{flows,ui,i18n,worker}/**/*.{ts,tsx}"],
    rules: { "no-restricted-globals": ["error", "localStorage", "sessionStorage", "indexedDB", "caches", "fetch", "XMLHttpRequest", "WebSocket"] },
  },
  {
    // What the reporter asked to keep on the device lies behind one file, and is reached from nowhere else.
    files: ["web/src/**/*.{ts,tsx}"],
    ignores: ["web/src/worker/waiting_room.ts"],
    rules: { "no-restricted-properties": ["error", { property: "getDirectory", message: "only waiting_room.ts stores anything" }, RANDOM] },
  },
  { files: ["**/test/**"], rules: { "no-console": "off" } },
);
