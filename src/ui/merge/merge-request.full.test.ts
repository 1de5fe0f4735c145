import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { mergeRequest } from './merge-request.ts';

const MODEL = 'public/model';

test('what was trained is merged by its own configuration, whatever was said of a new adapter', async () => {
  const model = readdirSync(MODEL).map(
    (name) => new File([readFileSync(`${MODEL}/${name}`)], name),
  );
  const config = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'] };
  const files = [
    new File([JSON.stringify(config)], 'adapter_config.json'),
    new File([writeSafetensors({})], 'adapter_model.safetensors'),
  ];
  const folder = { name: 'model', place: { kind: 'files', files: model } } as const;
  const settings = { type: 'qlora', lora: { r: 16, lora_alpha: 32 } };
  const { config: read } = await mergeRequest({ run: '1', folder, settings, files }, 'merged');
  expect(read.adapter?.rules).toMatchObject({ r: 2, lora_alpha: 4 });
});
