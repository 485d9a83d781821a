// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The whole page in one file: script, worker, word lists and style inline, and the policy that lets just these run.
 *
 * Rules of this file: nothing is fetched to start. What the policy allows is named by its hash; the worker is a text inside the script, and starts from a Blob. A
 * browser ignores `frame-ancestors` in a meta element, so it is not there. Requests may go to any server that a charter may name, since one file serves all of them.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";

const NAME = "saved.html";
const WORKER = "\0one-file-worker";
const SERVERS = "https: http://127.0.0.1:* http://localhost:* http://*.onion:*";

function hash(text: string): string {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}

function policy(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src blob: data:",
    "media-src blob:",
    "worker-src blob:",
    `connect-src ${SERVERS}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types corncrake-worker",
  ].join("; ");
}

/** The worker as a text: one script, which imports nothing. */
async function workerText(web: string): Promise<string> {
  const made = await build({
    configFile: false,
    mode: "saved",
    root: web,
    logLevel: "warn",
    build: {
      target: "es2022",
      write: false,
      sourcemap: false,
      modulePreload: false,
      // Vite's own way of loading parts names import.meta; there are no parts here, and it is never run.
      rolldownOptions: { input: "src/worker/entry.ts", output: { format: "iife", codeSplitting: false }, checks: { emptyImportMeta: false } },
    },
  });
  const { output } = (Array.isArray(made) ? made[0] : made) as Rolldown.RolldownOutput;
  if (output.length !== 1) throw new TypeError("the worker must be one script");
  return output[0].code.trim();
}

/** Put everything into the page's HTML. */
function assembled(html: string, script: string, style: string): string {
  // Either would end the element, or turn the rest of the file into a comment.
  if (/<\/(?:script|style)|<!--/i.test(script + style)) throw new TypeError("a script or style cannot stand inside HTML as it is");
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}" />`;
  const replaced: [RegExp, string][] = [
    [/<meta charset="utf-8" \/>/, `<meta charset="utf-8" />\n    ${meta}`],
    [/<link rel="stylesheet"[^>]*>/, `<style>${style}</style>`],
    [/<script type="module"[^>]*><\/script>/, `<script type="module">${script}</script>`],
  ];
  return replaced.reduce((text, [place, piece]) => {
    if (!place.test(text)) throw new TypeError(`the page has no ${place.source}`);
    return text.replace(place, () => piece);
  }, html);
}

/** Build one file instead of many. `web`: the folder of the page's `index.html`. */
export function oneFile(web: string): Plugin {
  return {
    name: "one-file",
    enforce: "pre",
    resolveId: (id) => (id.endsWith("worker/entry?worker&url") ? WORKER : undefined),
    load: async (id) =>
      id === WORKER ? `export default URL.createObjectURL(new Blob([${JSON.stringify(await workerText(web))}], { type: "text/javascript" }));` : undefined,
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const [script, ...more] = Object.values(bundle);
        if (script?.type !== "chunk" || more.length > 0) throw new TypeError("the page must be one script");
        Reflect.deleteProperty(bundle, script.fileName);
        const [html, style] = ["index.html", "src/style.css"].map((name) => readFileSync(resolve(web, name), "utf8"));
        if (html === undefined || style === undefined) throw new TypeError("the page has no text");
        this.emitFile({ type: "asset", fileName: NAME, source: assembled(html, script.code.trim(), style) });
      },
    },
  };
}
