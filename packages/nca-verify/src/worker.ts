/** The worker of `createVerifierPool`. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { prepareKey } from './algorithms.ts';
import { checkRevocation } from './check-revocation.ts';
import { loadCrl } from './crl.ts';
import { useBinary } from './gost-wasm.ts';
import type { Job, Reply, WorkerData } from './pool.ts';
import { verifyTimeStamp } from './time-stamp-request.ts';
import { createTrust } from './trust.ts';
import { verify, verifyAll } from './verify.ts';
import { verifyCertificate } from './verify-certificate.ts';

const { certificates, binary } = workerData as WorkerData;
useBinary(binary);
const trust = createTrust(certificates);

/** Reads a file into shared memory, so that the list in it need not be copied again. */
function readShared(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(file).size));
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(file, bytes, at, bytes.length - at, null);
      if (count === 0) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

function run(job: Job): unknown {
  switch (job.kind) {
    case 'verify':
      return verify({ ...job.request, trust });
    case 'verifyAll':
      return verifyAll({ ...job.request, trust });
    case 'certificate':
      return verifyCertificate({ ...job.request, trust });
    case 'revocation':
      return checkRevocation({ ...job.request, trust });
    case 'timeStamp':
      return verifyTimeStamp({ ...job.request, trust });
    case 'crl':
      return loadCrl(readShared(job.path), trust, job.allowGost2004);
  }
}

function answer(reply: Reply): void {
  parentPort?.postMessage(reply);
}

parentPort?.on('message', (job: Job) => {
  try {
    answer({ value: run(job) });
  } catch (error) {
    answer({ error: error instanceof Error ? error.message : String(error) });
  }
});

for (const { key } of [...trust.anchors, ...trust.intermediates]) prepareKey(key);
answer({ ready: true });
