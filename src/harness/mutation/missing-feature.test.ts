import { expect, test } from 'vitest';
import { missingFeature } from './missing-feature.ts';

test.each([
  ['fn main() {}', [], undefined],
  ['// enable f16;\nfn main() {}', [], undefined],
  ['enable f16;\nfn main() {}', [], 'shader-f16'],
  ['enable f16;\nfn main() {}', ['shader-f16'], undefined],
  ['enable f16, subgroups;', ['shader-f16'], 'subgroups'],
  ['enable f16;\n  enable subgroups;', ['shader-f16'], 'subgroups'],
  ['enable clip_distances;', ['shader-f16'], 'clip_distances'],
])('%j on an adapter with %j lacks %s', (code, features, missing) => {
  expect(missingFeature(code, features)).toBe(missing);
});
