// SPDX-License-Identifier: Apache-2.0
/** A real photo, made here, that says a great deal about whoever took it. */
import { concat } from "../src/encoding";
import { utf8 } from "../src/platform";

export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** A grey picture of 8 by 8, baseline JPEG, nothing in it but what draws it. */
export const PLAIN = Uint8Array.from(
  Buffer.from(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAAIAAgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AJ//2Q==",
    "base64",
  ),
);
export const SECRETS: readonly string[] = ["Maria Zebrafinch", "SN-4711", "2026:06:01", "third floor", "secondpicture"];

/** A JPEG with an owner, a serial number, a place, a time, an orientation, a comment and something after its end. */
export function photo(): Uint8Array {
  const [owner = "", serial = "", when = "", comment = "", trailer = ""] = SECRETS;
  const start = 8 + 2 + 12 * 5 + 4;
  const tiff = new Uint8Array(start + 220);
  const view = new DataView(tiff.buffer);
  tiff.set(utf8("MM\0*"));
  view.setUint32(4, 8);
  view.setUint16(8, 5);
  let at = start;
  const entry = (index: number, tag: number, kind: number, count: number, value: number): void => {
    const place = 10 + 12 * index;
    view.setUint16(place, tag);
    view.setUint16(place + 2, kind);
    view.setUint32(place + 4, count);
    view.setUint32(place + 8, value);
  };
  const text = (index: number, tag: number, value: string): void => {
    tiff.set(utf8(value), at);
    entry(index, tag, 2, value.length + 1, at);
    at += value.length + 1;
  };
  entry(0, 0x0112, 3, 1, 6 << 16);
  text(1, 0x0132, when);
  entry(2, 0x8825, 4, 1, start + 200);
  text(3, 0xa430, owner);
  text(4, 0xa431, serial);
  view.setUint16(start + 200, 0);
  const segment = (marker: number, body: Uint8Array): Uint8Array => concat(Uint8Array.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff), body);
  const exif = segment(0xe1, concat(utf8("Exif\0\0"), tiff));
  return concat(PLAIN.slice(0, 2), exif, segment(0xfe, utf8(comment)), PLAIN.slice(2), utf8(trailer));
}
