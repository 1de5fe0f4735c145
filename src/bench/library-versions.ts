import type { Environment, Report } from '../report/schema.ts';
import { type Contender, LIBRARIES } from './contender.ts';

/** Begins the names of versions among what is known of an environment. */
const VERSION = 'version of ';

/** The environment with the version of each library that is timed in it. */
export function withVersions(
  environment: Environment,
  contenders: readonly Pick<Contender, 'name' | 'version'>[],
): Environment {
  const versions = contenders.flatMap(({ name, version }) =>
    version === undefined ? [] : [[`${VERSION}${name}`, version] as const],
  );
  return { ...environment, probe: { ...environment.probe, ...Object.fromEntries(versions) } };
}

/** "ONNX Runtime 1.22.0", of each library whose version a report has, each once. */
export function libraryVersions(
  reports: readonly Pick<Report, 'environments'>[],
): readonly string[] {
  const probes = reports.flatMap(({ environments }) => environments.map(({ probe }) => probe));
  const told = Object.entries(LIBRARIES).flatMap(([name, words]) =>
    probes.flatMap((probe) => {
      const version = probe[`${VERSION}${name}`];
      return typeof version === 'string' ? [`${words} ${version}`] : [];
    }),
  );
  return [...new Set(told)];
}
