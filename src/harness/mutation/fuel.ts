import { type AbstractElem, childElems, parseSrcModule } from 'wesl/core';

/**
 * Iterations after which a loop of a mutant ends: more than any loop of the quick tier's cases
 * needs.
 */
const FUEL = 4200;

/**
 * Gives every loop of a shader's source a fuel counter, so that no mutant hangs. The counter is
 * local to the loop: a private variable would make barriers after the loop non-uniform.
 */
export function withFuel(file: string, source: string): string {
  const insertions: { at: number; text: string }[] = [];
  const visit = (elem: AbstractElem): void => {
    if (elem.kind === 'for' || elem.kind === 'while' || elem.kind === 'loop') {
      const name = `fuel_${insertions.length}`;
      insertions.push({ at: elem.start, text: `{ var ${name} = ${FUEL}u; ` });
      insertions.push({
        at: elem.body.start + 1,
        text: ` if (${name} == 0u) { break; } ${name}--; `,
      });
      insertions.push({ at: elem.end, text: ' }' });
    }
    for (const child of childElems(elem)) visit(child);
  };
  const module = parseSrcModule({
    modulePath: `package::${file.replaceAll('/', '::')}`,
    debugFilePath: file,
    src: source,
  });
  for (const decl of module.moduleElem.decls) visit(decl);
  insertions.sort((a, b) => b.at - a.at);
  return insertions.reduce(
    (text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at),
    source,
  );
}
