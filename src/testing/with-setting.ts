import { seam } from '../seam.ts';

const put = seam('testing.put', (holder: object, key: PropertyKey, value: unknown): void => {
  Reflect.set(holder, key, value);
});

/** Puts back what was there, or that nothing was. */
const putBack = seam(
  'testing.put_back',
  (holder: object, key: PropertyKey, before: PropertyDescriptor | undefined): void => {
    if (before) Reflect.defineProperty(holder, key, before);
    else Reflect.deleteProperty(holder, key);
  },
);

/**
 * Runs `body` with another setting, as a device's table of choices (`gpu`, `tuned`), and leaves the
 * one before, however that ends.
 */
export async function withSetting<Holder extends object, Key extends keyof Holder, Result>(
  holder: Holder,
  key: Key,
  value: Holder[Key],
  body: () => Result | Promise<Result>,
): Promise<Result> {
  const before = Object.getOwnPropertyDescriptor(holder, key);
  put(holder, key, value);
  try {
    return await body();
  } finally {
    putBack(holder, key, before);
  }
}
