// SPDX-License-Identifier: AGPL-3.0-or-later
/** Looking into chosen files, one after another, in the worker. */
import type { Attached } from "./draft";
import { persist } from "./persist";
import { ask } from "./worker";

/** Look into each file; `onChange` is told what becomes known of which. What looks into them comes over the line, and is waited for. */
export function lookThrough(files: readonly Attached[], onChange: (key: number, change: Partial<Attached>) => void): void {
  for (const { key, file } of files) {
    persist(() => ask({ ask: "look", file }, (read) => { onChange(key, { read }); }), () => undefined)
      .then((telling) => { onChange(key, { telling, read: file.size }); })
      .catch(() => { onChange(key, { telling: "unreadable" }); });
  }
}
