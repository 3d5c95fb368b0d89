import { describe, expect, it } from 'vitest';
import { CircuitOpen, createCircuitBreaker } from './circuit-breaker.ts';

function breaker() {
  const clock = { now: 0 };
  const options = { failures: 3, failuresOfCalls: 4, calls: 8, rest: 100, now: () => clock.now };
  return { clock, breaker: createCircuitBreaker('test', options) };
}

const fails = () => Promise.reject(new Error('down'));
const works = () => Promise.resolve('up');

describe('the circuit breaker', () => {
  it('opens after failures in a row and not after failures apart', async () => {
    const { breaker: circuit } = breaker();
    for (const call of [fails, fails, works, fails, fails]) await circuit.run(call).catch(() => {});
    expect(circuit.state()).toBe('closed');
    await expect(circuit.run(fails)).rejects.toThrow('down');
    expect(circuit.state()).toBe('open');
    await expect(circuit.run(works)).rejects.toThrow(CircuitOpen);
  });

  it('opens when half of the last calls failed, and not when fewer did', async () => {
    const { breaker: circuit } = breaker();
    // Three of each eight: works, works, fails, works, works, fails, …
    for (let call = 0; call < 24; call += 1)
      await circuit.run(call % 3 === 2 ? fails : works).catch(() => {});
    expect(circuit.state()).toBe('closed');
    for (let call = 0; call < 8; call += 1) await circuit.run(call % 2 === 1 ? fails : works).catch(() => {});
    expect(circuit.state()).toBe('open');
  });

  it('lets one trial through after its rest, and rests again when that fails', async () => {
    const { breaker: circuit, clock } = breaker();
    for (let failure = 0; failure < 3; failure += 1) await circuit.run(fails).catch(() => {});
    clock.now = 100;
    expect(circuit.state()).toBe('half-open');
    const trial = circuit.run(fails);
    await expect(circuit.run(works)).rejects.toThrow(CircuitOpen);
    await expect(trial).rejects.toThrow('down');
    expect(circuit.state()).toBe('open');
    clock.now = 200;
    expect(await circuit.run(works)).toBe('up');
    expect(circuit.state()).toBe('closed');
  });

  it('stays open when a call that began before it opened succeeds', async () => {
    const { breaker: circuit } = breaker();
    let answer: (value: string) => void = () => {};
    const early = circuit.run(() => new Promise<string>((resolve) => (answer = resolve)));
    for (let failure = 0; failure < 3; failure += 1) await circuit.run(fails).catch(() => {});
    answer('up');
    expect(await early).toBe('up');
    expect(circuit.state()).toBe('open');
  });
});
