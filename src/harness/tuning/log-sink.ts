import { GradproofError, messageOf } from '../../errors.ts';
import { boundedText } from '../../formats/bounded-text.ts';
import type { JsonObject } from '../../formats/strict-json.ts';

/** A sink did not take what it was sent; the message says what it did. */
class SinkError extends GradproofError {
  constructor(message: string, options?: ErrorOptions) {
    super('log-sink', message, options);
  }
}

/** A run as a sink lists it. */
export interface SinkRun {
  /** Of this run alone: letters, digits and dashes. */
  readonly id: string;
  /** Shown to people. */
  readonly title: string;
  /** What the run was told to do. */
  readonly config: JsonObject;
}

/** What is told at once: lines from `offset` on, the last values of all names, and the end. */
export interface SinkNews {
  readonly offset: number;
  readonly lines: readonly string[];
  readonly summary?: JsonObject;
  readonly exitCode?: number;
}

const PROJECT = 'gradproof';
/** A sink that takes longer is not there. Milliseconds. */
const ANSWER_MS = 5_000;
/** What an answer needs at most. */
const MOST_ANSWER_BYTES = 65_536;

/** Announces a run, and is answered with where its files belong. */
const UPSERT = `mutation UpsertBucket($id: String, $name: String, $project: String, $displayName: String, $jobType: String, $config: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, displayName: $displayName, jobType: $jobType, config: $config}) {
    bucket { name project { name entity { name } } }
  }
}`;

/**
 * One run at a sink that speaks the part of W&B's protocol which their client uses for the history
 * of a run: the mutation `UpsertBucket`, then `file_stream`. Nothing goes anywhere else: redirects
 * are refused.
 */
export class LogSink {
  readonly #base: string;
  readonly #stream: string;

  private constructor(base: string, stream: string) {
    this.#base = base;
    this.#stream = stream;
  }

  /**
   * Announces the run to the sink at `base`, an address without a slash at its end. Throws
   * {@link SinkError} where nothing there takes runs.
   */
  static async open(base: string, { id, title, config }: SinkRun): Promise<LogSink> {
    const settings = Object.entries(config).map(([name, value]) => [name, { value }]);
    const answer = await post(`${base}/graphql`, {
      query: UPSERT,
      operationName: 'UpsertBucket',
      variables: {
        ...{ name: id, project: PROJECT, displayName: title, jobType: 'train' },
        config: JSON.stringify(Object.fromEntries(settings)),
      },
    });
    const place = placeIn(await textIn(answer));
    if (!place) throw new SinkError('it answers, and not as a sink for runs does');
    return new LogSink(base, `/files/${place.map(encodeURIComponent).join('/')}/file_stream`);
  }

  /** Tells news of the run. The same lines may be told again. Throws {@link SinkError}. */
  async tell({ offset, lines, summary, exitCode }: SinkNews): Promise<void> {
    const answer = await post(this.#base + this.#stream, {
      files: {
        'wandb-history.jsonl': { offset, content: lines },
        ...(summary
          ? { 'wandb-summary.json': { offset: 0, content: [JSON.stringify(summary)] } }
          : {}),
      },
      ...(exitCode === undefined ? {} : { complete: true, exitcode: exitCode }),
    });
    // An answer that breaks off may have taken nothing.
    await textIn(answer);
  }
}

async function post(address: string, body: object): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    throw new SinkError(reasonOf(error), { cause: error });
  }
  if (answer.ok) return answer;
  await answer.body?.cancel();
  throw new SinkError(`it answers with status ${answer.status}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `it does not answer within ${ANSWER_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  return `it cannot be reached (${messageOf(cause ?? error)})`;
}

async function textIn(answer: Response): Promise<string> {
  try {
    return await boundedText(answer, MOST_ANSWER_BYTES);
  } catch (error) {
    throw new SinkError(reasonOf(error), { cause: error });
  }
}

/** Entity, project and name of a bucket that was answered. */
function placeIn(text: string): readonly [string, string, string] | undefined {
  try {
    const { bucket } = JSON.parse(text).data.upsertBucket;
    const place = [bucket.project.entity.name, bucket.project.name, bucket.name];
    if (place.every((part) => typeof part === 'string' && /^[\w.-]{1,200}$/.test(part)))
      return place as [string, string, string];
  } catch {
    // Whatever it is, it is no answer to what was asked.
  }
  return undefined;
}
