/** Features by the WGSL extensions that need them. */
const FEATURES: Readonly<Record<string, string>> = { f16: 'shader-f16', subgroups: 'subgroups' };

/**
 * The first feature that a kernel's linked text enables or requires and that is not among `features`: no
 * pipeline can be made of it there.
 */
export function missingFeature(code: string, features: readonly string[]): string | undefined {
  const enabled = [...code.matchAll(/^\s*(?:enable|requires)\s+([^;]+);/gm)].flatMap(
    ([, names = '']) => names.split(',').map((name) => name.trim()),
  );
  return enabled
    .map((name) => FEATURES[name] ?? name)
    .find((feature) => !features.includes(feature));
}
