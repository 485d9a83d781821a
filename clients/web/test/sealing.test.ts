// SPDX-License-Identifier: AGPL-3.0-or-later
/** By which charter a receipt is looked at when it is not of the log that the visit's charter names. */
import { b64url } from "@corncrake/core/encoding";
import { PeerError } from "@corncrake/core/errors";
import { signNote } from "@corncrake/core/note";
import { reportId } from "@corncrake/core/receipt";
import { publicKey } from "@corncrake/core/signatures";
import { beforeEach, expect, test, vi } from "vitest";
import { postSealed } from "../src/flows/sealing";
import type { Visit } from "../src/flows/visit";

const TODAY = "2026-11-25";
const SEALED = new Uint8Array([1, 2, 3]);
const LOGS = [1, 2].map((number) => ({ origin: `report.example.org/log/${String(number)}`, seed: new Uint8Array(32).fill(number) }));

const { served } = vi.hoisted((): { served: { receipt: Uint8Array; charter: object } } => ({ served: { receipt: new Uint8Array(), charter: {} } }));

vi.mock("../src/flows/visit", () => ({ dayNow: () => TODAY, loadVisit: () => Promise.resolve(served.charter) }));
vi.mock("../src/flows/worker", () => ({ ask: () => Promise.reject(new Error("no worker")), command: () => undefined }));
vi.mock("../src/transport/server", async (original) => ({ ...(await original<object>()), postReport: () => Promise.resolve(served.receipt) }));

/** A visit by the charter of this number, with the log of this place. */
function visitOf(sequence: number, log: number): Visit {
  const { origin, seed } = LOGS[log] ?? { origin: "", seed: new Uint8Array() };
  const charter = { sequence, log: { origin, key: b64url(publicKey(seed)) } };
  return { link: {}, desk: { id: "legal" }, epoch: 1, charter: { charter, sha256: "" } } as unknown as Visit;
}

function receiptOf(log: number): Uint8Array {
  const { origin, seed } = LOGS[log] ?? { origin: "", seed: new Uint8Array() };
  const value = `{"day":"${TODAY}","desk":"legal","id":"${reportId(SEALED)}","log":"${origin}","salt":"${"0".repeat(64)}"}`;
  return signNote(`corncrake.org/receipt/v1\n${value}\n`, [{ name: origin, seed }]);
}

beforeEach(() => {
  served.receipt = receiptOf(1);
  served.charter = visitOf(2, 1);
});

test("a receipt of the next log is right by the charter that names it", async () => {
  await postSealed(visitOf(1, 0), SEALED, () => undefined);
});

test("a receipt of a former log is refused, whatever older charter the server shows then", async () => {
  served.receipt = receiptOf(0);
  served.charter = visitOf(1, 0);
  await expect(postSealed(visitOf(2, 1), SEALED, () => undefined)).rejects.toThrow(PeerError);
});
