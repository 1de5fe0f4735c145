/** What a worker is asked, and how it is heard. */
interface Asked<Told, Answer> {
  readonly request: unknown;
  /** Takes what it tells; the last of that gives the answer. What it throws is thrown. */
  readonly hear: (told: Told) => Answer | undefined;
  /** What is thrown where the worker itself breaks, and says so. */
  readonly broken: (said: string) => Error;
}

/**
 * Asks a worker that is there for this alone, and ends it with its answer. It ends too where `signal`
 * aborts; then this rejects with the reason.
 */
export async function askWorker<Told, Answer>(
  worker: Worker,
  { request, hear, broken }: Asked<Told, Answer>,
  signal?: AbortSignal,
): Promise<Answer> {
  try {
    return await new Promise<Answer>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.onerror = ({ message }) => reject(broken(message));
      worker.onmessage = ({ data }: MessageEvent<Told>) => {
        try {
          const answer = hear(data);
          if (answer !== undefined) resolve(answer);
        } catch (error) {
          reject(error);
        }
      };
      worker.postMessage(request);
    });
  } finally {
    worker.terminate();
  }
}
