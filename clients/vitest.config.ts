// SPDX-License-Identifier: AGPL-3.0-or-later
/** Tests of the core and of the page's flows run in Node; the page itself is tested in Chromium, from Python. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["core/test/**/*.test.ts", "web/test/**/*.test.ts"], testTimeout: 60_000 } });
