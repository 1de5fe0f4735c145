import type { Page } from '@playwright/test';

/** A picture as it is on the screen: red, green and blue of every pixel, in rows. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `#rrggbb` of the pixel in this place. */
  at(x: number, y: number): string;
  /** How many colours there are in a part of it. */
  colours(x: number, y: number, width: number, height: number): number;
}

/** Reads a PNG with the decoder of the browser. */
export async function pixelsOf(page: Page, png: Buffer): Promise<Pixels> {
  const { width, height, data } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('the browser draws nothing');
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, picture.width, picture.height);
    let text = '';
    for (const byte of data) text += String.fromCharCode(byte);
    return { width: picture.width, height: picture.height, data: btoa(text) };
  }, png.toString('base64'));
  const rgba = Buffer.from(data, 'base64');
  const at = (x: number, y: number) =>
    `#${rgba.toString('hex', 4 * (y * width + x), 4 * (y * width + x) + 3)}`;
  return {
    width,
    height,
    at,
    colours: (x, y, w, h) => {
      const found = new Set<string>();
      for (let row = y; row < y + h; row++)
        for (let column = x; column < x + w; column++) found.add(at(column, row));
      return found.size;
    },
  };
}
