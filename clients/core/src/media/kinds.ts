// SPDX-License-Identifier: Apache-2.0
/**
 * What kind of file it is, by its first bytes.
 *
 * Rules of this file: names and types that somebody gave to a file are not looked at.
 */
import { latin1, viewOf } from "./plan";
import type { FileKind, Source } from "./source";

const HEIC_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"];
const AUDIO_BRANDS = ["M4A ", "M4B ", "M4P "];

/** The kind of a file that is made of ISO boxes, by its brands. */
function boxedKind(head: Uint8Array): FileKind {
  const text = latin1(head);
  const major = text.slice(8, 12);
  if (HEIC_BRANDS.includes(major)) return "heic";
  if (AUDIO_BRANDS.includes(major)) return "m4a";
  return major === "qt  " ? "mov" : "mp4";
}

/** Say what kind of file it is; `unknown` for all that is not in the list. */
export async function kindOf(source: Source): Promise<FileKind> {
  const head = await source.read(0, Math.min(source.size, 64));
  const text = latin1(head);
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "gif";
  if (text.startsWith("%PDF-")) return "pdf";
  if (text.startsWith("\x1aE\xdf\xa3")) return "webm";
  if (text.slice(4, 8) === "ftyp" && head.length >= 16 && viewOf(head).getUint32(0) >= 16) return boxedKind(head);
  // Early QuickTime files have no `ftyp`: they begin with the film or with its index.
  return ["moov", "mdat", "wide"].includes(text.slice(4, 8)) ? "mov" : "unknown";
}
