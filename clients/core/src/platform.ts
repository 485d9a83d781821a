// SPDX-License-Identifier: Apache-2.0
/**
 * What the core takes from whatever runs it: UTF-8, random values, WebCrypto, and a way to give memory back.
 *
 * Rules of this file: these are the only names of the platform that the core touches, and every page, worker, phone runtime and Node has them. They
 * are described here, not taken from the types of a browser, so that `fetch` and `document` stay unknown to the compiler.
 */

interface Decoder {
  decode(bytes: Uint8Array): string;
}

/** The part of WebCrypto that is used, when it is there. */
export interface Subtle {
  importKey(format: string, key: Uint8Array, algorithm: string, extractable: boolean, usages: readonly string[]): Promise<unknown>;
  encrypt(algorithm: { name: string; iv: Uint8Array }, key: unknown, data: Uint8Array): Promise<ArrayBuffer>;
  decrypt(algorithm: { name: string; iv: Uint8Array }, key: unknown, data: Uint8Array): Promise<ArrayBuffer>;
}

interface Port {
  postMessage(message: undefined, transfer: readonly ArrayBufferLike[]): void;
  close(): void;
}

interface Platform {
  readonly MessageChannel?: new () => { readonly port1: Port; readonly port2: Port };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Decoder;
  readonly crypto: { getRandomValues(target: Uint8Array): Uint8Array; readonly subtle?: Subtle };
}

const platform = globalThis as unknown as Platform;

/** Return the UTF-8 bytes of a text. A lone surrogate becomes U+FFFD: callers refuse it before. */
export function utf8(text: string): Uint8Array {
  return new platform.TextEncoder().encode(text);
}

/** Return the text of UTF-8 bytes, a byte order mark kept; throws a TypeError when they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return new platform.TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Fill `target` from the platform's generator, 65,536 bytes at a time as WebCrypto demands, and return it. */
export function fillRandom(target: Uint8Array): Uint8Array {
  for (let at = 0; at < target.length; at += 65_536) platform.crypto.getRandomValues(target.subarray(at, at + 65_536));
  return target;
}

/** WebCrypto, or undefined where a page is not in a secure context. */
export function subtle(): Subtle | undefined {
  return platform.crypto.subtle;
}

/** Leads nowhere: its other end is closed. Undefined where there are no channels. */
const nowhere = ((): Port | undefined => {
  if (platform.MessageChannel === undefined) return undefined;
  const { port1, port2 } = new platform.MessageChannel();
  port2.close();
  return port1;
})();

/**
 * Give the memory of `bytes` back now, all of its buffer: what is sealed is large, and a collector that waits would let it pile up.
 *
 * It is handed over to nobody. `ArrayBuffer.transfer` would not do: what the browser has made or seen it goes on holding, and the collector does not know of it any
 * more (in Chromium 200 MiB that were read by slices stayed whole; handed over they leave nothing). Where there is no such way, nothing happens.
 */
export function giveBack(bytes: Uint8Array): void {
  nowhere?.postMessage(undefined, [bytes.buffer]);
}
