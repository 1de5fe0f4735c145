import { messageOf } from '../../errors.ts';
import { readModelConfig } from '../../formats/hugging-face/config.ts';
import { modelText } from '../../sheet/model-config.ts';
import type { Router } from '../app/router.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';

/**
 * Takes a config.json: its model stands in the address, and comes first in the sheet. One that does
 * not describe a model is refused in one line, and what was there stays.
 */
export function takeConfig(file: File, router: Router, notice: Notice): Promise<void> {
  return notice.during(async () => {
    const text = new TextDecoder().decode(await bytesOf(file, 'config'));
    try {
      const model = modelText(readModelConfig(text));
      router.go({ view: 'sheet', sheet: { ...router.address.value.sheet, model } });
    } catch (error) {
      throw new Error(`${file.name}: ${messageOf(error)}`);
    }
  });
}
