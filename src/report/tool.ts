import type { Report } from './schema.ts';

declare const __GRADPROOF_VERSION__: string;
declare const __GRADPROOF_COMMIT__: string;

/**
 * This build, as its reports name it. Asked for only where something is written: modules are read
 * without a build, too.
 */
export function thisTool(): Report['tool'] {
  return { name: 'gradproof', version: __GRADPROOF_VERSION__, commit: __GRADPROOF_COMMIT__ };
}
