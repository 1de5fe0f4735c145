import type { Locator } from '@playwright/test';
import decodeQr from 'qr/decode.js';

/**
 * The text of a QR code as a camera would get it: off the screen, by another library than the one
 * that drew it.
 */
export async function readQrCode(code: Locator): Promise<string> {
  const png = (await code.screenshot()).toString('base64');
  const { width, height, data } = await code.page().evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0);
    const pixels = context?.getImageData(0, 0, image.width, image.height).data ?? [];
    return { width: image.width, height: image.height, data: [...pixels] };
  }, png);
  return decodeQr({ width, height, data: Uint8Array.from(data) }, { effort: 9, timeLimit: 5_000 });
}
