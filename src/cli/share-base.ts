import { OptionError } from '../harness/option.ts';
import { PAGE_ADDRESS } from './server.ts';

declare const __GRADPROOF_SHARE_BASE__: string;

/** Names where the page is for others, as `--share-base` does. */
const VARIABLE = 'GRADPROOF_SHARE_BASE';

/** Where a share link is read. */
export interface ShareBase {
  /** What stands before the `#`. */
  readonly url: string;
  /** Whether others can open it: not where it is this computer's own page. */
  readonly isPublic: boolean;
}

/**
 * Where links lead: what was given, else what the environment names, else what the build was made
 * for, else the page that this computer serves to itself. Throws {@link OptionError}.
 */
export function shareBaseOf(given: string | undefined): ShareBase {
  const url = given ?? fromEnvironment() ?? (__GRADPROOF_SHARE_BASE__ || undefined);
  return url === undefined ? { url: PAGE_ADDRESS, isPublic: false } : { url, isPublic: true };
}

function fromEnvironment(): string | undefined {
  const text = process.env[VARIABLE];
  return text ? checkedBase(VARIABLE, text) : undefined;
}

/**
 * Reads the address of a page, without query and fragment. Throws {@link OptionError} that names
 * `option`.
 */
export function checkedBase(option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new OptionError(
      `${option} "${text}": must be the address of a page, such as https://example.org/gradproof/`,
    );
  return url.href;
}
