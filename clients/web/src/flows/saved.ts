// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Whether this is the one-file edition: the page as a file, carried by hand and opened from disk.
 *
 * Rules of this file: the build decides, never what the page finds around it. The served page ignores an address in its link.
 */
import { readLink, type Link } from "./visit";

/** True in the one-file edition. */
export const SAVED: boolean = import.meta.env.MODE === "saved";

/** Read a link that was pasted: the organisation's own, or that of a saved page; undefined when it is not whole. */
export function pastedLink(text: string): Link | undefined {
  try {
    return readLink(new URL(text.trim()), true);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
