// SPDX-License-Identifier: AGPL-3.0-or-later
/** Amounts in words that everybody knows: megabytes, minutes, hours. */
import type { Language, Messages } from "./messages";

const MB = 1_000_000;
const SMALL = 10;

/** Say a number of bytes in MB: one decimal below 10, none above. */
export function inMb(bytes: number, language: Language): string {
  const mb = bytes / MB;
  const digits = mb < SMALL ? 1 : 0;
  // Never 0 for what is there.
  const shown = bytes > 0 ? Math.max(mb, 1 / SMALL) : 0;
  return new Intl.NumberFormat(language, { minimumFractionDigits: 0, maximumFractionDigits: digits }).format(shown);
}

/** Say how long it still takes, roughly. */
export function timeLeft(seconds: number, say: Messages): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return say.left_minute;
  if (minutes < 90) return say.left_minutes.replace("{count}", String(minutes));
  return say.left_hours.replace("{count}", String(Math.ceil(minutes / 60)));
}
