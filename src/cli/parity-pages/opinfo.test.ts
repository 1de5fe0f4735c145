import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../checkout.ts';
import { opinfoPage } from './opinfo.ts';
import { readOpInfoSummary } from './opinfo-summary.ts';

const SUMMARY = {
  torch: '2.15.0',
  seed: 0,
  drawn: null,
  subjects: {
    abs: { samples: 3, bundles: { f32: 2 }, missing: { 'a sparse tensor': 1 } },
    var: { samples: 2, bundles: { bf16: 1 }, missing: { 'a sparse tensor': 1 } },
    zeta: { samples: 4, bundles: {}, missing: { 'nothing to sum': 4 } },
  },
  without_line: { 'fft.fft': 9, 'optim.LBFGS': 2, angle: 5 },
  errors: { abs: 1, var: 2 },
  other_dtypes: { abs: ['bool', 'complex64'], var: ['complex64'] },
};
const INDEX = {
  versions: { torch: '2.15.0' },
  cases: [
    { name: 'torch-2.15.0/abs-f32-0', op: 'abs', bytes: 1, sha256: '' },
    { name: 'torch-2.15.0/abs-f32-2', op: 'abs', bytes: 1, sha256: '' },
    { name: 'torch-2.15.0/var-bf16-0', op: 'var', bytes: 1, sha256: '' },
  ],
};
const AGREES = { id: 'parity.abs:abs-f32-0', status: 'pass' } as const;
const UNJUDGED = {
  id: 'parity.abs:abs-f32-2',
  status: 'skip',
  skip: { code: 'unjudged', detail: 'there is no element' },
} as const;
const LOOSE = {
  id: 'parity.var:var-bf16-0',
  status: 'pass',
  finding: { code: 'loose-bound', message: '' },
} as const;
const DEVIATES = { ...LOOSE, finding: { code: 'producer-deviates', message: '' } } as const;
const FAILS = { ...LOOSE, status: 'fail' } as const;

describe('the page of what is expressed of PyTorch’s own samples', () => {
  test('counts how replays ended, and names what is missing and why', () => {
    const page = opinfoPage(SUMMARY, INDEX, [AGREES, UNJUDGED, LOOSE]);
    expect(page).toContain('| operators and optimizers | 6 |');
    expect(page).toContain('| their samples, in each element type that bundles hold | 9 |');
    expect(page).toContain('| abs | abs | 3 | 2 | 1 |  |  |  | 1 | 1 |');
    expect(page).toContain('| var | var | 2 | 1 |  | 1 |  |  |  | 1 |');
    expect(page).toContain('## Deviating or failing\n\nNone.');
    expect(page).toContain(
      '<summary>unjudged: there is no element: 1 sample of 1 operator</summary>\n\n- abs: 1\n',
    );
    const reasons = [...page.matchAll(/<summary>(.*)<\/summary>\n\n((?:- .*\n)+)/g)];
    expect(reasons.map(([, head, items]) => [head, items])).toEqual([
      ['unjudged: there is no element: 1 sample of 1 operator', '- abs: 1\n'],
      ['nothing to sum: 4 samples of 1 operator', '- zeta: 4\n'],
      ['a sparse tensor: 2 samples of 2 operators', '- abs: 1\n- var: 1\n'],
      ['fft: 1', '- fft\n'],
      ['optim: 1', '- LBFGS\n'],
      ['torch: 1', '- angle\n'],
    ]);
    expect(page).not.toContain('not replayed');
    expect(page).toContain('No sample at all of zeta.');
    expect(page).toContain('| bool | 1 |\n| complex64 | 2 |');
    expect(page).toContain('3 samples of 2 operators');
  });

  test.each([
    ['deviates', DEVIATES],
    ['fails', FAILS],
  ])('tells the cause of what %s, and is not written without one', (how, result) => {
    const results = [AGREES, UNJUDGED, result];
    expect(() => opinfoPage(SUMMARY, INDEX, results, {})).toThrow(`var ${how} in 1, and no cause`);
    const page = opinfoPage(SUMMARY, INDEX, results, { [`var ${how}`]: 'torch adds in halves' });
    expect(page).toContain(`| var ${how} | 1 bf16 | torch adds in halves |`);
  });

  test('is of all samples; what an interim report lacks is counted', () => {
    expect(() => opinfoPage({ ...SUMMARY, drawn: 7 }, INDEX, [])).toThrow('make it with --all');
    const page = opinfoPage(SUMMARY, INDEX, [AGREES]);
    expect(page).toContain('| expressed | 3 |\n| agree | 1 |');
    expect(page).toContain(
      '| without a verdict | 0 |\n| not replayed: this page is of a part | 2 |\n',
    );
    expect(page).toContain('| var | var | 2 | 1 |  |  |  |  |  | 1 |');
  });

  test('a summary of another form is refused', () => {
    expect(() => readOpInfoSummary('{"torch": "2.15.0"}')).toThrow('OPINFO.json: seed');
  });
});

test('docs/opinfo.md has the operators and the torch of the draw that ships', () => {
  const page = readFileSync(`${ROOT}/docs/opinfo.md`, 'utf8');
  const drawn = readOpInfoSummary(readFileSync(`${ROOT}/public/parity/opinfo/OPINFO.json`, 'utf8'));
  const [, table = ''] = page.split('## Expressed\n');
  const named = [...table.matchAll(/^\| ([\w.-]+) \| \w+(?:, \w+)* \| \d+ /gm)].map(
    ([, name]) => name,
  );
  const [, without] = page.match(/^No sample at all of (.*)\.$/m) ?? [];
  const all = [...named, ...(without?.split(', ') ?? [])].sort();
  const again = 'docs/opinfo.md is stale: it says at its top how it is made anew';
  expect(all, again).toEqual(Object.keys(drawn.subjects).sort());
  expect(page, again).toContain(`What torch ${drawn.torch} tests`);
});
