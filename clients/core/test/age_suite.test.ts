// SPDX-License-Identifier: Apache-2.0
/** The public age test suite (C2SP CCTV), every file whose features we have; and npm `age-encryption` in both directions. */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as oracle from "age-encryption";
import * as suite from "cctv-age";
import { afterAll, describe, expect, test } from "vitest";
import { concat, equal } from "../src/encoding";
import { CorncrakeError } from "../src/errors";
import { Identity } from "../src/identities";
import { randomBytes } from "../src/randomness";
import { seal } from "../src/seal";
import { unseal, unsealChunks } from "../src/unseal";

interface SuiteFile {
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

/** What a file's expectation is called here. */
const WORDS: Readonly<Record<string, string>> = {
  success: "success",
  "header failure": "header",
  "HMAC failure": "hmac",
  "no match": "no-match",
  "payload failure": "payload",
  "armor failure": "armor",
};

function parse(raw: Uint8Array): SuiteFile {
  const gap = Buffer.from(raw).indexOf("\n\n");
  const keys = new Map<string, string[]>();
  for (const line of Buffer.from(raw.subarray(0, gap)).toString().split("\n")) {
    const [key = "", value = ""] = line.split(/: (.*)/s);
    keys.set(key, [...(keys.get(key) ?? []), value]);
  }
  const body = Uint8Array.from(raw.subarray(gap + 2));
  return { keys, body: keys.get("compressed")?.[0] === "zlib" ? Uint8Array.from(inflateSync(body)) : body };
}

/** Why a file is left out; undefined when it is run. */
function leftOut({ keys }: SuiteFile): string | undefined {
  if (keys.has("armored")) return "armor never crosses the wire";
  if (keys.has("passphrase")) return "passphrases are for the age command";
  if ((keys.get("identity") ?? []).some((identity) => !identity.startsWith("AGE-SECRET-KEY-PQ-1"))) return "X25519 identities are for the age command";
  return undefined;
}

const files = Object.entries(suite as unknown as Readonly<Record<string, Uint8Array>>)
  .filter(([, raw]) => raw instanceof Uint8Array)
  .map(([name, raw]) => [name, parse(raw)] as const);
const reasons = new Map<string, number>();
for (const [, file] of files) {
  const reason = leftOut(file);
  if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}
const chosen = files.filter(([, file]) => leftOut(file) === undefined);
let passed = 0;

async function outcome(file: SuiteFile): Promise<{ word: string; payload: Uint8Array }> {
  const parts: Uint8Array[] = [];
  try {
    const identities = (file.keys.get("identity") ?? []).map((text) => Identity.fromText(text));
    for await (const part of unsealChunks(file.body, identities, false)) parts.push(part);
    return { word: "success", payload: concat(...parts) };
  } catch (error) {
    if (error instanceof CorncrakeError) return { word: error.failure, payload: concat(...parts) };
    throw error;
  }
}

describe("the public age suite", () => {
  test.each(chosen)("%s", async (_name, file) => {
    const { word, payload } = await outcome(file);
    expect(word).toBe(WORDS[file.keys.get("expect")?.[0] ?? ""]);
    const hash = file.keys.get("payload")?.[0];
    if (hash !== undefined) expect(createHash("sha256").update(payload).digest("hex")).toBe(hash);
    passed += 1;
  });

  afterAll(() => {
    const left = [...reasons].map(([reason, count]) => `${String(count)}: ${reason}`).join("; ");
    console.log(`age suite: ${String(files.length)} files, ${String(chosen.length)} run, ${String(passed)} passed, ${String(files.length - chosen.length)} left out (${left})`);
    expect(passed).toBe(chosen.length);
    expect(chosen.length).toBeGreaterThan(10);
    expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBe(files.length - chosen.length);
  });
});

describe("npm age-encryption", () => {
  test("opens what we seal, for each of several recipients", async () => {
    const identities = [Identity.generate(), Identity.generate(), Identity.generate()];
    const plaintext = randomBytes(100_000);
    const sealed = await seal(plaintext, identities.map((identity) => identity.recipient));
    for (const identity of identities) {
      const decrypter = new oracle.Decrypter();
      decrypter.addIdentity(identity.text);
      expect(equal(await decrypter.decrypt(sealed), plaintext)).toBe(true);
    }
  });

  test("seals what we open", async () => {
    const text = await oracle.generateHybridIdentity();
    const encrypter = new oracle.Encrypter();
    encrypter.addRecipient(await oracle.identityToRecipient(text));
    const plaintext = randomBytes(200_000);
    const sealed = await encrypter.encrypt(plaintext);
    expect(equal(await unseal(sealed, [Identity.fromText(text)]), plaintext)).toBe(true);
  });
});
