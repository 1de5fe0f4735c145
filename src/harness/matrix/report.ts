import type { Cell } from '../../quantizer/matrix/cell.ts';
import { ORT_COLUMNS, RECORDED_COLUMNS } from '../../quantizer/matrix/columns.ts';
import { buildReport, identityOf, type RunIdentity } from '../../report/build.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import { caseId } from '../../testing/suite.ts';

/** Where cells were executed. */
export interface MatrixPlaces {
  /** Of our own cells, of replays and of the bridge. */
  readonly own?: Environment | undefined;
  /** Of other libraries. */
  readonly foreign?: Environment | undefined;
}

/**
 * A matrix as a report of kind `run`, in no plan: a result a cell, `matrix.nf4:product;backend=ort-wasm`.
 * A library outside the bound of the oracle is a failure by fault of the producer; one whose
 * recording is outside leaves ours a pass, with a finding.
 */
export function matrixReport(
  identity: RunIdentity,
  cells: readonly Cell[],
  { own, foreign }: MatrixPlaces,
  complete: boolean,
): Report {
  const isSame = own && foreign && identityOf(own) === identityOf(foreign);
  const environments = [own, isSame ? undefined : foreign].flatMap((one) => one ?? []);
  const envOf = ({ backend }: Cell) =>
    foreign && (ORT_COLUMNS as readonly string[]).includes(backend) ? environments.length - 1 : 0;
  const results = cells.map((cell) => ({ ...resultOf(cell), env: envOf(cell), attempts: 1 }));
  return buildReport(identity, environments, results, complete);
}

function resultOf(cell: Cell): Omit<CaseResult, 'env' | 'attempts'> {
  const { method, direction, backend, compared, accuracy, tookMs } = cell;
  return {
    id: caseId(`matrix.${method}`, direction, { backend }),
    suite: `matrix.${method}`,
    backend,
    covers: [],
    tier: 'full',
    durationMs: tookMs,
    assertions: compared,
    kernels: [],
    ...verdictOf(cell),
    ...(accuracy ? { accuracy } : {}),
  };
}

function verdictOf({
  verdict,
  why = { code: verdict, message: verdict },
  backend,
}: Cell): Pick<CaseResult, 'status' | 'skip' | 'error' | 'finding' | 'fault'> {
  switch (verdict) {
    case 'pass':
      return { status: 'pass' };
    case 'unavailable':
      return { status: 'skip', skip: { code: why.code, detail: why.message } };
    case 'fail':
      return { status: 'fail', error: why };
    case 'producer-deviates': {
      const finding = { code: 'producer-deviates', message: why.message };
      return isReplayed(backend)
        ? { status: 'pass', finding, fault: 'producer' }
        : { status: 'fail', error: why, finding, fault: 'producer' };
    }
  }
}

/** Whether ours computes what a library did, and both are judged. */
function isReplayed(backend: string): boolean {
  return (RECORDED_COLUMNS as readonly string[]).includes(backend) || backend.startsWith('bridge');
}
