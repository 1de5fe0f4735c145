import { describe, expect, test } from 'vitest';
import { linkedKernels } from '../gpu/fixtures/linked-kernels.ts';
import { records } from '../reference/registry.ts';
import { hasSeam } from '../seam.ts';
import type { Breakable } from '../testing/fault.ts';
import { GENERATION_CONTROLS } from '../testing/parity/llama/generation.ts';
import { LOGITS_CONTROLS } from '../testing/parity/llama/logits.ts';
import { TRAINING_RUN } from '../testing/parity/llama/replay.ts';
import { controlOf } from '../testing/parity.ts';
import { STEPS_REVERSED } from '../testing/training.ts';
import { loadCases } from './registry.ts';

/**
 * Checks what cases, controls and records declare to break against this build, without a device.
 */

const kernels = await linkedKernels();

const declared: readonly Breakable[] = [
  ...[...(await loadCases()).values()].flatMap(({ control, injects }) => [
    ...control.faults,
    ...injects,
  ]),
  ...[...records.values()].flatMap(({ faults }) => faults),
  ...controlOf(TRAINING_RUN).faults,
  ...GENERATION_CONTROLS.flatMap(({ faults }) => faults),
  ...LOGITS_CONTROLS.flatMap(({ faults }) => faults),
  ...STEPS_REVERSED.faults,
];

/** Each fragment once, as `file: from`. */
const fragments = new Map(
  declared.flatMap((fault) =>
    'shader' in fault
      ? [[`${fault.shader.file}: ${fault.shader.from}`, fault.shader] as const]
      : [],
  ),
);
const seams = new Set(
  declared.flatMap((fault) => {
    if ('shader' in fault) return [];
    return 'launch' in fault ? fault.launch.seam : fault.host.seam;
  }),
);

describe('a fragment that is replaced', () => {
  test('is declared by records, by suites and by bodies of cases', () => {
    const files = new Set([...fragments.values()].map(({ file }) => file));
    for (const file of ['nn/silu', 'lib/probe', 'optim/grad_norm_shares'])
      expect(files).toContain(file);
  });

  test.each([...fragments])('occurs once: %s', (_, { file, from, to }) => {
    // Of a file with several texts, a fragment may be of what some are linked with.
    const texts = kernels.filter((kernel) => kernel.file === file && kernel.code.includes(from));
    expect(texts.length, `no text of ${file} has it`).toBeGreaterThan(0);
    for (const { code } of texts) expect(code.split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  });
});

describe('a function that is wrapped', () => {
  test.each([...seams])('declares its seam: %s', (name) => expect(hasSeam(name)).toBe(true));
});

test('suites plant only the faults that they declare', () => {
  const sources = import.meta.glob<string>('../../suites/**/*.ts', {
    eager: true,
    query: '?raw',
    import: 'default',
  });
  expect(Object.keys(sources).length).toBeGreaterThan(20);
  const others = Object.entries(sources).filter(([, text]) =>
    /\bwrapSeam\b|\bpipelines\b|\bFaultInjector\(/.test(text),
  );
  expect(others.map(([path]) => path)).toEqual([]);
});
