import cluster, { type Worker } from 'node:cluster';
import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client';

/** How long the primary process waits for a worker's metrics, milliseconds. */
const patienceMs = 3_000;

interface Question {
  readonly metricsWanted: number;
}

type Metric = MetricObjectWithValues<MetricValue<string>>;

interface Answer {
  readonly metrics: Metric[];
  readonly of: number;
}

const isQuestion = (message: unknown): message is Question =>
  typeof message === 'object' && message !== null && 'metricsWanted' in message;
const isAnswer = (message: unknown): message is Answer =>
  typeof message === 'object' && message !== null && 'metrics' in message && 'of' in message;

/** In a worker: gives its metrics whenever the primary process asks. */
export function answerPrimary(registry: Registry): void {
  process.on('message', (message) => {
    if (!isQuestion(message)) return;
    registry
      .getMetricsAsJSON()
      .then((metrics) => process.send?.({ metrics, of: message.metricsWanted }))
      // The primary process counts it as silent.
      .catch(() => undefined);
  });
}

/**
 * In the primary process: the metrics of all workers that answer, added up, and how many do not.
 * prom-client's own collection fails as a whole when one worker is stuck, and would hide which
 * metrics the others have.
 */
export function createWorkersMetrics(waitMs: number = patienceMs): () => Promise<string> {
  let asked = 0;
  return async () => {
    asked += 1;
    const workers = Object.values(cluster.workers ?? {}).filter((one): one is Worker =>
      Boolean(one?.isConnected()),
    );
    const answers = await Promise.all(workers.map((worker) => askWorker(worker, asked, waitMs)));
    const heard = answers.filter((one) => one !== undefined);
    const sums = AggregatorRegistry.aggregate(heard);
    return `${await sums.metrics()}${workersGauge(heard.length, workers.length - heard.length)}`;
  };
}

/** Undefined for a worker that does not answer in time, or ends. */
function askWorker(worker: Worker, number: number, waitMs: number): Promise<Metric[] | undefined> {
  return new Promise((resolve) => {
    const done = (metrics: Metric[] | undefined) => {
      clearTimeout(late);
      worker.off('message', hear).off('exit', leave);
      resolve(metrics);
    };
    const hear = (message: unknown) => {
      if (isAnswer(message) && message.of === number) done(message.metrics);
    };
    const leave = () => done(undefined);
    const late = setTimeout(leave, waitMs);
    worker.on('message', hear).on('exit', leave);
    worker.send({ metricsWanted: number } satisfies Question, (error) => {
      if (error) leave();
    });
  });
}

function workersGauge(answering: number, silent: number): string {
  return `# HELP kabinet_workers Workers by whether they answered this scrape
# TYPE kabinet_workers gauge
kabinet_workers{state="answering"} ${answering}
kabinet_workers{state="silent"} ${silent}
`;
}
