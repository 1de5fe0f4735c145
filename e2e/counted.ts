import { test as base, expect as plain } from '@playwright/test';
import { askedEndpoints } from '../src/cli/test-report/asked-endpoints.ts';

let held = 0;

/** A test whose report says how many expectations held in it, and what its servers were asked. */
export const test = base.extend<{ counted: undefined }>({
  counted: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from this pattern
    async ({}, use, { annotations }) => {
      held = 0;
      askedEndpoints.clear();
      await use(undefined);
      const endpoints = JSON.stringify([...askedEndpoints].sort());
      annotations.push({ type: 'assertions', description: String(held) });
      annotations.push({ type: 'endpoints', description: endpoints });
    },
    { auto: true },
  ],
});

/** Playwright's `expect`, which counts the expectations that hold. */
export const expect = new Proxy(plain, {
  apply: (target, self, given) => counting(Reflect.apply(target, self, given) as object),
  get: (target, key) => {
    const found: unknown = Reflect.get(target, key);
    if (key !== 'soft' && key !== 'poll') return found;
    return (...given: unknown[]) => counting(Reflect.apply(found as () => object, target, given));
  },
});

/** The matchers of one `expect(...)`, and of its `not`, `resolves` and `rejects`. */
function counting<Matchers extends object>(matchers: Matchers): Matchers {
  return new Proxy(matchers, {
    get: (target, key) => {
      const found: unknown = Reflect.get(target, key);
      if (typeof found === 'object' && found !== null) return counting(found);
      if (typeof found !== 'function') return found;
      return (...given: unknown[]) => {
        const outcome: unknown = Reflect.apply(found, target, given);
        if (outcome instanceof Promise) return outcome.then(countOne);
        return countOne(outcome);
      };
    },
  });
}

function countOne<Outcome>(outcome: Outcome): Outcome {
  held++;
  return outcome;
}
