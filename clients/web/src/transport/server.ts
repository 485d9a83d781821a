// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The server as the page sees it: bytes in, bytes out, nothing believed.
 *
 * Rules of this file: the only `fetch` of the page (blocks go by `blocks.ts`). No cookie, no cache, no referrer. Every answer has an upper size, and is cut
 * off there. A line that breaks is told apart from a server that says no.
 */

const KIB = 1024;
const PATIENCE_MS = 60_000;

/** The line broke: nothing is known about what the server did. */
export class LineError extends Error {}

/** The server answered, and said no. `retrySeconds`: it named a time to ask again. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly failure: string,
    readonly retrySeconds?: number,
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

async function readBounded(response: Response, limit: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
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

async function failureOf(response: Response): Promise<string> {
  const body = await readBounded(response, 4 * KIB).catch(() => new Uint8Array());
  return failureIn(new TextDecoder().decode(body), response.status);
}

/** Send one request; return the answer, whatever its status. */
async function ask(method: string, path: string, body?: Uint8Array): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      body: body === undefined ? null : (body as BodyInit),
      headers: body === undefined ? {} : { "content-type": "application/octet-stream" },
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new LineError(path);
  }
}

async function taken(response: Response, limit: number): Promise<Uint8Array> {
  if (!response.ok) throw new RefusedError(response.status, await failureOf(response));
  try {
    return await readBounded(response, limit);
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new LineError(response.url);
  }
}

async function get(path: string, limit: number): Promise<Uint8Array> {
  return taken(await ask("GET", path), limit);
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

/** Post a sealed report; return the receipt, a signed note. The same bytes again bring the same receipt. */
export async function postReport(desk: string, epoch: number, sealed: Uint8Array): Promise<Uint8Array> {
  return taken(await ask("POST", `/v1/desks/${desk}/epochs/${String(epoch)}/reports`, sealed), 16 * KIB);
}
