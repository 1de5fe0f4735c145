import type { Page } from '@playwright/test';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';

/** A file to drop. */
export interface Dropped {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Drops files on the page as a person does, once it takes them: drag over, then drop. */
export async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  await page.locator('gp-page-drop').waitFor({ state: 'attached' });
  const plain = files.map(({ name, bytes }) => ({ name, bytes: [...bytes] }));
  const transfer = await page.evaluateHandle((given) => {
    const data = new DataTransfer();
    for (const { name, bytes } of given) data.items.add(new File([Uint8Array.from(bytes)], name));
    return data;
  }, plain);
  await page.dispatchEvent('gp-app', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('gp-app', 'drop', { dataTransfer: transfer });
}

/** A recording of [1 2; 3 4] [5 6; 7 8], whose right answer is [19 22; 43 50]. */
export function recording(name: string, y: readonly number[] = [19, 22, 43, 50]): Dropped {
  const tensor = (values: readonly number[]) => hostTensorFrom('f32', [2, 2], values);
  const tensors = {
    'in.a': tensor([1, 2, 3, 4]),
    'in.b': tensor([5, 6, 7, 8]),
    'out.y': tensor(y),
  };
  const metadata = {
    schema: 'parity-bundle/1',
    op: 'matmul',
    params: '{}',
    producer: 'by hand 1.0',
    device: 'cpu',
  };
  return { name, bytes: writeSafetensors(tensors, metadata) };
}

/**
 * Drops so many right recordings, case-00000 and so on; they are made in the page, since ten
 * thousand are too many to send there.
 */
export async function dropRecordings(page: Page, count: number): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ content, files }) => {
      const data = new DataTransfer();
      const array = Uint8Array.from(content);
      for (let i = 0; i < files; i++)
        data.items.add(new File([array], `case-${String(i).padStart(5, '0')}.safetensors`));
      return data;
    },
    { content: [...recording('').bytes], files: count },
  );
  await page.dispatchEvent('gp-app', 'drop', { dataTransfer: transfer });
}
