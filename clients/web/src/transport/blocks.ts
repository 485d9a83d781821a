// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Blocks on their way to the server.
 *
 * Rules of this file: a request is given up when nothing of it has moved for a while, never because it takes long: a slow line is no broken one. Only
 * XMLHttpRequest tells how much of a body has left; there are no cookies that it could send.
 */
import { at } from "./address";
import { remind } from "./reminder";
import { failureIn, LineError, RefusedError } from "./server";

const PATIENCE_MS = 60_000;
const MOST_ANSWER = 4_096;
const LONGEST_RETRY_SECONDS = 3_600;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retrySeconds: number | undefined;
}

/** Seconds to wait, of a `Retry-After` that is a whole number: at least one, at most an hour. */
export function retrySeconds(header: string | null): number | undefined {
  if (header === null || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Math.max(Number(header), 1), LONGEST_RETRY_SECONDS);
}

/** One request that is given up when it stands still, or when `signal` says so. */
function ask(method: "PUT" | "HEAD", id: string, body: Uint8Array | null, signal: AbortSignal | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new LineError(id));
      return;
    }
    const request = new XMLHttpRequest();
    const stop = (): void => { request.abort(); };
    let patience = setTimeout(stop, PATIENCE_MS);
    const moved = (): void => {
      clearTimeout(patience);
      patience = setTimeout(stop, PATIENCE_MS);
    };
    const end = (): void => {
      clearTimeout(patience);
      signal?.removeEventListener("abort", stop);
    };
    const broken = (): void => { end(); reject(new LineError(id)); };
    request.upload.onprogress = moved;
    request.onprogress = (event) => { if (event.loaded > MOST_ANSWER) stop(); };
    request.onerror = broken;
    request.onabort = broken;
    request.onload = () => {
      end();
      resolve({ status: request.status, body: request.responseText, retrySeconds: retrySeconds(request.getResponseHeader("retry-after")) });
    };
    signal?.addEventListener("abort", stop);
    request.open(method, at(`/v1/blocks/${id}`));
    if (body !== null) request.setRequestHeader("content-type", "application/octet-stream");
    request.send(body as XMLHttpRequestBodyInit | null);
  });
}

/**
 * Bring one sealed block to the server; done when it is there, however it came there.
 *
 * @throws LineError when the line broke or `signal` said so; RefusedError when the server says no.
 */
export async function putBlock(id: string, sealed: Uint8Array, signal?: AbortSignal): Promise<void> {
  const { status, body, retrySeconds: again } = await ask("PUT", id, sealed, signal).finally(() => { remind(sealed.length); });
  // 409: other bytes under this id. An earlier, broken try of ours sealed the same data anew; it is there, and that is what counts.
  if (status !== 200 && status !== 201 && status !== 409) throw new RefusedError(status, failureIn(body, status), again);
}

/** Say whether a block is on the server; throws as `putBlock`. */
export async function hasBlock(id: string, signal?: AbortSignal): Promise<boolean> {
  const { status, retrySeconds: again } = await ask("HEAD", id, null, signal);
  if (status !== 200 && status !== 404) throw new RefusedError(status, String(status), again);
  return status === 200;
}
