// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The server as the page sees it: bytes in, bytes out, nothing believed.
 *
 * Rules of this file: the only `fetch` of the page (blocks go by `blocks.ts`). No cookie, no cache, no referrer. Every answer has an upper size, and is cut
 * off there. An answer is given up when nothing of it has come for a while: a slow line is no broken one. A line that breaks is told apart from a server that
 * says no.
 */

import { at } from "./address";

const KIB = 1024;
const PATIENCE_MS = 60_000;
/** How fast a report must leave at least, in bytes a millisecond: `fetch` does not say how much of it has. */
const SLOWEST = 1;
/** No answer may take longer, however steadily it comes. */
const LONGEST_MS = 600_000;

/** The line broke: nothing is known about what the server did. */
export class LineError extends Error {}

/** The server answered, and said no. `retrySeconds`: it named a time to ask again; `step`: of stamps, the lowest that would help a report now. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly failure: string,
    readonly retrySeconds?: number,
    readonly step?: number,
  ) {
    super(`${String(status)} ${failure}`);
  }

  /** It may be otherwise in a moment, without anybody doing anything: too slow, too much, or an error behind the answer. */
  get isPassing(): boolean {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** The server itself refused what it was sent: it is certain that it did not take it. Anything else may be the word of something between. */
  get isCertain(): boolean {
    return this.status >= 400 && this.status < 500 && /^[a-z]/.test(this.failure) && this.failure !== "unknown";
  }
}

/** Gives one request up: when nothing of its answer has come for a while, or when it takes too long in all. */
class Patience {
  private readonly control = new AbortController();
  private readonly stop = (): void => { this.control.abort(); };
  private readonly longest = setTimeout(this.stop, LONGEST_MS);
  private quiet: ReturnType<typeof setTimeout>;

  /** @param length bytes that leave before anything can come. */
  constructor(length: number) {
    this.quiet = setTimeout(this.stop, PATIENCE_MS + length / SLOWEST);
  }

  /** Says when it is given up. */
  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** Something has come. */
  moved(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(this.stop, PATIENCE_MS);
  }

  /** It is over. */
  end(): void {
    clearTimeout(this.quiet);
    clearTimeout(this.longest);
  }
}

async function readBounded(response: Response, limit: number, patience: Patience): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    patience.moved();
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new RefusedError(response.status, "size");
    }
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The failure word in the body of an answer; its status where there is none. */
export function failureIn(body: string, status: number): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === "object" && answer !== null && "failure" in answer && typeof answer.failure === "string") {
      return /^[a-z-]{1,32}$/.test(answer.failure) ? answer.failure : "unknown";
    }
  } catch {
    // An answer that is not ours: the status says enough.
  }
  return String(status);
}

/** The step of stamps in the body of an answer, where a busy server named one. */
function stepIn(body: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    const step = typeof answer === "object" && answer !== null && "step" in answer ? answer.step : undefined;
    return step === 1 || step === 2 || step === 3 ? step : undefined;
  } catch {
    return undefined;
  }
}

async function refusalOf(response: Response, patience: Patience): Promise<RefusedError> {
  const body = new TextDecoder().decode(await readBounded(response, 4 * KIB, patience).catch(() => new Uint8Array()));
  return new RefusedError(response.status, failureIn(body, response.status), undefined, response.status === 503 ? stepIn(body) : undefined);
}

interface Sent {
  readonly body: Uint8Array;
  readonly stamp: string | undefined;
}

/** Send one request; return the answer, whatever its status. */
async function ask(method: string, path: string, sent: Sent | undefined, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(at(path), {
      method,
      body: sent === undefined ? null : (sent.body as BodyInit),
      headers: { ...(sent === undefined ? {} : { "content-type": "application/octet-stream" }), ...(sent?.stamp === undefined ? {} : { "corncrake-stamp": sent.stamp }) },
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      redirect: "error",
      signal,
    });
  } catch {
    throw new LineError(path);
  }
}

async function taken(response: Response, limit: number, patience: Patience): Promise<Uint8Array> {
  if (!response.ok) throw await refusalOf(response, patience);
  try {
    return await readBounded(response, limit, patience);
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new LineError(response.url);
  }
}

/** Send one request; return the body of the answer, at most `limit` bytes. */
async function exchange(method: string, path: string, limit: number, sent?: Sent): Promise<Uint8Array> {
  const patience = new Patience(sent?.body.length ?? 0);
  try {
    const response = await ask(method, path, sent, patience.signal);
    patience.moved();
    return await taken(response, limit, patience);
  } finally {
    patience.end();
  }
}

function get(path: string, limit: number): Promise<Uint8Array> {
  return exchange("GET", path, limit);
}

/** The newest charter, a signed note; at most 1 MiB. */
export function fetchCharter(): Promise<Uint8Array> {
  return get("/v1/charter", 1024 * KIB);
}

/** The form with this SHA-256 (hex); at most 64 KiB. */
export function fetchForm(sha256: string): Promise<Uint8Array> {
  return get(`/v1/forms/${sha256}`, 64 * KIB);
}

/** The bundle of a desk's prekeys of one epoch; at most 2 MiB. */
export function fetchPrekeys(desk: string, epoch: number): Promise<Uint8Array> {
  return get(`/v1/desks/${desk}/epochs/${String(epoch)}/prekeys`, 2048 * KIB);
}

/** The bundle of the newest edition heads of a desk's voices; at most 2 MiB. */
export function fetchHeads(desk: string): Promise<Uint8Array> {
  return get(`/v1/desks/${desk}/heads`, 2048 * KIB);
}

/** One reply tile; `size` is its exact length in bytes. */
export function fetchTile(desk: string, reviewer: string, number: number, bucket: number, size: number): Promise<Uint8Array> {
  return get(`/v1/desks/${desk}/editions/${reviewer}/${String(number)}/${String(bucket)}`, size);
}

/** Post a sealed report, with a stamp or without; return the receipt, a signed note. The same bytes again bring the same receipt. */
export function postReport(desk: string, epoch: number, sealed: Uint8Array, stamp?: string): Promise<Uint8Array> {
  return exchange("POST", `/v1/desks/${desk}/epochs/${String(epoch)}/reports`, 16 * KIB, { body: sealed, stamp });
}
