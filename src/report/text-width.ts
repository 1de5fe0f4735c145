/**
 * Pixels of a line of text, roughly: in Verdana, which is as wide as any of the fonts that stand in
 * for it, so that what is fitted by this fits.
 */
export function textWidth(text: string, size: number): number {
  return ([...text].reduce((sum, c) => sum + characterWidth(c), 0) * size) / 11;
}

/** At 11 pixels. */
function characterWidth(c: string): number {
  if (/[ijlI.,:;'|!() ]/.test(c)) return 4.2;
  if (/[mwMW@%]/.test(c)) return 10.2;
  if (/[A-Z]/.test(c)) return 7.7;
  return c.charCodeAt(0) < 0x2000 ? 6.9 : 11;
}
