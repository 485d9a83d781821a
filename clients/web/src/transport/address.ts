// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Where the server is.
 *
 * Rules of this file: said once, before the first request, by the page to itself and to its worker. That it is the server of the link is checked by the charter.
 */
let server = "";

/** Say which server all requests go to: `https://host[:port]`. */
export function setServer(origin: string): void {
  server = origin;
}

/** The server that requests go to. */
export function serverOrigin(): string {
  return server;
}

/** The whole address of a path. */
export function at(path: string): string {
  return server + path;
}
