import { type OptionDeclaration, OptionError } from '../harness/option.ts';

/** Where the log of a run is sent, besides its file. */
export const LOG_TO: OptionDeclaration<string> = {
  name: 'log-to',
  argument: 'url',
  description:
    "send the log to this sink, which speaks W&B's protocol, while the run goes on (docs/running.md)",
  parse: (texts) => checkedSink(texts.at(-1) ?? ''),
};

/** The address of a sink without a slash at its end. Throws OptionError. */
function checkedSink(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || /[?#]/.test(text))
    throw new OptionError(`--log-to ${text}: must be an address such as http://localhost:8080`);
  if (url.username || url.password)
    throw new OptionError(
      `--log-to ${url.host}: an address with a name or a password is not taken: give a sink that asks for none`,
    );
  return url.href.replace(/\/+$/, '');
}
