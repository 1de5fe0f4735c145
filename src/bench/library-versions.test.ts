import { expect, test } from 'vitest';
import { report } from '../report/fixtures/reports.ts';
import { validateReport } from '../report/validate.ts';
import { libraryVersions, withVersions } from './library-versions.ts';

test('a report names the version of each library, and reports of several runs each once', async () => {
  const plain = await report([], '', { kind: 'bench' });
  const of = (jax: string) => {
    const contenders = [
      { name: 'webgpu' },
      { name: 'jax-webgpu', version: jax },
      { name: 'ort-webgpu', version: '1.22.0' },
    ] as const;
    const environments = plain.environments.map((one) => withVersions(one, contenders));
    return validateReport({ ...plain, environments }, 'bench.json');
  };
  expect(libraryVersions([plain])).toEqual([]);
  expect(libraryVersions([of('0.1.2')])).toEqual(['ONNX Runtime 1.22.0', 'jax-js 0.1.2']);
  expect(libraryVersions([plain, of('0.1.2'), of('0.1.3')])).toEqual([
    ...['ONNX Runtime 1.22.0', 'jax-js 0.1.2', 'jax-js 0.1.3'],
  ]);
});
